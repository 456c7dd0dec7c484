"""The random generators of a process: their state as plain data, kept through a run."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner


def random_state() -> dict[str, Any]:
    """What `set_random_state` takes; holds tensors, numbers and strings alone."""
    version, words, gauss = random.getstate()
    name, keys, *rest = np.random.get_state()  # noqa: NPY002
    return {
        'python': [version, list(words), gauss],
        'numpy': [name, torch.from_numpy(np.asarray(keys).astype(np.int64)), *rest],
        'torch': torch.get_rng_state(),
        'cuda': torch.cuda.get_rng_state() if torch.cuda.is_available() else None,
    }


def set_random_state(state: dict[str, Any]) -> None:
    """Put every generator back where `random_state` found it."""
    version, words, gauss = state['python']
    random.setstate((version, tuple(words), gauss))
    name, keys, *rest = state['numpy']
    np.random.set_state((name, keys.cpu().numpy().astype(np.uint32), *rest))  # noqa: NPY002
    torch.set_rng_state(state['torch'].cpu())
    if state['cuda'] is not None and torch.cuda.is_available():
        torch.cuda.set_rng_state(state['cuda'].cpu())


class RandomStateHook(Hook):
    """Keeps validation out of the random numbers, and starts a resumed run with the saved ones.

    Making a data loader's iterator draws a number. Without this hook a run would depend on when it
    was validated, and a resumed one could not end in the same bits.
    """

    priority = 'VERY_HIGH'

    def __init__(self) -> None:
        self.to_restore: dict[str, Any] | None = None  # set on resuming
        self._before_val: dict[str, Any] | None = None

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: dict | None = None
    ) -> None:
        if self.to_restore is not None:  # the loader's iterator exists by now
            set_random_state(self.to_restore)
            self.to_restore = None

    def before_val(self, runner: Runner) -> None:
        self._before_val = random_state()

    def after_val(self, runner: Runner) -> None:
        assert self._before_val is not None
        set_random_state(self._before_val)


class KernelSearchHook(Hook):
    """Keeps cuDNN from searching for the fastest kernels where images differ in size.

    `env_cfg.cudnn_benchmark` pays in training, where all crops have one size; in validation and
    test the search would start anew with each image.
    """

    def __init__(self) -> None:
        self._in_training = False

    def before_val(self, runner: Runner) -> None:
        self._in_training = torch.backends.cudnn.benchmark
        torch.backends.cudnn.benchmark = False

    def after_val(self, runner: Runner) -> None:
        torch.backends.cudnn.benchmark = self._in_training

    def before_test(self, runner: Runner) -> None:
        self.before_val(runner)

    def after_test(self, runner: Runner) -> None:
        self.after_val(runner)
