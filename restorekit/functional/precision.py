"""In which precision is computed: formulas that need all digits, and TF32."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from typing import Any, ParamSpec, TypeVar

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from restorekit.functional.dtypes import is_native

# What autocast computes in half precision, and what is slow where that is emulated.
PRODUCTS = (
    *(f'conv{transposed}{dims}d' for transposed in ('', '_transpose') for dims in (1, 2, 3)),
    *('linear', 'matmul', '__matmul__', 'bmm', 'addmm', 'baddbmm', 'einsum'),
)
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


@contextmanager
def half_precision(dtype: torch.dtype, device: str | torch.device) -> Iterator[None]:
    """Autocast to `dtype`, and on a CPU that has no instructions for it faster than torch's.

    Convolutions and matrix products of rounded numbers are summed in float32 and rounded, as
    processors with bfloat16 do it. That takes a fifth longer than float32; torch's own emulation
    of convolutions takes ten times as long, for the same result but for the order of the sums.

    Args:
        dtype: bfloat16 or float16.
        device: Where the network computes.
    """
    kind = torch.device(device).type
    with ExitStack() as stack:
        stack.enter_context(torch.autocast(kind, dtype=dtype))
        if kind == 'cpu' and not is_native(dtype, kind):
            stack.enter_context(_RoundedProducts(dtype))
        yield


class _RoundedProducts(TorchFunctionMode):
    def __init__(self, dtype: torch.dtype) -> None:
        super().__init__()
        self.dtype = dtype

    def __torch_function__(
        self, function: Callable, types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        named = kwargs or {}
        # Formulas in full precision switch autocast off.
        if function.__name__ not in PRODUCTS or not torch.is_autocast_enabled('cpu'):
            return function(*args, **named)
        rounded = [self._rounded(value) for value in args]
        with torch.autocast('cpu', enabled=False):
            result = function(*rounded, **{key: self._rounded(v) for key, v in named.items()})
        return result.to(self.dtype)

    def _rounded(self, value: object) -> object:
        if isinstance(value, Tensor) and value.is_floating_point():
            return value.to(self.dtype).float()
        return value


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
