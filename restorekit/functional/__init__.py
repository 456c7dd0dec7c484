"""Pure functions on tensors: one home for each formula."""

from restorekit.functional.blocking import blocking_effect, psnr_b
from restorekit.functional.color import rgb_to_y, rgb_to_ycbcr, ycbcr_to_rgb
from restorekit.functional.covariance import covariance, matrix_sqrt
from restorekit.functional.exposure import mu_law
from restorekit.functional.resize import imresize
from restorekit.functional.similarity import psnr, ssim, ssim_map

__all__ = [
    'blocking_effect',
    'covariance',
    'imresize',
    'matrix_sqrt',
    'mu_law',
    'psnr',
    'psnr_b',
    'rgb_to_y',
    'rgb_to_ycbcr',
    'ssim',
    'ssim_map',
    'ycbcr_to_rgb',
]
