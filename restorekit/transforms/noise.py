"""Noise made on the fly: ground truth in, `lq` out."""

from __future__ import annotations

from typing import Annotated, ClassVar

import numpy as np
from mmcv.transforms import BaseTransform

from restorekit.options import Within
from restorekit.registry import TRANSFORMS
from restorekit.transforms.stream import generator

Sigma = Annotated[float, Within(0, 255)]
Seed = Annotated[int, Within(0, 2**32 - 1)]


@TRANSFORMS.register_module()
class AddGaussianNoise(BaseTransform):
    """White Gaussian noise on `gt`, neither clipped nor rounded; the result is `lq`.

    Args:
        sigma: Standard deviation in 8-bit units, or a range (lowest, highest) from which it is
            drawn for each sample; None takes the dataset's (`degradation=dict(sigma=25)`).
        seed: Of every image's noise alike, as papers test: what `np.random.seed` gives. None draws
            from the sample's stream.
    """

    setting: ClassVar[str] = 'sigma'

    def __init__(
        self, sigma: Sigma | tuple[Sigma, Sigma] | None = None, seed: Seed | None = None
    ) -> None:
        self.sigma = sigma
        self.seed = seed

    def transform(self, results: dict) -> dict:
        low, high = self._bounds(results)
        sigma = low if low == high else generator().uniform(low, high)
        random = generator() if self.seed is None else np.random.RandomState(self.seed)
        noise = random.normal(0, sigma / 255, results['gt'].shape)
        results['lq'] = results['gt'] + noise.astype(np.float32)
        return results

    def plan(self, sizes: dict[str, tuple[int, int]], sample: dict) -> dict[str, tuple[int, int]]:
        """Sizes after the degradation, or ValueError."""
        self._bounds(sample)
        return {'gt': sizes['gt'], 'lq': sizes['gt']}

    def _bounds(self, sample: dict) -> tuple[float, float]:
        """The lowest and the highest sigma that a sample may get, or ValueError."""
        sigma = sample.get('sigma') if self.sigma is None else self.sigma
        bounds = sigma if isinstance(sigma, list | tuple) else (sigma, sigma)
        if len(bounds) == 2 and all(isinstance(bound, int | float) for bound in bounds):
            low, high = bounds
            if 0 <= low <= high <= 255:
                return low, high
        raise ValueError(
            'AddGaussianNoise: sigma must be in 0..255 or such a range, here or in the dataset, '
            f'got {sigma!r}'
        )
