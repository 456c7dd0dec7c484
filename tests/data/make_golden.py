"""Golden numbers of made-up images: `python -m tests.data.make_golden` writes `golden.npz`.

For machines without the authors' tensors. The images come from a seed; the numbers from
scikit-image, OpenCV, and the loops of `tests/naive.py`, never from the package. `inputs/*` are
8-bit images, `expected/*` what a formula makes of them.
"""

from __future__ import annotations

import cv2
import numpy as np
from skimage import color, metrics

from tests import naive
from tests.data import golden_file

SSIM = {'gaussian_weights': True, 'sigma': 1.5, 'use_sample_covariance': False, 'data_range': 1}


def picture(seed: int, height: int, width: int) -> np.ndarray:
    """(3, H, W) uint8: a gradient, waves, an edge and some noise."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    planes = [
        0.5 * x / width + 0.2 * np.sin(x * rng.uniform(0.2, 1.5) + y * rng.uniform(0.1, 1)) + 0.25
        for _ in range(3)
    ]
    image = np.stack(planes) + 0.2 * (x + y > width) + rng.normal(0, 0.02, (3, height, width))
    return np.round(np.clip(image, 0, 1) * 255).astype(np.uint8)


def blocky(image: np.ndarray) -> np.ndarray:
    """Each 8 x 8 block half-way to its mean, as coarse quantisation leaves it."""
    result = image.astype(np.float64)
    for top in range(0, image.shape[1], 8):
        for left in range(0, image.shape[2], 8):
            block = result[:, top : top + 8, left : left + 8]
            block += 0.5 * (block.mean(axis=(1, 2), keepdims=True) - block)
    return np.round(result).astype(np.uint8)


def golden() -> dict[str, np.ndarray]:
    """All inputs and numbers, by name."""
    gt = picture(0, 40, 48)
    pred = blocky(gt)
    odd = gt[:, :37, :43]
    bracket = np.stack([np.clip(gt[:1, :14, :16] * gain, 0, 255) for gain in (0.4, 1, 1.9)])
    bracket = bracket.astype(np.uint8)
    fused = np.round(bracket.mean(0)).astype(np.uint8)
    pairs = {'gray': (pred[:1], gt[:1]), 'colour': (pred, gt), 'odd': (pred[:, :37, :43], odd)}
    numbers: dict[str, object] = {}
    for name, (a, b) in pairs.items():
        a, b = a / 255, b / 255
        numbers[f'psnr/{name}'] = metrics.peak_signal_noise_ratio(b, a, data_range=1)
        numbers[f'ssim/{name}'] = metrics.structural_similarity(b, a, channel_axis=0, **SSIM)
        numbers[f'psnr_b/{name}'] = naive.psnr_b(a, b)
        numbers[f'psnr_mu/{name}'] = naive.psnr(naive.mu_law(a), naive.mu_law(b))
    rgb = np.moveaxis(odd, 0, -1)
    numbers['ycbcr'] = np.moveaxis(color.rgb2ycbcr(rgb), -1, 0) / 255
    numbers['gray'] = cv2.cvtColor((rgb / 255).astype(np.float32), cv2.COLOR_RGB2GRAY)[None]
    for scale in (1 / 2, 1 / 3, 1 / 4, 2, 3):
        size = tuple(int(np.ceil(side * scale - 1e-9)) for side in odd.shape[1:])
        for kind, image in (('float', odd[0] / 255), ('uint8', odd[0])):
            numbers[f'resize/{kind}/{scale:.4f}'] = naive.imresize(image, (scale, scale), size)
    unequal = (odd.shape[1] // 2, odd.shape[2] * 2)
    scales = (unequal[0] / odd.shape[1], unequal[1] / odd.shape[2])
    numbers['resize/unequal'] = naive.imresize(odd[0], scales, unequal)
    for luminance in (False, True):
        value = naive.mef_ssim(fused / 255, bracket / 255, luminance=luminance)
        numbers[f'mef_ssim/{luminance}'] = value
    inputs = {'pred': pred, 'gt': gt, 'bracket': bracket, 'fused': fused}
    return {
        **{f'inputs/{name}': value for name, value in inputs.items()},
        **{f'expected/{name}': np.asarray(value) for name, value in numbers.items()},
    }


if __name__ == '__main__':
    np.savez_compressed(golden_file(), **golden())
    print(f'{golden_file()}: {golden_file().stat().st_size} bytes')
