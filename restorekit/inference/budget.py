"""Models that a file asks for, built from no more than the file itself can account for."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from types import FrameType
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from restorekit.io.checkpoint import CheckpointError

Built = TypeVar('Built')

# What makes a tensor of any size from a few numbers.
FACTORIES = {
    getattr(owner, name)
    for owner, names in (
        (torch, 'empty zeros ones full rand randn randint eye arange linspace'),
        (Tensor, 'new_empty new_zeros new_ones new_full'),
    )
    for name in names.split()
}
# On the device 'meta' these two import modules for seconds; others give the same size at once.
PROBES: dict[Callable, Callable] = {
    torch.randn: torch.rand,
    torch.eye: lambda n, m=None, **_: torch.empty(n, n if m is None else m, device='meta'),
}
# The packaged networks make up to 4 modules and tensors for each tensor in the file, and up to 1.3
# numbers for each number; there is room beside for what has no weights, as losses and constants.
PARTS_PER_TENSOR, SPARE_PARTS = 6, 256
NUMBERS_PER_NUMBER, SPARE_NUMBERS = 2, 2**20


class BudgetError(Exception):
    """More is made than may be."""


class Budget(TorchFunctionMode):
    """Counts the modules and tensors that this thread makes within, and stops at too many.

    The device 'meta' would allocate nothing either, but constructors read the values of tensors;
    hooks on registration come after a long list of modules without weights has been made.

    Args:
        parts: How many modules and tensors may be made.
        numbers: How many elements these tensors may have in all.
    Raises:
        BudgetError: Before the one too many is made.
    """

    def __init__(self, parts: int, numbers: int) -> None:
        super().__init__()
        self.parts, self.numbers = parts, numbers
        self._left = [parts, numbers]

    def __enter__(self) -> Budget:
        self._profile = sys.getprofile()
        sys.setprofile(self._on_event)
        return super().__enter__()

    def __exit__(self, *error: object) -> None:
        super().__exit__(*error)
        sys.setprofile(self._profile if callable(self._profile) else None)

    def _on_event(self, frame: FrameType, event: str, _: object) -> None:
        if event == 'call' and frame.f_code is nn.Module.__init__.__code__:
            self._spend(0)

    def __torch_function__(
        self, func: Callable, types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if func in FACTORIES:
            sizes = {key: value for key, value in kwargs.items() if key != 'generator'}
            probe = PROBES.get(func, func)
            self._spend(probe(*args, **{**sizes, 'device': 'meta'}).numel())
        return func(*args, **kwargs)

    def _spend(self, numbers: int) -> None:
        self._left = [self._left[0] - 1, self._left[1] - numbers]
        if self._left[0] < 0:
            raise BudgetError(f'more than {self.parts} modules and tensors')
        if self._left[1] < 0:
            raise BudgetError(f'more than {self.numbers} numbers')


def build_within(build: Callable[[], Built], weights: Mapping[str, Tensor], source: str) -> Built:
    """Build a model that a file describes, if it can be meant for the weights in that file.

    Args:
        build: Makes the model.
        weights: By name, as they are in the file.
        source: The file, for messages.
    Raises:
        CheckpointError: If the model is far larger than what the file holds, or cannot be built.
    """
    held = stored_numbers(weights)
    budget = Budget(
        PARTS_PER_TENSOR * len(weights) + SPARE_PARTS, NUMBERS_PER_NUMBER * held + SPARE_NUMBERS
    )
    try:
        with budget:
            return build()
    except BudgetError as error:
        raise CheckpointError(
            f'{source}: the model of the config in it is refused: it takes {error}, and the file '
            f'holds {len(weights)} tensors with {held} numbers'
        ) from None
    except Exception as error:  # the options come from the file, and so does what they lead to
        reason = str(error).partition('\n')[0]
        raise CheckpointError(
            f'{source}: the model of the config in it cannot be built: {reason}'
        ) from error


def stored_numbers(weights: Mapping[str, Tensor]) -> int:
    """How many numbers are stored; a file can say that one number stands for millions."""
    storages = {
        tensor.untyped_storage().data_ptr(): tensor.untyped_storage().nbytes()
        // tensor.element_size()
        for tensor in weights.values()
        if tensor.layout is torch.strided
    }
    return sum(storages.values())
