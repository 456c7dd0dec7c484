"""In which precision is computed: formulas that need all digits, and TF32."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any, ParamSpec, TypeVar

import torch
from torch import Tensor

P = ParamSpec('P')
R = TypeVar('R')


def full_precision(function: Callable[P, R]) -> Callable[P, R]:
    """Have a function compute in float32 at least, also under autocast.

    Its tensors in half precision are lifted to float32, float64 stays, and autocast is off within
    it on the device of its first tensor. For what subtracts numbers that are nearly equal (moments,
    neighbours, a prediction and its target): in half precision few digits are left of these.

    >>> mean_of_squares = full_precision(lambda x: x.square().mean())
    >>> mean_of_squares(torch.full((4,), 1e-4, dtype=torch.float16)).item() > 0
    True
    """

    @functools.wraps(function)
    def widened(*args: P.args, **kwargs: P.kwargs) -> R:
        tensors = [value for value in (*args, *kwargs.values()) if isinstance(value, Tensor)]
        wide: Any = [_widen(value) for value in args]
        named: Any = {name: _widen(value) for name, value in kwargs.items()}
        with _no_autocast(tensors[0].device.type if tensors else 'cpu'):
            return function(*wide, **named)

    return widened


def _widen(value: object) -> object:
    if isinstance(value, Tensor) and value.dtype in (torch.float16, torch.bfloat16):
        return value.float()
    return value


def _no_autocast(device: str) -> Any:
    # Some devices have none ('meta'). What is traced may run under autocast later.
    if torch.amp.is_autocast_available(device) and (
        torch.is_autocast_enabled(device) or torch.compiler.is_compiling()
    ):
        return torch.autocast(device, enabled=False)
    return nullcontext()


def precision(device: torch.device) -> str:
    """What a network of float32 weights computes in now: 'float32', 'TF32', or autocast's dtype."""
    if torch.amp.is_autocast_available(device.type) and torch.is_autocast_enabled(device.type):
        return str(torch.get_autocast_dtype(device.type)).removeprefix('torch.')
    return 'TF32' if device.type == 'cuda' and any(_tf32()) else 'float32'


def set_tf32(enabled: bool) -> None:
    """Let GPUs compute float32 convolutions and matrix products in TF32, or forbid it.

    TF32 has float32's range and 10 bits of its mantissa. It is torch's default for convolutions.
    """
    torch.backends.cudnn.allow_tf32 = enabled
    torch.backends.cuda.matmul.allow_tf32 = enabled


@contextmanager
def tf32(enabled: bool) -> Iterator[None]:
    """`set_tf32` for a while."""
    before = _tf32()
    set_tf32(enabled)
    try:
        yield
    finally:
        torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32 = before


def _tf32() -> tuple[bool, bool]:
    return torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32
