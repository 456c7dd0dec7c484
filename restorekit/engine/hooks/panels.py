"""Side-by-side pictures at validation."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from mmengine.dist import master_only
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner
from mmengine.visualization import LocalVisBackend
from torch import Tensor

from restorekit.io import write_image
from restorekit.metrics import ImageMetric
from restorekit.options import AtLeast0
from restorekit.registry import HOOKS
from restorekit.report.pictures import ERROR_GAIN, captioned, pictures


@HOOKS.register_module()
class PanelHook(Hook):
    """Writes input, restored image and ground truth side by side, with their figures.

    `<work_dir>/panels/iter_<n>/<dataset>_<name>.png` at validation, `panels/test/…` at test; sent
    to the visualizer's backends (TensorBoard) too, where there are any that take images.

    Args:
        num_images: Of each validation.
    """

    priority = 'LOW'

    def __init__(self, num_images: AtLeast0 = 4) -> None:
        self.num_images = num_images
        self._written = 0  # in the present evaluation

    def after_val_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict | None = None,
        outputs: Sequence | None = None,
    ) -> None:
        step = runner.iter
        self._write(
            runner,
            batch_idx,
            data_batch,
            outputs,
            runner.val_evaluator.metrics,
            f'iter_{step:07d}',
            step,
        )

    def after_test_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict | None = None,
        outputs: Sequence | None = None,
    ) -> None:
        self._write(
            runner, batch_idx, data_batch, outputs, runner.test_evaluator.metrics, 'test', 0
        )

    @master_only
    def _write(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict,
        outputs: Sequence,
        metrics: list,
        folder: str,
        step: int,
    ) -> None:
        target = Path(runner.work_dir) / 'panels' / folder
        self._written = self._written if batch_idx else 0
        for lq, sample in zip(data_batch['inputs'], outputs, strict=True):
            if 'gt' not in sample or self._written >= self.num_images:
                continue
            self._written += 1
            model = runner.model.module if is_model_wrapper(runner.model) else runner.model
            panel = draw_panel(
                lq,
                sample.to_dict(),
                [m for m in metrics if isinstance(m, ImageMetric)],
                linear=getattr(model, 'linear', False),
            )
            target.mkdir(parents=True, exist_ok=True)
            name = f'{sample.dataset}_{sample.name}'.replace('/', '_')
            write_image(target / f'{name}.png', panel)
            for backend in runner.visualizer._vis_backends.values():
                if not isinstance(backend, LocalVisBackend):  # it would write the file again
                    backend.add_image(f'panels/{name}', panel, step)


def draw_panel(
    lq: Tensor, sample: dict, metrics: list[ImageMetric], *, linear: bool = False
) -> np.ndarray:
    """One sample as (H, W, 3) uint8: input, restored, ground truth, each under its figures.

    A bracket is drawn frame by frame, and the error, |restored - ground truth| times 4, at the end.

    Args:
        lq: The network's input, (C, H, W), in [0, 1], or a bracket, (K, C, H, W).
        sample: `pred` and `gt`, (C, H', W'), `dataset` and `name`.
        metrics: Whose figures stand in the captions.
        linear: Result and ground truth are linear radiance and drawn by mu-law.
    """
    lq = lq.to(sample['gt'])
    rows = [(metric, metric.row(lq, sample, baseline=True)) for metric in metrics]
    baseline = ''.join(f'  {m.title} {row["input"]:.4g}' for m, row in rows if 'input' in row)
    figures = ''.join(f'  {m.title} {row["value"]:.4g}' for m, row in rows)
    frames = len(lq) if lq.ndim == 4 else 1
    columns = []
    for number, (title, image) in enumerate(pictures(lq, sample, linear=linear)):
        text = {'restored': title + figures, 'error': f'error x {ERROR_GAIN}'}.get(title, title)
        text += baseline if number == frames // 2 else ''
        if title != 'error' or frames > 1:
            columns.append(captioned(image, text))
    return np.concatenate(columns, axis=1)
