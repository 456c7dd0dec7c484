"""How long the model takes for the images of a test."""

from __future__ import annotations

import time
from typing import Any

import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner


class ClockHook(Hook):
    """Seconds of the model alone, without reading and scoring: `seconds`, one for each batch.

    Not in the registry: what it keeps is for whoever has made it.
    """

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self._handles: list[Any] = []
        self._started = 0.0

    def before_test(self, runner: Runner) -> None:
        self._handles = [
            runner.model.register_forward_pre_hook(self._start),
            runner.model.register_forward_hook(self._stop),
        ]

    def after_test(self, runner: Runner) -> None:
        for handle in self._handles:
            handle.remove()

    def _start(self, *_: object) -> None:
        self._started = _now()

    def _stop(self, *_: object) -> None:
        self.seconds.append(_now() - self._started)


def _now() -> float:
    if torch.cuda.is_initialized():
        torch.cuda.synchronize()
    return time.perf_counter()
