"""Where each pixel of a resized image comes from, and with what weights, as in MATLAB."""

from __future__ import annotations

import functools
import math
from typing import NamedTuple

import torch
from torch import Tensor


class Period(NamedTuple):
    """What repeats along a direction: `outputs` pixels are made of the same taps, `inputs` apart.

    `first` are the first taps of these outputs, counted from the mirrored border, which is `before`
    and `after` pixels wide.
    """

    outputs: int
    inputs: int
    first: list[int]
    before: int
    after: int


@functools.lru_cache(maxsize=256)
def period_of(in_length: int, scale: float, out_length: int, antialias: bool) -> Period | None:
    """The period of an enlargement or reduction by an integer; None of any other."""
    outputs, inputs = max(round(scale), 1), max(round(1 / scale), 1)
    taps = positions(scale, out_length, antialias)[0]
    first, last = taps[0], int(taps[-1].max())
    before, after = max(0, -int(first[0])), max(0, last + 1 - in_length)
    if out_length % outputs or max(before, after) > in_length:
        return None
    if not torch.equal(first[outputs:], first[:-outputs] + inputs):
        return None
    return Period(outputs, inputs, (first[:outputs] + before).tolist(), before, after)


@functools.lru_cache(maxsize=256)
def exact_dtype(scale: float, out_length: int, antialias: bool) -> torch.dtype:
    """The precision in which sums over 8-bit values are exact, or as near to that as there is.

    Halving and doubling have weights of few binary digits, with which float32 makes no error.
    """
    weight = positions(scale, out_length, antialias)[1] * 2**15
    return torch.float32 if torch.equal(weight, weight.round()) else torch.float64


def taps_of(
    in_length: int,
    scale: float,
    out_length: int,
    antialias: bool,
    dtype: torch.dtype,
    device: torch.device,
) -> tuple[Tensor, Tensor]:
    """Input indices and weights of every output pixel, (taps, out_length) each."""
    taps, weights = positions(scale, out_length, antialias)
    # Mirror with the border pixel repeated: ... 2 1 | 1 2 3 ... n | n n-1 ...
    period = torch.full((), 2 * in_length)  # ONNX needs a tensor
    position = taps % period
    indices = torch.where(position < in_length, position, 2 * in_length - 1 - position)
    return indices.to(device), weights.to(dtype).to(device)  # not every device has float64


def positions(scale: float, out_length: int, antialias: bool) -> tuple[Tensor, Tensor]:
    """Where the taps are, also beyond the border, and their weights in float64."""
    stretch = min(scale, 1.0) if antialias else 1.0
    width = 4 / stretch
    # MATLAB counts pixels from one; its centres and left ends are kept so that ties break the same
    # way. Of its ceil(width) + 2 taps, the first and the last always have weight zero.
    centre = torch.arange(1, out_length + 1, dtype=torch.float64) / scale + 0.5 * (1 - 1 / scale)
    left = torch.floor(centre - width / 2)
    taps = left[None] + torch.arange(1, math.ceil(width) + 1, dtype=torch.float64)[:, None]
    weights = stretch * _cubic(stretch * (centre[None] - taps))
    weights = weights / sum(weights.unbind())  # in this order, however many there are
    return taps.long() - 1, weights


# Outside inference mode, because training must be able to use what is remembered.
remembered_taps = functools.lru_cache(maxsize=256)(torch.inference_mode(False)(taps_of))


def _cubic(x: Tensor) -> Tensor:
    """Keys' cubic kernel with a = -0.5."""
    x = x.abs()
    near = (1.5 * x - 2.5) * x * x + 1
    far = ((-0.5 * x + 2.5) * x - 4) * x + 2
    return torch.where(x <= 1, near, torch.where(x <= 2, far, torch.zeros_like(x)))
