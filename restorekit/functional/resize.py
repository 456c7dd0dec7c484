"""MATLAB's bicubic `imresize`, by which super-resolution benchmarks are defined."""

from __future__ import annotations

import functools
import math

import torch
from torch import Tensor


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
    size, scales = _target(image, scale, size)
    if not (image.is_floating_point() or image.dtype == torch.uint8):
        raise TypeError(f'imresize: expected a floating point or uint8 image, got {image.dtype}')

    # MATLAB first resizes the direction that shrinks most, the vertical one if they are equal.
    dims = [-2, -1] if scales[0] <= scales[1] else [-1, -2]
    result = image
    for dim in dims:
        result = _resize_along(result, dim, scales[dim + 2], size[dim + 2], antialias)
    return result


def _target(
    image: Tensor, scale: float | None, size: tuple[int, int] | None
) -> tuple[tuple[int, int], tuple[float, float]]:
    """Output (H, W), and the scale of each direction."""
    height, width = image.shape[-2:]
    if scale is not None and size is None:
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
    source = image.double() if eight_bit else image
    # A tracer's symbols, and its tensors without values, must not be remembered.
    taps = _taps if torch.compiler.is_compiling() else _remembered_taps
    index, weight = taps(image.shape[dim], scale, length, antialias, source.dtype, source.device)
    shape = [1] * image.ndim
    shape[dim] = length
    # One tap at a time keeps the memory at one output, whatever the kernel's width.
    result = source.index_select(dim, index[0]) * weight[0].view(shape)
    for tap in range(1, len(index)):
        result = torch.addcmul(
            result, source.index_select(dim, index[tap]), weight[tap].view(shape)
        )
    if eight_bit:
        result = (result + 0.5).floor().clamp(0, 255).to(torch.uint8)  # MATLAB rounds halves up
    return result


def _taps(
    in_length: int,
    scale: float,
    out_length: int,
    antialias: bool,
    dtype: torch.dtype,
    device: torch.device,
) -> tuple[Tensor, Tensor]:
    """Input indices and weights of every output pixel, (taps, out_length) each."""
    stretch = min(scale, 1.0) if antialias else 1.0
    width = 4 / stretch
    # MATLAB counts pixels from one; its centres and left ends are kept so that ties break the same
    # way. Of its ceil(width) + 2 taps, the first and the last always have weight zero.
    centre = torch.arange(1, out_length + 1, dtype=torch.float64) / scale + 0.5 * (1 - 1 / scale)
    left = torch.floor(centre - width / 2)
    taps = left[None] + torch.arange(1, math.ceil(width) + 1, dtype=torch.float64)[:, None]
    weights = stretch * _cubic(stretch * (centre[None] - taps))
    weights = weights / sum(weights.unbind())  # in this order, however many there are
    # Mirror with the border pixel repeated: ... 2 1 | 1 2 3 ... n | n n-1 ...
    period = torch.full((), 2 * in_length)  # ONNX needs a tensor
    position = (taps.long() - 1) % period
    indices = torch.where(position < in_length, position, 2 * in_length - 1 - position)
    return indices.to(device), weights.to(device, dtype)


# Outside inference mode, because training must be able to use what is remembered.
_remembered_taps = functools.lru_cache(maxsize=256)(torch.inference_mode(False)(_taps))


def _cubic(x: Tensor) -> Tensor:
    """Keys' cubic kernel with a = -0.5."""
    x = x.abs()
    near = (1.5 * x - 2.5) * x * x + 1
    far = ((-0.5 * x + 2.5) * x - 4) * x + 2
    return torch.where(x <= 1, near, torch.where(x <= 2, far, torch.zeros_like(x)))


def _ceil(length: float) -> int:
    """Ceiling that forgives the last bit: 3 * (1/3) pixels are one, 30 * 0.1 are three."""
    if isinstance(length, int | torch.SymInt):
        return length
    return math.ceil(length - 1e-9 * max(length, 1))
