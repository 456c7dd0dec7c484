"""Metrics, and the tables of what they give."""

from restorekit.metrics.base import ImageMetric
from restorekit.metrics.hdr import PSNRL, PSNRMu, SSIMMu
from restorekit.metrics.similarity import MEFSSIM, PSNR, PSNRB, SSIM
from restorekit.metrics.tables import benchmark_table, results_table

__all__ = [
    'MEFSSIM',
    'PSNR',
    'PSNRB',
    'PSNRL',
    'SSIM',
    'ImageMetric',
    'PSNRMu',
    'SSIMMu',
    'benchmark_table',
    'results_table',
]
