"""Networks over whole images."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from restorekit.functional.dtypes import is_native
from restorekit.inference.loading import load_restorer
from restorekit.restorers import BaseRestorer
from restorekit.speed.measuring import Case, count_flops


def inference_cases(
    model: str, sizes: Sequence[tuple[int, int]], device: str, compiled: bool
) -> list[Case]:
    """A model over one image of each size, in float32 and where it is native in bfloat16.

    Args:
        model: As `load_restorer` takes it.
        sizes: (H, W) of the inputs.
        device: Where to compute.
        compiled: Whether it is compiled too.
    """
    restorer = load_restorer(model).to(device)
    ways: list[tuple[str, Callable[..., Tensor], torch.dtype]] = [
        ('float32', restorer.restore, torch.float32)
    ]
    if is_native(torch.bfloat16, device):
        ways.append(('bfloat16', restorer.restore, torch.bfloat16))
    if compiled:
        network = torch.compile(restorer.restore)
        ways += [(f'{name}, compiled', network, dtype) for name, _, dtype in ways]
    cases = []
    for height, width in sizes:
        image = torch.rand(1, channels_of(restorer), height, width, device=device)
        flops = count_flops(_call(restorer.restore, image, torch.float32))
        for name, network, dtype in ways:
            title = f'{model}, {height} x {width}, {name}'
            cases.append(Case(title, _call(network, image, dtype), flops=flops))
    return cases


def channels_of(restorer: BaseRestorer) -> int:
    """Channels of the images that a model takes."""
    return int(getattr(getattr(restorer, 'data_preprocessor', None), 'channels', 3))


def _call(
    network: Callable[..., Tensor], image: Tensor, dtype: torch.dtype
) -> Callable[[], Tensor]:
    kind, half = image.device.type, dtype != torch.float32

    def run() -> Tensor:
        with torch.no_grad(), torch.autocast(kind, dtype=torch.bfloat16, enabled=half):
            return network(image)

    return run
