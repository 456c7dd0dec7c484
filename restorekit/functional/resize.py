"""MATLAB's bicubic `imresize`, by which super-resolution benchmarks are defined."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from restorekit.functional.resize_taps import (
    Period,
    exact_dtype,
    period_of,
    remembered_taps,
    taps_of,
)

CPU = torch.device('cpu')


def imresize(
    image: Tensor,
    scale: float | None = None,
    *,
    size: tuple[int, int] | None = None,
    antialias: bool = True,
) -> Tensor:
    """Resize images as MATLAB's `imresize(image, scale)` does.

    The kernel is cubic with a = -0.5, the border is mirrored. Output pixel i covers the input
    around u = (i + 1/2) / scale - 1/2, and is the sum of w(u - j) x(j) over the kernel's support,
    the weights normalised to one. When shrinking, the kernel is stretched by 1/scale (`antialias`).
    Floating point images are resized without rounding or clipping, and differentiably; uint8 images
    go through MATLAB's 8-bit path, rounded and clipped after each of the two passes, bit for bit.

    Args:
        image: (..., H, W), floating point or uint8.
        scale: Output size over input size, > 0; the output has ceil(scale H) x ceil(scale W)
            pixels.
        size: Output (H, W) instead of `scale`; each direction then has its own scale.
        antialias: Stretch the kernel when shrinking.
    Returns:
        (..., H', W'), of the input's dtype.
    Raises:
        ValueError: If not exactly one of `scale` and `size` is given, or one is not positive.
        TypeError: If the dtype is neither floating point nor uint8.
    References:
        Keys, "Cubic convolution interpolation for digital image processing", 1981; MATLAB's
        documentation of `imresize`.

    >>> imresize(torch.tensor([[0., 1., 2., 3.]]), size=(1, 2))
    tensor([[0.4609, 2.5391]])
    """
    if not isinstance(image, Tensor):
        raise TypeError(f'imresize: expected a tensor, (..., H, W), got {type(image).__name__}')
    size, scales = _target(image, scale, size)
    if not (image.is_floating_point() or image.dtype == torch.uint8):
        raise TypeError(f'imresize: expected a floating point or uint8 image, got {image.dtype}')

    for dim in _order(scales):
        image = _resize_along(image, dim, scales[dim + 2], size[dim + 2], antialias)
    return image


def imresize_part(
    cut: Callable[[slice, slice], Tensor],
    size: tuple[int, int],
    scale: float,
    rows: range,
    columns: range,
) -> Tensor:
    """Some pixels of `imresize(image, scale)`, bit for bit, from what they need of the image.

    Args:
        cut: Gives rows and columns of the image, (..., h, w), floating point or uint8.
        size: The image's (H, W).
        scale: Output size over input size, > 0 and not 1.
        rows, columns: Which pixels of the result, one after another; at least one of each.
    Returns:
        (..., len(rows), len(columns)), of the dtype that `cut` gives.
    """
    sizes = [_ceil(length * scale) for length in size]
    needed, taps = [], {}
    for dim, part, length, out in zip((-2, -1), (rows, columns), size, sizes, strict=True):
        index, weight = remembered_taps(length, scale, out, True, torch.float64, CPU)
        index, weight = index[:, part.start : part.stop], weight[:, part.start : part.stop]
        first = int(index.min())
        needed.append(slice(first, int(index.max()) + 1))
        taps[dim] = (index - first, weight, exact_dtype(scale, out, True))
    image = cut(*needed)
    for dim in _order((scale, scale)):
        index, weight, exact = taps[dim]
        source = image.to(exact) if image.dtype == torch.uint8 else image
        result = _sum_of_taps(source, dim, index.to(image.device), weight.to(source))
        image = _to_eight_bit(result) if image.dtype == torch.uint8 else result
    return image


def _order(scales: tuple[float, float]) -> tuple[int, int]:
    """MATLAB first resizes the direction that shrinks most, the vertical one if they are equal."""
    return (-2, -1) if scales[0] <= scales[1] else (-1, -2)


def _target(
    image: Tensor, scale: float | None, size: tuple[int, int] | None
) -> tuple[tuple[int, int], tuple[float, float]]:
    """Output (H, W), and the scale of each direction."""
    height, width = image.shape[-2:]
    if scale is not None and size is None:
        if not isinstance(scale, int | float):
            raise TypeError(f'imresize: scale must be a number, got {scale!r}')
        if not scale > 0:
            raise ValueError(f'imresize: scale must be > 0, got {scale}')
        return (_ceil(height * scale), _ceil(width * scale)), (float(scale), float(scale))
    if size is None or scale is not None:
        raise ValueError(f'imresize: give either scale or size, got scale={scale}, size={size}')
    if min(size) < 1:
        raise ValueError(f'imresize: size must be at least (1, 1), got {size}')
    return size, (size[0] / height, size[1] / width)


def _resize_along(image: Tensor, dim: int, scale: float, length: int, antialias: bool) -> Tensor:
    if scale == 1 and length == image.shape[dim]:
        return image
    eight_bit = image.dtype == torch.uint8
    key = (scale, length, antialias)
    if torch.compiler.is_compiling():  # a tracer's symbols must not be remembered
        image = image.double() if eight_bit else image
        taps = taps_of(image.shape[dim], *key, image.dtype, image.device)
        result = _sum_of_taps(image, dim, *taps)
    else:
        image = image.to(exact_dtype(*key)) if eight_bit else image
        index, weight = remembered_taps(image.shape[dim], *key, image.dtype, image.device)
        period = period_of(image.shape[dim], *key)
        if period is None:
            result = _sum_of_taps(image, dim, index, weight)
        else:
            result = _sum_of_views(image, dim, weight, period)
    return _to_eight_bit(result) if eight_bit else result


def _to_eight_bit(image: Tensor) -> Tensor:
    """Rounded, halves up, as in MATLAB; the image's memory is used up."""
    return image.add_(0.5).floor_().clamp_(0, 255).to(torch.uint8)


