"""Metrics."""

from restorekit.metrics.base import ImageMetric
from restorekit.metrics.hdr import PSNRL, PSNRMu, SSIMMu
from restorekit.metrics.similarity import MEFSSIM, PSNR, PSNRB, SSIM

__all__ = ['MEFSSIM', 'PSNR', 'PSNRB', 'PSNRL', 'SSIM', 'ImageMetric', 'PSNRMu', 'SSIMMu']
