"""The pictures of a report."""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence

from mmengine.dist import all_gather_object
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner

from restorekit.metrics import ImageMetric
from restorekit.report import Crop, crop_of

Key = tuple[str, str]  # dataset and name of an image


class CropHook(Hook):
    """Keeps crops of the worst images of a test; `crops` holds them on all ranks at its end.

    Not in the registry: what it keeps is for whoever has made it.

    Args:
        num_images: Of each dataset, worst by the first metric; without a figure the first ones.
        wanted: Keep these instead, at these places: another model's `crops`.
    """

    priority = 'LOW'

    def __init__(self, num_images: int, wanted: dict[Key, Crop] | None = None) -> None:
        self.num_images = num_images
        self.wanted = wanted
        self.crops: dict[Key, Crop] = {}
        self._worst: dict[str, list[tuple[float, int, Key, Crop]]] = {}
        self._seen = 0

    def after_test_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict | None = None,
        outputs: Sequence | None = None,
    ) -> None:
        assert data_batch is not None
        assert outputs is not None
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        linear = getattr(model, 'linear', False)
        metrics = [m for m in runner.test_evaluator.metrics if isinstance(m, ImageMetric)]
        scored = metrics[0].results[-len(outputs) :] if metrics else [None] * len(outputs)
        for lq, sample, row in zip(data_batch['inputs'], outputs, scored, strict=True):
            values = sample.to_dict()
            key = (values['dataset'], values['name'])
            value = math.inf if row is None else row['value']
            self._seen += 1
            if self.wanted is not None:
                if key in self.wanted:
                    there = self.wanted[key]
                    box = there.box if tuple(values['pred'].shape[-2:]) == there.size else None
                    self.crops[key] = crop_of(lq, values, linear=linear, box=box)
                continue
            worst = self._worst.setdefault(key[0], [])
            if self._is_among(worst, value, key):
                # The least of the heap goes first: the best image, and of equals the last.
                entry = (-value, -self._seen, key, crop_of(lq, values, linear=linear))
                (heapq.heappush if len(worst) < self.num_images else heapq.heapreplace)(
                    worst, entry
                )

    def _is_among(self, worst: list, value: float, key: Key) -> bool:
        """Whether an image belongs to the worst so far, and is not one of them already."""
        if any(key == other for _, _, other, _ in worst):
            return False  # ranks are given some images twice, so that all have as many
        return len(worst) < self.num_images or (self.num_images > 0 and -value > worst[0][0])

    def after_test_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        ranks = all_gather_object((self.crops, self._worst))
        if self.wanted is not None:
            self.crops = {key: crop for crops, _ in ranks for key, crop in crops.items()}
            return
        for dataset in dict.fromkeys(name for _, worst in ranks for name in worst):
            entries = [entry for _, worst in ranks for entry in worst.get(dataset, [])]
            unique = {entry[2]: entry for entry in entries}.values()
            for _, _, key, crop in sorted(unique, key=lambda e: (e[0], e[1]), reverse=True)[
                : self.num_images
            ]:
                self.crops[key] = crop
