"""Geometric augmentation, the same for every image of a sample."""

from __future__ import annotations

import numpy as np
from mmcv.transforms import BaseTransform

from restorekit.registry import TRANSFORMS
from restorekit.transforms.stream import generator

IMAGES = ('lq', 'gt')


@TRANSFORMS.register_module()
class PairedRandomCrop(BaseTransform):
    """Cut the same square, at a random place, from `lq` and, at its scale, from `gt`.

    Args:
        size: Side in pixels of `lq`, or of `gt` while there is no `lq` yet. The side in `gt`
            follows from the scale, which is the ratio of the two images' sizes.
    """

    def __init__(self, size: int) -> None:
        if not isinstance(size, int) or size < 1:
            raise ValueError(f'PairedRandomCrop: size must be an integer >= 1, got {size!r}')
        self.size = size

    def transform(self, results: dict) -> dict:
        lead = results['lq'] if 'lq' in results else results['gt']
        problem = self.size_problem(lead.shape[:2])
        if problem:
            raise ValueError(f'{results.get("lq_path") or results.get("gt_path")}: {problem}')
        top, left = (int(generator().integers(side - self.size + 1)) for side in lead.shape[:2])
        for key in IMAGES:
            if key in results:
                image = results[key]
                scale = _scale(image, lead)
                size = self.size * scale
                y, x = top * scale, left * scale
                results[key] = image[y : y + size, x : x + size]
        return results

    def size_problem(self, size: tuple[int, int]) -> str | None:
        """What is wrong with an image of `size` (H, W), so that datasets can say it before a run
        starts."""
        if min(size) < self.size:
            return (
                f'{size[0]} x {size[1]} pixels are smaller than the crop of '
                f'{self.size} x {self.size}'
            )
        return None


def _scale(image: np.ndarray, lead: np.ndarray) -> int:
    scale = image.shape[0] // lead.shape[0]
    if (lead.shape[0] * scale, lead.shape[1] * scale) != image.shape[:2]:
        raise ValueError(
            f'PairedRandomCrop: gt of {image.shape[0]} x {image.shape[1]} is no multiple '
            f'of lq of {lead.shape[0]} x {lead.shape[1]}'
        )
    return scale


@TRANSFORMS.register_module()
class RandomFlipRotate(BaseTransform):
    """One of the eight symmetries of the square: each flip and the quarter turn with probability
    1/2.

    Args:
        flip: Flip left-right and up-down.
        rotate: Turn by 90 degrees.
    """

    def __init__(self, flip: bool = True, rotate: bool = True) -> None:
        self.flip = flip
        self.rotate = rotate

    def transform(self, results: dict) -> dict:
        mirror, overturn, turn = generator().random(3) < 0.5
        for key in IMAGES:
            if key not in results:
                continue
            image = results[key]
            if self.flip and mirror:
                image = image[:, ::-1]
            if self.flip and overturn:
                image = image[::-1]
            if self.rotate and turn:
                image = image.swapaxes(0, 1)
            results[key] = image
        return results
