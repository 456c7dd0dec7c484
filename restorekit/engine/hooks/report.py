"""The results table."""

from __future__ import annotations

import json
from pathlib import Path

from mmengine.dist import master_only
from mmengine.hooks import Hook
from mmengine.runner import Runner

from restorekit.io import write_whole
from restorekit.metrics import ImageMetric, results_table
from restorekit.registry import HOOKS


@HOOKS.register_module()
class ReportHook(Hook):
    """Prints the results as a table that can be pasted, and keeps one row per image.

    Written into the run's folder: `results.md` (the table) and `results.json` (every image's
    figures), each time anew.
    """

    priority = 'LOW'

    @master_only
    def after_val_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        self._report(runner, runner.val_evaluator.metrics, f'iteration {runner.iter}')

    @master_only
    def after_test_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        self._report(runner, runner.test_evaluator.metrics, 'test')

    def _report(self, runner: Runner, metrics: list, title: str) -> None:
        metrics = [metric for metric in metrics if isinstance(metric, ImageMetric) and metric.rows]
        if not metrics:
            return
        text = results_table(metrics)
        runner.logger.info(f'Results ({title}):\n\n{text}')
        folder = Path(runner.work_dir)
        write_whole(folder / 'results.md', f'{text}\n'.encode())
        rows = {
            metric.title: {'protocol': metric.protocol, 'images': metric.rows} for metric in metrics
        }
        write_whole(folder / 'results.json', json.dumps(rows, indent=1).encode())
