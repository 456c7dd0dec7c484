"""Geometric augmentation, the same for every image of a sample."""

from __future__ import annotations

from mmcv.transforms import BaseTransform

from restorekit.data_sample import first_file
from restorekit.options import AtLeast1
from restorekit.registry import TRANSFORMS
from restorekit.transforms.stream import generator

GROUND_TRUTH = ('gt', 'gt_frames')  # of one size
IMAGES = ('lq', *GROUND_TRUTH)


@TRANSFORMS.register_module()
class PairedRandomCrop(BaseTransform):
    """Cut the same square, at a random place, from `lq` and, at its scale, from the ground truth.

    The scale is the ratio of their sizes. Give one of the two sides; the other follows.

    Args:
        size: Side in pixels of `lq`, or of `gt` while there is no `lq` yet.
        gt_size: Side in pixels of `gt`; a multiple of the scale.
    """

    def __init__(self, size: AtLeast1 | None = None, gt_size: AtLeast1 | None = None) -> None:
        if (size is None) == (gt_size is None):
            raise ValueError('PairedRandomCrop: give either size or gt_size')
        self.size = size
        self.gt_size = gt_size

    def transform(self, results: dict) -> dict:
        sizes = {key: results[key].shape[:2] for key in IMAGES if key in results}
        try:
            sides = self._sides(sizes)
        except ValueError as error:
            raise ValueError(f'{first_file(results.get("files", {}))}: {error}') from None
        lead = next(iter(sides))
        top, left = (int(generator().integers(n - sides[lead] + 1)) for n in sizes[lead])
        for key, side in sides.items():
            scale = side // sides[lead]
            y, x = top * scale, left * scale
            results[key] = results[key][y : y + side, x : x + side]
        return results

    def plan(self, sizes: dict[str, tuple[int, int]], sample: dict) -> dict[str, tuple[int, int]]:
        """Sizes after the crop, or ValueError; so that a dataset can check before a run starts."""
        return {key: (side, side) for key, side in self._sides(sizes).items()}

    def _sides(self, sizes: dict[str, tuple[int, int]]) -> dict[str, int]:
        """Side of the crop in each image, the smaller image first."""
        keys = [key for key in IMAGES if key in sizes]
        lead, scale = sizes[keys[0]], 1
        for key in keys[1:]:
            gt = sizes[key]
            scale = gt[0] // lead[0]
            if (lead[0] * scale, lead[1] * scale) != tuple(gt):
                raise ValueError(
                    f'PairedRandomCrop: {key} of {gt[0]} x {gt[1]} is not a multiple of '
                    f'{keys[0]} of {lead[0]} x {lead[1]}'
                )
        if self.gt_size is not None and self.gt_size % scale:
            raise ValueError(
                f'PairedRandomCrop: gt_size {self.gt_size} is not a multiple of scale {scale}'
            )
        side = self.size if self.gt_size is None else self.gt_size // scale
        assert side is not None
        if min(lead) < side:
            raise ValueError(
                f'{lead[0]} x {lead[1]} pixels are smaller than the crop of {side} x {side}'
            )
        return {key: side * (1 if key == keys[0] else scale) for key in keys}


@TRANSFORMS.register_module()
class RandomFlipRotate(BaseTransform):
    """One of the eight symmetries of the square; each flip and the quarter turn with odds of 1/2.

    Args:
        flip: Flip left-right and up-down.
        rotate: Turn by 90 degrees to the left.
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
                image = image[:, ::-1].swapaxes(0, 1)
            results[key] = image
        return results


@TRANSFORMS.register_module()
class RandomChannelOrder(BaseTransform):
    """One of the six orders of red, green and blue, for small training sets.

    References:
        Yoo et al., "Rethinking data augmentation for image super-resolution", CVPR 2020.
    """

    def transform(self, results: dict) -> dict:
        order = generator().permutation(3)
        for key in IMAGES:
            if key in results:
                results[key] = results[key][..., order]
        return results
