"""Pure functions on tensors: one home for each formula."""

from restorekit.functional.blocking import blocking_effect, psnr_b
from restorekit.functional.color import (
    fuse_chroma,
    rgb_to_gray,
    rgb_to_y,
    rgb_to_ycbcr,
    ycbcr_to_rgb,
)
from restorekit.functional.covariance import covariance, matrix_sqrt
from restorekit.functional.exposure import hdr_to_ldr, ldr_to_hdr, mu_law, mu_law_inverse
from restorekit.functional.guided import fast_guided_filter, guided_filter
from restorekit.functional.mef import mef_ssim, mef_ssim_map
from restorekit.functional.precision import (
    full_precision,
    half_precision,
    precision,
    set_tf32,
    tf32,
)
from restorekit.functional.resize import imresize, imresize_part
from restorekit.functional.similarity import psnr, ssim, ssim_map
from restorekit.functional.tiling import receptive_field, tiled, tiled_rows

__all__ = [
    'blocking_effect',
    'covariance',
    'fast_guided_filter',
    'full_precision',
    'fuse_chroma',
    'guided_filter',
    'half_precision',
    'hdr_to_ldr',
    'imresize',
    'imresize_part',
    'ldr_to_hdr',
    'matrix_sqrt',
    'mef_ssim',
    'mef_ssim_map',
    'mu_law',
    'mu_law_inverse',
    'precision',
    'psnr',
    'psnr_b',
    'receptive_field',
    'rgb_to_gray',
    'rgb_to_y',
    'rgb_to_ycbcr',
    'set_tf32',
    'ssim',
    'ssim_map',
    'tf32',
    'tiled',
    'tiled_rows',
    'ycbcr_to_rgb',
]
