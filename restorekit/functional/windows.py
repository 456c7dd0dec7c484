"""Weights of filters."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence

import torch
from torch import Tensor


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
