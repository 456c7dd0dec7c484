"""PSNR, SSIM, PSNR-B and MEF-SSIM."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from torch import Tensor

from restorekit import functional
from restorekit.metrics.base import ImageMetric
from restorekit.options import AtLeast0
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
    """PSNR with the blocking effect of the restored image; see `restorekit.functional.psnr_b`.

    On colour images, error and blocking effect are averaged over the channels before the logarithm;
    codes that average the decibels of the channels give slightly different figures.

    Args:
        crop_border: Pixels left out at each border, a multiple of 8.
        options: See ImageMetric.
    """

    title = 'PSNR-B'
    unit = 'dB'

    def __init__(self, *, crop_border: AtLeast0 = 0, **options: Any) -> None:
        super().__init__(crop_border=crop_border, **options)
        if crop_border % 8:
            raise ValueError(
                'PSNRB: crop_border must be a multiple of 8, the side of the blocks, '
                f'got {crop_border!r}'
            )

    def score(self, pred: Tensor, target: Tensor, samples: Sequence[dict]) -> Tensor:
        return functional.psnr_b(pred, target)


@METRICS.register_module()
class MEFSSIM(ImageMetric):
    """MEF-SSIM of full-range luma; see `restorekit.functional.mef_ssim`. Needs no ground truth.

    The fused image is compared with exposures of its own size: with `gt_frames` where the input
    was reduced from them, otherwise with the frames of the input.

    Args:
        color: 'as_is' alone: exposures are compared by their full-range luma.
        luminance: Whether the local means are compared too.
        options: See ImageMetric.
    """

    title = 'MEF-SSIM'

    def __init__(
        self, *, color: Literal['as_is'] = 'as_is', luminance: bool = False, **options: Any
    ) -> None:
        super().__init__(color=color, **options)
        self.luminance = luminance

    @property
    def protocol(self) -> str:
        part = 'with' if self.luminance else 'without'
        return f'{super().protocol}; full-range luma, {part} the luminance term'

    def target(self, lq: Tensor, sample: dict) -> Tensor:
        """The exposures, (K, C, H, W), dark to bright."""
        return sample.get('gt_frames', lq)

    def prepare(self, image: Tensor, border: int) -> Tensor:
        return functional.rgb_to_gray(super().prepare(image, border))

    def score(self, pred: Tensor, target: Tensor, samples: Sequence[dict]) -> Tensor:
        return functional.mef_ssim(pred, target, luminance=self.luminance)
