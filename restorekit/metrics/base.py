"""The base of every image metric: what is compared, how, and what is kept of the result."""

from __future__ import annotations

import math
import statistics
from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, Literal

from mmengine.evaluator import BaseMetric
from torch import Tensor

from restorekit.functional import imresize, rgb_to_y
from restorekit.options import AtLeast0, checked

Color = Literal['as_is', 'y']


@checked
class ImageMetric(BaseMetric):
    """One figure per image; means are reported as `<dataset>/<title>`, with the protocol.

    Args:
        color: 'as_is' compares all channels; 'y' compares BT.601 luma (a single channel is taken as
            luma).
        crop_border: Pixels left out at each border, >= 0; 'scale' leaves out as many as the scale.
        rounded: Round both images to 8 bits first, as files would be.
        baseline: Also score the network's input, enlarged by MATLAB's bicubic where it is smaller.
        name: What the figures are reported under, instead of the class's title; needed where two
            metrics of one class stand side by side.
        collect_device: Where figures from several ranks are gathered; see mmengine.

    A subclass has a `title`, a `unit`, and `score`.
    """

    default_prefix = ''  # mmengine warns where there is none; our names begin with the dataset's
    title: str
    unit: str = ''

    def __init__(
        self,
        *,
        color: Color = 'as_is',
        crop_border: AtLeast0 | Literal['scale'] = 0,
        rounded: bool = False,
        baseline: bool = False,
        name: str | None = None,
        collect_device: Literal['cpu', 'gpu'] = 'cpu',
    ) -> None:
        super().__init__(collect_device=collect_device)
        self.title = name or type(self).title
        self.color = color
        self.crop_border = crop_border
        self.rounded = rounded
        self.baseline = baseline
        # One per image of the last evaluation: dataset, setting, name, value, and maybe input.
        self.rows: list[dict[str, Any]] = []
        self._without: set[str] = set()  # datasets with images that have no ground truth

    @abstractmethod
    def score(self, pred: Tensor, target: Tensor, samples: Sequence[dict]) -> Tensor:
        """One figure per image, (N,), of (N, C, H, W) images in [0, 1]."""

    def written(self, value: float) -> str:
        """A figure with as many digits as tables print."""
        return f'{value:.2f}' if self.unit == 'dB' else f'{value:.4f}'

    @property
    def protocol(self) -> str:
        """How the figures were computed, in words; the network's precision where not float32."""
        color = 'BT.601 luma' if self.color == 'y' else 'channels as restored'
        border = (
            'crop border = scale'
            if self.crop_border == 'scale'
            else f'crop border {self.crop_border}'
        )
        rounding = 'rounded to 8 bits' if self.rounded else 'unrounded'
        text = f'{self.title}: {color}, {border}, clipped to [0, 1], {rounding}; mean over images'
        other = sorted({row['precision'] for row in self.rows if 'precision' in row})
        return f'{text}; network computed in {", ".join(other)}' if other else text

    def process(self, data_batch: dict, data_samples: Sequence[dict]) -> None:
        """Score a batch image by image, so that sizes may differ.

        Images without a figure (no ground truth) are left out; `compute_metrics` raises an error if
        that leaves none.
        """
        for lq, sample in zip(data_batch['inputs'], data_samples, strict=True):
            # None keeps the place, by which mmengine interleaves the ranks' results.
            known = self.target(lq, sample) is not None
            if not known:
                self._without.add(sample['dataset'])
            self.results.append(self.row(lq, sample, baseline=self.baseline) if known else None)

    def row(self, lq: Tensor, sample: dict, *, baseline: bool) -> dict[str, Any]:
        """What is kept of one image: dataset, name, value, and with `baseline` the input's value.

        Also the network's precision where it is not float32. The input may be on another device
        than the result; all is compared on the result's.

        Args:
            lq: The network's input, (C, H, W), or a bracket, (K, C, H, W).
            sample: A sample's data: `pred`, `gt`, `dataset` and `name`, and maybe `setting` and
                `precision`.
            baseline: Also score the input.
        Raises:
            ValueError: If there is no ground truth, or if its size differs from the result's.
        """
        pred, gt = sample['pred'], self.target(lq, sample)
        where = f'{type(self).__name__}: {sample["dataset"]}/{sample["name"]}'
        if gt is None:
            raise ValueError(f'{where} has no ground truth')
        if pred.shape != gt.shape[-3:]:
            raise ValueError(
                f'{where} was restored to {tuple(pred.shape)}, '
                f'its ground truth is {tuple(gt.shape)}'
            )
        border = (
            round(gt.shape[-1] / lq.shape[-1])
            if self.crop_border == 'scale'
            else int(self.crop_border)
        )
        gt = gt.to(pred.device)
        target = self.prepare(gt, border)
        value = self.score(self.prepare(pred, border), target, [sample]).item()
        if math.isnan(value):
            blame = (
                'is finite, its ground truth is not' if pred.isfinite().all() else 'is not finite'
            )
            raise ValueError(f'{where}: {self.title} is NaN; the restored image {blame}')
        row = {
            'dataset': sample['dataset'],
            'setting': sample.get('setting', ''),
            'name': sample['name'],
            'value': value,
        }
        if baseline:
            image = self.input_image(lq, sample).to(gt)
            row['input'] = self.score(
                self.prepare(enlarge(image, gt), border), target, [sample]
            ).item()
        if sample.get('precision', 'float32') != 'float32':
            row['precision'] = sample['precision']
        return row

    def target(self, lq: Tensor, sample: dict) -> Tensor | None:
        """What the result is compared with: the ground truth, (C, H, W), if there is one."""
        return sample.get('gt')

    def input_image(self, lq: Tensor, sample: dict) -> Tensor:
        """The image that the baseline scores, (C, h, w): the input, or the mean of a bracket."""
        return lq.mean(dim=0) if lq.ndim == 4 else lq

    def prepare(self, image: Tensor, border: int) -> Tensor:
        """An image, (C, H, W), in the form in which it is compared: (1, C', H', W'), float64."""
        image = image.detach().double().clamp(0, 1)[None]
        if self.rounded:
            image = (image * 255 + 0.5).floor() / 255
        if self.color == 'y' and image.shape[1] == 3:
            image = rgb_to_y(image)
        height, width = image.shape[-2:]
        if min(height, width) <= 2 * border:
            raise ValueError(
                f'{type(self).__name__}: nothing is left of {height} x {width} '
                f'after a border of {border}'
            )
        return image[..., border : height - border, border : width - border]

    def compute_metrics(self, results: list[dict | None]) -> dict[str, float]:
        """The mean of each dataset; the rows are kept for reports."""
        self.rows = [row for row in results if row is not None]
        if results and not self.rows:
            raise ValueError(
                f'{type(self).__name__}: no image has a ground truth, in '
                f'{", ".join(sorted(self._without))}'
            )
        return {f'{row["dataset"]}/{self.title}': row['value'] for row in self.summary()}

    def summary(self) -> list[dict[str, Any]]:
        """One row per dataset of the last evaluation: name, setting, number of images, means."""
        datasets = list(dict.fromkeys(row['dataset'] for row in self.rows))
        summary = []
        for dataset in datasets:
            rows = [row for row in self.rows if row['dataset'] == dataset]
            mean: dict[str, Any] = {
                'dataset': dataset,
                'setting': rows[0]['setting'],
                'images': len(rows),
            }
            for key in ('value', 'input'):
                if key in rows[0]:
                    mean[key] = statistics.fmean(row[key] for row in rows)
            summary.append(mean)
        return summary


def enlarge(lq: Tensor, gt: Tensor) -> Tensor:
    """`lq`, (C, h, w), at the size of `gt`, (C, H, W), by MATLAB's bicubic where they differ."""
    return lq if lq.shape[-2:] == gt.shape[-2:] else imresize(lq, size=(gt.shape[-2], gt.shape[-1]))
