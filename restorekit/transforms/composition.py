"""Transforms of transforms."""

from __future__ import annotations

from mmcv.transforms import BaseTransform

from restorekit.registry import TRANSFORMS
from restorekit.transforms.loading import build_transforms, plan_sizes
from restorekit.transforms.stream import generator


@TRANSFORMS.register_module()
class RandomOrder(BaseTransform):
    """Run transforms one after another, in an order that is drawn for each sample.

    For degradations, each of which goes on from what the one before has made.

    Args:
        transforms: At least two.

    References:
        Zhang et al., "Designing a practical degradation model for deep blind image
        super-resolution", ICCV 2021.
    """

    def __init__(self, transforms: list) -> None:
        if len(transforms) < 2:
            raise ValueError(f'RandomOrder: transforms must be two or more, got {len(transforms)}')
        self.transforms = build_transforms(transforms)

    def transform(self, results: dict) -> dict | None:
        for place in generator().permutation(len(self.transforms)):
            results = self.transforms[place](results)
        return results

    def plan(self, sizes: dict[str, tuple[int, int]], sample: dict) -> dict[str, tuple[int, int]]:
        """Sizes after the transforms, or ValueError."""
        return plan_sizes(self.transforms, sizes, sample)
