"""What a model costs: parameters, multiply-adds, time, memory; and how far it looks."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode, sdpa_flop_count

from restorekit.inference.memory import PeakMode
from restorekit.restorers import BaseRestorer

MOST = 0.99  # of the gradient
CPU_ATTENTION = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu  # torch counts others
SECONDS, REPEATS = 1.0, 5  # of timed runs at a size; there is one at least


class Cost(NamedTuple):
    """Of restoring one image.

    Attributes:
        multiply_adds: Of convolutions and matrix products; half as many as there are FLOPs.
        seconds: The best of several runs.
        peak_bytes: Of tensors that are there at once, the weights among them; on a CPU without what
            its kernels allocate for themselves.
    """

    multiply_adds: int
    seconds: float
    peak_bytes: int


class Field(NamedTuple):
    """How far a result looks, in pixels of the input.

    Attributes:
        rows, columns: All that changes it; None where that is the whole image.
        most: The side of the centred square that holds 99 % of the gradient.
        side: Of the image in which it was measured.
    """

    rows: int | None
    columns: int | None
    most: int
    side: int


def example(model: BaseRestorer, height: int, width: int) -> tuple[Tensor, Tensor | None]:
    """Random input of one image or bracket for a model, on its device, and exposures."""
    generator = torch.Generator().manual_seed(0)
    device = next(iter(model.parameters()), torch.empty(0)).device
    channels = model.data_preprocessor.channels
    if not model.takes_bracket:
        return torch.rand(1, channels, height, width, generator=generator).to(device), None
    frames = model.num_frames or 3
    images = torch.rand(1, frames, channels, height, width, generator=generator).to(device)
    return images, 2.0 * torch.arange(frames, device=device)[None]


def cost(model: BaseRestorer, height: int, width: int) -> Cost:
    """What it costs to restore an image of H x W pixels, whole."""
    images, exposures = example(model, height, width)
    device = images.device
    with torch.no_grad():
        held = sum(tensor.nbytes for tensor in (*model.parameters(), *model.buffers()))
        memory = PeakMode()
        flops = FlopCounterMode(display=False, custom_mapping={CPU_ATTENTION: _attention_flops})
        with memory, flops:  # also the first run, which takes longer
            model.restore(images, exposures)
        peak = memory.peak + held + images.nbytes
        if device.type == 'cuda':
            torch.cuda.reset_peak_memory_stats(device)
        times: list[float] = []
        while not times or (sum(times) < SECONDS and len(times) < REPEATS):
            times.append(_timed(lambda: model.restore(images, exposures), device))
        if device.type == 'cuda':
            peak = torch.cuda.max_memory_allocated(device)
    return Cost(flops.get_total_flops() // 2, min(times), peak)


def receptive_field(model: BaseRestorer, sides: Sequence[int] = (64, 128, 256)) -> Field | None:
    """Measured by the gradient of a result in the middle; None where there is no gradient.

    Args:
        model: In evaluation mode.
        sides: Of the images in which it is looked for, until it is smaller than the image.
    """
    field = None
    for side in sorted(sides):
        gradient = _gradient(model, side)
        if gradient is None:
            return None
        rows, columns = (gradient.sum(axis).nonzero() for axis in (1, 0))
        high, wide = (int(axis[-1] - axis[0]) + 1 for axis in (rows, columns))
        field = Field(
            rows=high if high < side - 1 else None,
            columns=wide if wide < side - 1 else None,
            most=_most(gradient),
            side=side,
        )
        if None not in field:
            break
    return field


def _gradient(model: BaseRestorer, side: int) -> Tensor | None:
    """Its absolute values for what one pixel of the input becomes, (H, W), over two images."""
    total = torch.zeros(side, side)
    middle, scale = side // 2, model.scale
    for seed in range(2):
        generator = torch.Generator().manual_seed(seed)
        images, exposures = example(model, side, side)
        noise = torch.rand(images.shape, generator=generator).to(images)
        images = noise.requires_grad_()
        result = model.restore(images, exposures)
        if not result.requires_grad:
            return None
        here = slice(middle * scale, (middle + 1) * scale)
        result[..., here, here].sum().backward(inputs=[images])
        assert images.grad is not None
        total += images.grad.abs().flatten(0, -3).sum(0).cpu()
    return total if bool(total.any()) else None


def _most(gradient: Tensor) -> int:
    """The side of the smallest square around the middle that holds most of it."""
    middle, whole = gradient.shape[0] // 2, gradient.sum()
    for reach in range(middle):
        here = slice(middle - reach, middle + reach + 1)
        if gradient[here, here].sum() >= MOST * whole:
            return 2 * reach + 1
    return gradient.shape[0]


def _attention_flops(q: Any, k: Any, v: Any, *_: object, **__: object) -> int:
    return sdpa_flop_count(q, k, v)


def _timed(function: Callable[[], object], device: torch.device) -> float:
    start = time.perf_counter()
    function()
    if device.type == 'cuda':
        torch.cuda.synchronize(device)
    return time.perf_counter() - start
