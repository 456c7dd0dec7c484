"""PSNR, SSIM and PSNR-B."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from restorekit import functional
from restorekit.metrics.base import ImageMetric
from restorekit.registry import METRICS


@METRICS.register_module()
class PSNR(ImageMetric):
    """Peak signal-to-noise ratio; see `restorekit.functional.psnr`."""

    title = 'PSNR'
    unit = 'dB'

    def score(self, pred: Tensor, target: Tensor, samples: Sequence[dict]) -> Tensor:
        return functional.psnr(pred, target)


@METRICS.register_module()
class SSIM(ImageMetric):
    """Structural similarity, 11 x 11 Gaussian window; see `restorekit.functional.ssim`."""

    title = 'SSIM'

    def score(self, pred: Tensor, target: Tensor, samples: Sequence[dict]) -> Tensor:
        return functional.ssim(pred, target)


@METRICS.register_module()
class PSNRB(ImageMetric):
    """PSNR with the blocking effect of the restored image; see `restorekit.functional.psnr_b`."""

    title = 'PSNR-B'
    unit = 'dB'

    def __init__(self, *, crop_border: int = 0, **options: Any) -> None:
        super().__init__(crop_border=crop_border, **options)
        if crop_border == 'scale' or crop_border % 8:
            raise ValueError(
                'PSNRB: crop_border must be a multiple of 8, or the blocks are not where they are '
                f'looked for; got {crop_border!r}'
            )

    def score(self, pred: Tensor, target: Tensor, samples: Sequence[dict]) -> Tensor:
        return functional.psnr_b(pred, target)
