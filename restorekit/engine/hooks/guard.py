"""What ends or saves a run that cannot go on."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from mmengine.dist import all_reduce, is_distributed, is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner

from restorekit.engine.history import is_read_now
from restorekit.io import write_whole
from restorekit.options import AtLeast1
from restorekit.registry import HOOKS


class NonFiniteError(RuntimeError):
    """Gradients were not finite too many times in a row."""


@HOOKS.register_module()
class NonFiniteHook(Hook):
    """Reports steps that the optimizer wrapper left out, and stops the run after too many in a row.

    The names of the last batch's files are then in `<work_dir>/nonfinite_rank<r>.json`. On a GPU it
    looks after every tenth step.

    Args:
        max_in_a_row: Steps left out in a row that end the run.
    Raises:
        NonFiniteError: In `after_train_iter`, after so many.
    """

    priority = 'HIGH'

    def __init__(self, max_in_a_row: AtLeast1 = 10) -> None:
        self.max_in_a_row = max_in_a_row
        self._reported = 0

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict | None = None,
        outputs: Sequence | dict | None = None,
    ) -> None:
        wrapper = runner.optim_wrapper
        if not hasattr(wrapper, 'skipped') or not wrapper.at_step_boundary:
            return
        if not is_read_now(runner):
            return
        skipped, in_a_row = wrapper.skipped, wrapper.skipped_in_a_row
        if skipped == self._reported:
            return
        left_out, self._reported = skipped - self._reported, skipped
        steps = 'the step is' if left_out == 1 else f'{left_out} of the last steps are'
        runner.logger.warning(
            f'Iteration {runner.iter + 1}: gradients are not finite, {steps} left out '
            f'({skipped} in all, {in_a_row} in a row)'
        )
        if in_a_row >= self.max_in_a_row:
            assert data_batch is not None
            files = [
                {key: sample.get(key) for key in ('dataset', 'name', 'files')}
                for sample in data_batch['data_samples']
            ]
            path = Path(runner.work_dir) / f'nonfinite_rank{runner.rank}.json'
            write_whole(
                path, json.dumps({'iteration': runner.iter + 1, 'batch': files}, indent=1).encode()
            )
            raise NonFiniteError(
                f'gradients were not finite {in_a_row} times in a row, up to iteration '
                f'{runner.iter + 1}; the files of the last batch are in {path}'
            )


@HOOKS.register_module()
class UnreadableHook(Hook):
    """Reports and counts samples that `skip_unreadable` has passed over, on each rank."""

    def __init__(self) -> None:
        self.passed_over = 0

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict | None = None,
        outputs: Sequence | dict | None = None,
    ) -> None:
        for sample in (data_batch or {}).get('data_samples', ()):
            for error in sample.get('unreadable', ()):
                self.passed_over += 1
                runner.logger.warning(
                    f'Iteration {runner.iter + 1}: another sample stands in for one that cannot '
                    f'be read ({self.passed_over} in all): {error}'
                )


@HOOKS.register_module()
class PreemptionHook(Hook):
    """Ends a run in order when it is asked to: step, checkpoint, marker.

    SIGUSR1, and SIGTERM where the run was not started by torchrun, let the current step finish (on
    several GPUs, the tenth step from the last look); then all ranks write a checkpoint and the file
    `requeue` appears in the work dir, by which a job script knows that the run is to be queued
    again with `--resume`. Under torchrun SIGTERM keeps its meaning: it goes to the survivors of a
    dead rank, with whom nothing can be agreed any more.

    Ctrl-C does the same without the marker, and ends in KeyboardInterrupt; a second one at once.
    """

    # Before CheckpointHook, which writes a checkpoint when the loop is told to stop.
    priority = 'LOW'

    def __init__(self) -> None:
        self._asked = self._agreed = 0  # the signal by which this rank, and all ranks, are asked
        self._stopped = False
        self._previous: dict[int, Any] = {}

    def before_train(self, runner: Runner) -> None:
        if is_main_process():
            (Path(runner.work_dir) / 'requeue').unlink(missing_ok=True)
        signals = [signal.SIGUSR1]
        if 'TORCHELASTIC_RUN_ID' not in os.environ:
            signals += [signal.SIGTERM, signal.SIGINT]
        self._previous = {number: signal.signal(number, self._ask) for number in signals}

    def release(self) -> None:
        """Give the signals back to who had them before."""
        for number, handler in self._previous.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
        self._previous = {}

    def _ask(self, number: int, frame: FrameType | None) -> None:
        if number == signal.SIGINT:
            signal.signal(number, signal.default_int_handler)
            print(
                'Interrupted: the step is finished and a checkpoint written; once more to stop now',
                file=sys.stderr,
                flush=True,
            )
        self._asked = number

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict | None = None,
        outputs: Sequence | dict | None = None,
    ) -> None:
        if is_distributed() and is_read_now(runner):
            # The signal reaches the ranks at different steps, and they must stop at the same one.
            flag = torch.tensor(self._asked, device=next(runner.model.parameters()).device)
            all_reduce(flag, op='max')
            self._agreed = int(flag.item())
        elif not is_distributed():
            self._agreed = self._asked
        if self._agreed and getattr(runner.optim_wrapper, 'at_step_boundary', True):
            runner.logger.warning(f'Asked to stop: ending after iteration {runner.iter + 1}')
            runner.train_loop.stop_training = self._stopped = True

    def after_train(self, runner: Runner) -> None:
        if not self._stopped or runner.iter >= runner.max_iters:
            return
        if self._agreed == signal.SIGINT:
            raise KeyboardInterrupt
        if is_main_process():
            write_whole(Path(runner.work_dir) / 'requeue', b'')
