"""How far a computation has come, and its end before its time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn
from torch.nn.modules.module import register_module_forward_pre_hook


class CancelledError(Exception):
    """Nobody wants the result any more."""


class Meter:
    """Counts the numbers that go through the modules of networks, all of this process.

    A network's count is proportional to the pixels that it is given, so that the count of a small
    image tells that of a large one.

    Args:
        on_step: Called at every module with the count so far; what it raises ends the computation.
    """

    def __init__(self, on_step: Callable[[int], None] = lambda _: None) -> None:
        self.count = 0
        self._on_step = on_step

    @contextmanager
    def running(self) -> Iterator[Meter]:
        """Count what is computed within."""
        handle = register_module_forward_pre_hook(self._see)
        try:
            yield self
        finally:
            handle.remove()

    def _see(self, _: nn.Module, inputs: tuple[Any, ...]) -> None:
        if inputs and isinstance(inputs[0], Tensor):
            self.count += inputs[0].numel()
        self._on_step(self.count)
