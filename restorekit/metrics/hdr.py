"""Metrics of linear HDR images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from restorekit import functional
from restorekit.functional.exposure import GAMMA
from restorekit.metrics.base import ImageMetric
from restorekit.options import Positive
from restorekit.registry import METRICS


class HDRMetric(ImageMetric):
    """Base of the metrics of linear radiance; the peak is 1.

    With `baseline` the middle frame, as linear radiance, is scored too.

    Args:
        gamma: Exponent of the frames' tone curve, for the baseline.
        options: See ImageMetric.
    """

    def __init__(self, *, gamma: Positive = GAMMA, **options: Any) -> None:
        super().__init__(**options)
        self.gamma = gamma

    def input_image(self, lq: Tensor, sample: dict) -> Tensor:
        """The middle frame of a bracket, (K, C, H, W), as linear radiance, (C, H, W)."""
        middle = len(lq) // 2
        return functional.ldr_to_hdr(lq[middle], sample['exposures'][middle].cpu(), self.gamma)


@METRICS.register_module()
class PSNRL(HDRMetric):
    """PSNR-L: PSNR of linear radiance."""

    title = 'PSNR-L'
    unit = 'dB'

    def score(self, pred: Tensor, target: Tensor, samples: Sequence[dict]) -> Tensor:
        return functional.psnr(pred, target)


class TonemappedMetric(HDRMetric):
    """Base of the metrics of mu-law images.

    Args:
        mu: Strength of the mu-law's compression, > 0.
        options: See HDRMetric.
    """

    def __init__(self, *, mu: Positive = 5000.0, **options: Any) -> None:
        super().__init__(**options)
        self.mu = mu

    @property
    def protocol(self) -> str:
        return f'{super().protocol}; mu-law of linear radiance, mu = {self.mu:g}'

    def prepare(self, image: Tensor, border: int) -> Tensor:
        return functional.mu_law(super().prepare(image, border), self.mu)


@METRICS.register_module()
class PSNRMu(TonemappedMetric):
    """PSNR-mu: PSNR of mu-law images."""

    title = 'PSNR-mu'
    unit = 'dB'

    def score(self, pred: Tensor, target: Tensor, samples: Sequence[dict]) -> Tensor:
        return functional.psnr(pred, target)


@METRICS.register_module()
class SSIMMu(TonemappedMetric):
    """SSIM-mu: SSIM of mu-law images."""

    title = 'SSIM-mu'

    def score(self, pred: Tensor, target: Tensor, samples: Sequence[dict]) -> Tensor:
        return functional.ssim(pred, target)
