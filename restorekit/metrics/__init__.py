"""Metrics."""

from restorekit.metrics.base import ImageMetric
from restorekit.metrics.similarity import PSNR, PSNRB, SSIM

__all__ = ['PSNR', 'PSNRB', 'SSIM', 'ImageMetric']
