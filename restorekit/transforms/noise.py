"""Noise, drawn for each sample."""

from __future__ import annotations

from typing import Annotated, ClassVar

import numpy as np
from mmcv.transforms import BaseTransform

from restorekit.options import NotNegative, Positive, Within
from restorekit.registry import TRANSFORMS
from restorekit.transforms.degradation import SoFar, drawn, limits
from restorekit.transforms.stream import generator

Seed = Annotated[int, Within(0, 2**32 - 1)]
LEVELS = 255  # in which the field gives standard deviations


@TRANSFORMS.register_module()
class GaussianNoise(SoFar, BaseTransform):
    """Add white Gaussian noise to what has become of the ground truth; the result is `lq`.

    Neither clipped nor rounded: what is outside [0, 1] says something of the noise.

    Args:
        sigma: Standard deviation, of values from 0 to 255 as the field counts it, or a range
            (lowest, highest), drawn evenly for each sample; None takes the dataset's
            (`degradation=dict(sigma=25)`).
        seed: Of every image's noise alike, as papers test: what `np.random.seed` gives. None draws
            from the sample's stream.
    """

    setting: ClassVar[str] = 'sigma'

    def __init__(
        self,
        sigma: NotNegative | tuple[NotNegative, NotNegative] | None = None,
        *,
        seed: Seed | None = None,
    ) -> None:
        self.sigma = None if sigma is None else limits('GaussianNoise', 'sigma', sigma, least=0)
        self.seed = seed

    def transform(self, results: dict) -> dict:
        image = self.so_far(results)
        sigma = drawn(*self._bounds(results)) / LEVELS
        if self.seed is None:
            noise = sigma * generator().standard_normal(image.shape, dtype=np.float32)
        else:
            noise = np.random.RandomState(self.seed).normal(0, sigma, image.shape)
        results['lq'] = image + noise.astype(np.float32)
        return results

    def plan(self, sizes: dict[str, tuple[int, int]], sample: dict) -> dict[str, tuple[int, int]]:
        """Sizes after it, which stay; ValueError without a sigma."""
        self._bounds(sample)
        return super().plan(sizes, sample)

    def _bounds(self, sample: dict) -> tuple[float, float]:
        if self.sigma is not None:
            return self.sigma
        return limits(
            'GaussianNoise', 'sigma, here or in the dataset,', sample.get('sigma'), least=0
        )


@TRANSFORMS.register_module()
class PoissonNoise(SoFar, BaseTransform):
    """Count photons of what has become of the ground truth; the result is `lq`.

    y = Poisson(peak x) / peak, whose variance is x / peak; negative values count as 0.

    Args:
        peak: Photons where the image is 1, or a range (lowest, highest) of which the logarithm is
            drawn evenly for each sample.
    """

    def __init__(self, peak: Positive | tuple[Positive, Positive]) -> None:
        self.peak = limits('PoissonNoise', 'peak', peak, above=0)

    def transform(self, results: dict) -> dict:
        low, high = np.log(self.peak)
        peak = np.exp(drawn(low, high))
        counts = generator().poisson(peak * np.maximum(self.so_far(results), 0).astype(np.float64))
        results['lq'] = (counts / peak).astype(np.float32)
        return results
