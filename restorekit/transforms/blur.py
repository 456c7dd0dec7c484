"""Blur by Gaussian kernels, isotropic or not."""

from __future__ import annotations

import math

import cv2
import numpy as np
from mmcv.transforms import BaseTransform

from restorekit.options import Positive
from restorekit.registry import TRANSFORMS
from restorekit.transforms.degradation import SoFar, drawn, limits
from restorekit.transforms.stream import generator

REACH = 3  # standard deviations from the middle to the border of a kernel
MAX_SIGMA = 100.0


@TRANSFORMS.register_module()
class GaussianBlur(SoFar, BaseTransform):
    """Blur what has become of the ground truth; the result is `lq`.

    The border is mirrored.

    Args:
        sigma: Standard deviation in pixels, or a range (lowest, highest), drawn evenly for each
            sample.
        isotropic: Whether it is the same in all directions; otherwise two are drawn, one along an
            axis and one across, and the axis's angle.
    """

    def __init__(self, sigma: Positive | tuple[Positive, Positive], isotropic: bool = True) -> None:
        self.sigma = limits('GaussianBlur', 'sigma', sigma, above=0, most=MAX_SIGMA)
        self.isotropic = isotropic

    def transform(self, results: dict) -> dict:
        along = across = drawn(*self.sigma)
        angle = 0.0
        if not self.isotropic:
            across = drawn(*self.sigma)
            angle = generator().uniform(0, math.pi)
        image = self.so_far(results)
        # OpenCV takes channels in the third place alone.
        flat = np.ascontiguousarray(image.reshape(*image.shape[:2], -1))
        kernel = gaussian_kernel(along, across, angle)
        blurred = cv2.filter2D(flat, -1, kernel, borderType=cv2.BORDER_REFLECT)
        results['lq'] = blurred.reshape(image.shape)
        return results


def gaussian_kernel(along: float, across: float, angle: float = 0.0) -> np.ndarray:
    """A Gaussian of two standard deviations, float32, its sum 1, cut at three of the larger one.

    Args:
        along, across: Standard deviations in pixels, > 0.
        angle: Of the first, in radians, from the rows' direction towards their lower end.
    """
    radius = math.ceil(REACH * max(along, across))
    y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1].astype(np.float64)
    u = x * math.cos(angle) + y * math.sin(angle)
    v = y * math.cos(angle) - x * math.sin(angle)
    kernel = np.exp(-((u / along) ** 2 + (v / across) ** 2) / 2)
    return (kernel / kernel.sum()).astype(np.float32)
