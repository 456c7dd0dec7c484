"""When checkpoints are written, and which are kept."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.runner import BaseLoop, Runner

from restorekit.datasets.base import ImageDataset
from restorekit.datasets.wrappers import leaf_datasets
from restorekit.io import remove_leftovers, write_whole
from restorekit.io.checkpoint import checkpoints_in
from restorekit.metrics import ImageMetric
from restorekit.options import AtLeast1, nearest
from restorekit.registry import HOOKS

RULES = {'greater': lambda new, best: new > best, 'less': lambda new, best: new < best}


@HOOKS.register_module()
class CheckpointHook(Hook):
    """Writes `iter_<n>.pth` every so many iterations and at the end; then removes what is too old.

    A checkpoint that is due in the middle of an accumulation of gradients waits for the step. The
    name of the latest is in the file `last_checkpoint`.

    Args:
        interval: Iterations from one to the next.
        max_keep_ckpts: How many are kept; -1 keeps all.
        save_best: A metric, as it is reported ('Set5_x2/PSNR'), whose best weights are kept too, in
            `best.pth`.
        rule: 'greater' or 'less': which figure is better.
    """

    priority = 'VERY_LOW'

    def __init__(
        self,
        interval: AtLeast1 = 5000,
        *,
        max_keep_ckpts: Literal[-1] | AtLeast1 = 3,
        save_best: str | None = None,
        rule: Literal['greater', 'less'] = 'greater',
    ) -> None:
        self.interval = interval
        self.max_keep_ckpts = max_keep_ckpts
        self.save_best = save_best
        self.rule = rule
        self._due = False

    def before_train(self, runner: Runner) -> None:
        if is_main_process():
            remove_leftovers(Path(runner.work_dir), '*.pth')
        if self.save_best is not None:
            if not isinstance(runner._val_loop, BaseLoop):
                raise ValueError(
                    f'CheckpointHook: save_best={self.save_best!r} needs validation: '
                    'val_dataloader, val_cfg and val_evaluator'
                )
            metrics = runner.val_evaluator.metrics
            sets = leaf_datasets(runner.val_dataloader.dataset)
            # Others may report under names that only they know.
            plain = [getattr(type(m), 'compute_metrics', None) for m in metrics]
            plain += [type(part).get_data_info for part in sets]
            if sets and set(plain) == {ImageMetric.compute_metrics, ImageDataset.get_data_info}:
                self._check_reported([f'{part.name}/{m.title}' for part in sets for m in metrics])

    def _check_reported(self, names: list[str]) -> None:
        if self.save_best not in names:
            raise ValueError(
                f'CheckpointHook: save_best={self.save_best!r} is not reported; '
                f'{nearest(str(self.save_best), names)}'
            )

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict | None = None,
        outputs: Sequence | dict | None = None,
    ) -> None:
        done = runner.iter + 1
        self._due |= done % self.interval == 0
        last = done >= runner.max_iters or runner.train_loop.stop_training
        if last or (self._due and getattr(runner.optim_wrapper, 'at_step_boundary', True)):
            self._due = False
            self.save(runner)

    def save(self, runner: Runner) -> None:
        """Write a checkpoint of the iteration that is just done, on all ranks together."""
        folder, name = Path(runner.work_dir), f'iter_{runner.iter + 1}.pth'
        runner.logger.info(f'Saving checkpoint at {runner.iter + 1} iterations')
        runner.save_checkpoint(runner.work_dir, name, by_epoch=False)
        if is_main_process():
            write_whole(folder / 'last_checkpoint', name.encode())
            if self.max_keep_ckpts > 0:
                older = [
                    path for number, path in checkpoints_in(folder) if number <= runner.iter + 1
                ]
                for path in older[self.max_keep_ckpts :]:
                    path.unlink()

    def after_val_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        # The property would build the loop where validation runs alone.
        if self.save_best is None or not isinstance(runner._train_loop, BaseLoop):
            return
        metrics = metrics or {}
        self._check_reported(list(metrics))
        value, best = metrics[self.save_best], runner.message_hub.get_info('best_score')
        if best is None or RULES[self.rule](value, best):
            runner.message_hub.update_info('best_score', value)
            runner.save_checkpoint(
                runner.work_dir, 'best.pth', save_optimizer=False, meta={'iter': runner.iter}
            )
            runner.logger.info(f'{self.save_best} {value:.4f} is the best so far: best.pth')