def _sum_of_taps(image: Tensor, dim: int, index: Tensor, weight: Tensor) -> Tensor:
    """Any taps; one at a time keeps the memory at one output, whatever the kernel's width."""
    shape = [1] * image.ndim
    shape[dim] = index.shape[1]
    total = image.index_select(dim, index[0]) * weight[0].view(shape)
    for tap in range(1, len(index)):
        total.addcmul_(image.index_select(dim, index[tap]), weight[tap].view(shape))
    return total


def _sum_of_views(image: Tensor, dim: int, weight: Tensor, period: Period) -> Tensor:
    """As `_sum_of_taps`, bit for bit, where taps repeat: shifted images instead of copies."""
    length = image.shape[dim]
    left = image.narrow(dim, 0, period.before).flip(dim)
    right = image.narrow(dim, length - period.after, period.after).flip(dim)
    padded = torch.cat([left, image, right], dim=dim).movedim(dim, 0)
    lattices = [padded[start :: period.inputs].movedim(0, dim) for start in range(period.inputs)]
    if dim == -1:
        lattices = [lattice.contiguous() for lattice in lattices]
    parts = []
    for phase, first in enumerate(period.first):
        weights = weight[:, phase :: period.outputs].contiguous()
        shape = [1] * image.ndim
        shape[dim] = weights.shape[1]
        total = None
        for start, values in enumerate(weights.view(-1, *shape), start=first):
            shift, lattice = divmod(start, period.inputs)
            view = lattices[lattice].narrow(dim, shift, weights.shape[1])
            total = view * values if total is None else total.addcmul_(view, values)
        assert total is not None
        parts.append(total)
    if len(parts) == 1:
        return parts[0]
    return torch.stack(parts, dim=dim).flatten(dim - 1, dim)


def _ceil(length: float) -> int:
    """Ceiling that forgives the last bit: 3 * (1/3) pixels are one, 30 * 0.1 are three."""
    if isinstance(length, int | torch.SymInt):
        return length
    return math.ceil(length - 1e-9 * max(length, 1))
