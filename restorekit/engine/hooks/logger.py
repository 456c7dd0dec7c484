"""What the console is told during a run."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

from mmengine.dist import is_main_process
from mmengine.hooks import LoggerHook as MMEngineLoggerHook
from mmengine.runner import Runner

from restorekit.engine.console import announcement, only_in_the_file
from restorekit.engine.hooks.report import ReportHook
from restorekit.metrics import ImageMetric
from restorekit.progress import Progress
from restorekit.registry import HOOKS


@HOOKS.register_module()
class LoggerHook(MMEngineLoggerHook):
    """mmengine's; the console is told what begins, and how far a validation or test is.

    The steps of validations and tests, which mmengine logs one by one, stand in the log file. For
    the options see mmengine.
    """

    _progress: Progress | None = None

    def before_train(self, runner: Runner) -> None:
        runner.logger.info(f'Training\n{announcement(runner, "train")}')

    def before_test(self, runner: Runner) -> None:
        runner.logger.info(f'Test\n{announcement(runner, "test")}')

    def before_val_epoch(self, runner: Runner) -> None:
        self._begin(runner, 'Validation', len(runner.val_dataloader))

    def before_test_epoch(self, runner: Runner) -> None:
        self._begin(runner, 'Test', len(runner.test_dataloader))

    def after_val_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict | None = None,
        outputs: Sequence | None = None,
    ) -> None:
        with only_in_the_file(runner.logger):
            super().after_val_iter(runner, batch_idx, data_batch, outputs)
        self._advance(batch_idx)

    def after_test_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict | None = None,
        outputs: Sequence | None = None,
    ) -> None:
        with only_in_the_file(runner.logger):
            super().after_test_iter(runner, batch_idx, data_batch, outputs)
        self._advance(batch_idx)

    def after_val_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        with _unless_reported(runner, runner.val_evaluator.metrics):
            super().after_val_epoch(runner, metrics)

    def after_test_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        with _unless_reported(runner, runner.test_evaluator.metrics):
            super().after_test_epoch(runner, metrics)

    def _begin(self, runner: Runner, title: str, total: int) -> None:
        if is_main_process():
            self._progress = Progress(title, total, say=runner.logger.info)

    def _advance(self, batch_idx: int) -> None:
        if self._progress is not None:
            self._progress.update(batch_idx + 1)


def _unless_reported(runner: Runner, metrics: list) -> AbstractContextManager:
    """Keep figures from the console that ReportHook prints as a table there."""
    reported = any(isinstance(hook, ReportHook) for hook in runner.hooks)
    ours = all(isinstance(metric, ImageMetric) for metric in metrics)
    return only_in_the_file(runner.logger) if reported and ours else nullcontext()
