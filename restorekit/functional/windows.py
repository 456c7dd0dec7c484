"""Weights of filters."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

SHORT = 64  # pixels: a side of the crops of training


def gaussian(window: int, sigma: float) -> list[float]:
    """Weights of a one-dimensional Gaussian window of `window` taps, their sum 1.

    >>> [round(weight, 4) for weight in gaussian(3, 1.0)]
    [0.2741, 0.4519, 0.2741]
    """
    weights = [math.exp(-((i - (window - 1) / 2) ** 2) / (2 * sigma**2)) for i in range(window)]
    total = math.fsum(weights)
    return [weight / total for weight in weights]


def constant(values: Sequence[float], like: Tensor) -> Tensor:
    """Numbers as a tensor, (len(values),), of the dtype and on the device of another.

    Kept for the next call: a GPU would have to wait for each copy.
    """
    make = _made if torch.compiler.is_compiling() else _remembered
    return make(tuple(values), like.dtype, like.device)


def _made(values: tuple[float, ...], dtype: torch.dtype, device: torch.device) -> Tensor:
    return torch.tensor(values, dtype=dtype, device=device)


# Outside inference mode, because training must be able to use what is remembered.
_remembered = functools.lru_cache(maxsize=64)(torch.inference_mode(False)(_made))


def filtered(image: Tensor, weights: Sequence[float], dim: int) -> Tensor:
    """Correlation with a filter along one axis, where the filter lies wholly inside.

    A sum of shifted images: the processor's cache serves it better than a convolution, most of all
    in float64, for which there are no fast convolutions. Along a short side a processor takes one
    product with a matrix instead, since each shift costs a call.

    Args:
        image: (..., H, W).
        weights: Of the taps, at most as many as there are pixels along the axis.
        dim: -2 or -1.
    Returns:
        The image without `len(weights) - 1` of its rows or columns.
    """
    result: Tensor = _Filtered.apply(image, tuple(weights), dim)
    return result


def local_means(maps: Tensor, weights: Sequence[float]) -> Tensor:
    """`filtered` along both axes.

    Args:
        maps: (..., H, W).
        weights: Of the taps, at most as many as there are pixels along an axis.
    Returns:
        (..., H - taps + 1, W - taps + 1).
    """
    alone = maps.device.type == 'cpu' and not maps.requires_grad
    large = min(maps.shape[-2:]) > SHORT
    if alone and large and maps.dtype == torch.float64 and not torch.compiler.is_compiling():
        return _by_opencv(maps, weights)
    return filtered(filtered(maps, weights, -1), weights, -2)


def _by_opencv(maps: Tensor, weights: Sequence[float]) -> Tensor:
    """Row by row through both axes, which is twice as fast as sums of whole images."""
    import cv2

    taps, (height, width) = np.array(weights), maps.shape[-2:]
    first = len(taps) // 2  # OpenCV's results at the border are of no use
    rows, columns = (slice(first, first + n - len(taps) + 1) for n in (height, width))
    planes = maps.reshape(-1, height, width).numpy()
    means = np.stack([cv2.sepFilter2D(plane, -1, taps, taps)[rows, columns] for plane in planes])
    return torch.from_numpy(means).reshape(*maps.shape[:-2], *means.shape[-2:])


def _made_band(weights: tuple[float, ...], length: int, dtype: torch.dtype) -> Tensor:
    """The matrix, (length, length - taps + 1), whose columns are the filter at each place."""
    band = torch.zeros(length, length - len(weights) + 1, dtype=dtype)
    for tap, weight in enumerate(weights):
        band.diagonal(-tap).fill_(weight)
    return band


_remembered_band = functools.lru_cache(maxsize=64)(torch.inference_mode(False)(_made_band))


def _product(image: Tensor, weights: tuple[float, ...], dim: int) -> Tensor:
    make = _made_band if torch.compiler.is_compiling() else _remembered_band
    band = make(weights, image.shape[dim], image.dtype)
    with torch.autocast('cpu', enabled=False):  # which may be on where gradients are computed
        return image @ band if dim == -1 else band.mT @ image


class _Filtered(torch.autograd.Function):
    """What autograd would make of the shifts holds an image of zeros for each of them."""

    @staticmethod
    def forward(image: Tensor, weights: tuple[float, ...], dim: int) -> Tensor:
        if image.shape[dim] <= SHORT and image.device.type == 'cpu':
            return _product(image, weights, dim)
        length = image.shape[dim] - len(weights) + 1
        total = image.narrow(dim, 0, length) * weights[0]
        for shift, weight in enumerate(weights[1:], start=1):
            total.add_(image.narrow(dim, shift, length), alpha=weight)
        return total

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple, _: Tensor) -> None:
        ctx.weights, ctx.dim = inputs[1:]

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None]:
        around = len(ctx.weights) - 1
        pad = (around, around) if ctx.dim == -1 else (0, 0, around, around)
        return filtered(F.pad(grads[0], pad), ctx.weights[::-1], ctx.dim), None, None
