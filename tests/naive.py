"""Formulas pixel by pixel, as their definitions say them: slow, and written without the package.

`tests/data/make_golden.py` and the properties in `tests/functional/test_naive.py` compare with
them; that they follow the authors' conventions is itself tested where the golden folder is.
"""

from __future__ import annotations

import math

import numpy as np


def cubic(x: float) -> float:
    """Keys' kernel with a = -0.5."""
    x = abs(x)
    if x <= 1:
        return 1.5 * x**3 - 2.5 * x**2 + 1
    return -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2 if x <= 2 else 0.0


def resize_row(row: list[float], scale: float, length: int, *, antialias: bool) -> list[float]:
    """MATLAB's bicubic of one row; MATLAB counts from one."""
    shrink = min(scale, 1.0) if antialias else 1.0
    width = 4 / shrink
    result = []
    for x in range(1, length + 1):
        u = x / scale + 0.5 * (1 - 1 / scale)
        left = math.floor(u - width / 2)
        total = weights = 0.0
        for index in range(left, left + math.ceil(width) + 2):
            weight = shrink * cubic(shrink * (u - index))
            place = (index - 1) % (2 * len(row))
            total += weight * row[place if place < len(row) else 2 * len(row) - 1 - place]
            weights += weight
        result.append(total / weights)
    return result


class TieError(ValueError):
    """A value is half-way between two integers, or so near that the order of a sum decides."""


def imresize(
    image: np.ndarray,
    scales: tuple[float, float],
    size: tuple[int, int],
    *,
    antialias: bool = True,
    ties: bool = True,
) -> np.ndarray:
    """MATLAB's `imresize` of (H, W); uint8 images are rounded and clipped after each pass.

    With `ties` off, TieError is raised where such a rounding is not certain.
    """
    result = image.astype(np.float64)
    for axis in sorted((0, 1), key=lambda axis: scales[axis]):
        lines = result.T if axis == 0 else result
        lines = np.array(
            [resize_row(list(x), scales[axis], size[axis], antialias=antialias) for x in lines]
        )
        result = lines.T if axis == 0 else lines
        if image.dtype == np.uint8:
            if not ties and (np.abs(result % 1 - 0.5) < 1e-9).any():
                raise TieError
            result = np.clip(np.floor(result + 0.5), 0, 255)
    return result.astype(image.dtype) if image.dtype == np.uint8 else result


def psnr_b(pred: np.ndarray, gt: np.ndarray, *, block: int = 8) -> float:
    """PSNR-B of (C, H, W) images in [0, 1]; blocks are counted from the top left corner."""
    channels, height, width = pred.shape
    factor = 0.0
    for channel in pred:
        border, inside = [], []
        for y in range(height):
            for x in range(width):
                if x + 1 < width:
                    pairs = border if (x + 1) % block == 0 else inside
                    pairs.append((channel[y, x + 1] - channel[y, x]) ** 2)
                if y + 1 < height:
                    pairs = border if (y + 1) % block == 0 else inside
                    pairs.append((channel[y + 1, x] - channel[y, x]) ** 2)
        excess = sum(border) / len(border) - sum(inside) / len(inside)
        if excess > 0:
            factor += excess * math.log2(block) / math.log2(min(height, width))
    return -10 * math.log10(float(((pred - gt) ** 2).mean()) + factor / channels)


def gaussian(window: int, sigma: float) -> np.ndarray:
    """(window, window) weights, their sum 1."""
    x = np.arange(window) - (window - 1) / 2
    one = np.exp(-(x**2) / (2 * sigma**2))
    return np.outer(one, one) / one.sum() ** 2


def mef_ssim(fused: np.ndarray, bracket: np.ndarray, *, luminance: bool = False) -> float:
    """MEF-SSIM of (C, H, W) to the exposures (K, C, H, W), as MEF-Net is trained with it."""
    channels, height, width = fused.shape
    # The published window is float32.
    weights = gaussian(11, 11 / 6).astype(np.float32).astype(np.float64) / channels
    padded = np.pad(fused, ((0, 0), (5, 5), (5, 5)))
    frames = np.pad(bracket, ((0, 0), (0, 0), (5, 5), (5, 5)))
    total = 0.0
    for y in range(height):
        for x in range(width):
            at = np.s_[..., y : y + 11, x : x + 11]
            part, parts = padded[at], frames[at]
            mean = float((weights * part).sum())
            variance = float((weights * part**2).sum()) - mean**2
            means = [float((weights * other).sum()) for other in parts]
            variances = [
                float((weights * other**2).sum()) - m**2
                for other, m in zip(parts, means, strict=True)
            ]
            best = int(np.argmax(variances))
            covariance = float((weights * part * parts[best]).sum()) - mean * means[best]
            value = (2 * covariance + 9e-4) / (variance + variances[best] + 9e-4)
            if luminance:
                value *= _luminance(mean, means, frames, weights, height, width)
            total += value
    return total / (height * width)


def _luminance(
    mean: float,
    means: list[float],
    frames: np.ndarray,
    weights: np.ndarray,
    height: int,
    width: int,
) -> float:
    wholes = [_mean_of_local_means(frame, weights, height, width) for frame in frames]
    exposed = [
        math.exp(-((whole - 0.5) ** 2 + (m - 0.5) ** 2) / (2 * 0.2**2))
        for whole, m in zip(wholes, means, strict=True)
    ]
    wanted = sum(e * m for e, m in zip(exposed, means, strict=True)) / sum(exposed)
    return (2 * mean * wanted + 1e-4) / (mean**2 + wanted**2 + 1e-4)


def _mean_of_local_means(frame: np.ndarray, weights: np.ndarray, height: int, width: int) -> float:
    return float(
        np.mean(
            [
                (weights * frame[:, y : y + 11, x : x + 11]).sum()
                for y in range(height)
                for x in range(width)
            ]
        )
    )


def mu_law(radiance: np.ndarray, mu: float = 5000.0) -> np.ndarray:
    return np.array([math.log(1 + mu * x) / math.log(1 + mu) for x in radiance.flat]).reshape(
        radiance.shape
    )


def psnr(pred: np.ndarray, gt: np.ndarray) -> float:
    return -10 * math.log10(
        sum((a - b) ** 2 for a, b in zip(pred.flat, gt.flat, strict=True)) / pred.size
    )


def luma(rgb: np.ndarray) -> np.ndarray:
    """BT.601 luma of (3, H, W), in [16/255, 235/255]."""
    return (65.481 * rgb[0] + 128.553 * rgb[1] + 24.966 * rgb[2] + 16)[None] / 255
