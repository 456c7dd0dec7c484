"""Reading a sample's files, and keeping what is worth keeping."""

from __future__ import annotations

import numpy as np
import torch
from mmcv.transforms import BaseTransform, Compose

from restorekit.functional import rgb_to_y
from restorekit.io import read_image, to_integers
from restorekit.registry import SCOPE, TRANSFORMS
from restorekit.transforms.stream import Seeded

COLORS = ('rgb', 'y')
MAX_SCALE = 16


@TRANSFORMS.register_module()
class LoadImages(BaseTransform):
    """Read `gt_path` and `lq_path`, whichever the sample has, into `gt` and `lq`.

    Args:
        color: 'rgb' repeats a gray file into three channels; 'y' gives one channel, BT.601 luma of
            a colour file, the values of a gray file as they are. Where one file of a pair is gray
            and the other colour, the colour one must hold a gray image (three equal channels) and
            is taken as gray.
        rounded: Round luma to 8 bits, as MATLAB's `rgb2ycbcr` does on 8-bit images, by which the
            field's benchmarks on luma are defined.

    Where both are read, `gt` is cut at its right and lower border to a whole multiple of `lq`.

    Adds `gt`, `lq`: (H, W, C) float32 in [0, 1].
    """

    def __init__(self, color: str = 'rgb', rounded: bool = False) -> None:
        if color not in COLORS:
            raise ValueError(f'LoadImages: color must be one of {COLORS}, got {color!r}')
        self.color = color
        self.rounded = rounded

    def transform(self, results: dict) -> dict:
        images = {
            key: read_image(results[f'{key}_path'])
            for key in ('gt', 'lq')
            if results.get(f'{key}_path')
        }
        if self.color == 'y' and len({image.shape[2] for image in images.values()}) == 2:
            images = {key: _as_gray(image, results[f'{key}_path']) for key, image in images.items()}
        for key, image in images.items():
            image = _convert(image, self.color)
            if self.color == 'y' and self.rounded:
                image = np.divide(to_integers(image), np.float32(255), dtype=np.float32)
            results[key] = image
        if len(images) == 2:
            sizes = {key: results[key].shape[:2] for key in images}
            height, width = self.plan(sizes, results)['gt']
            results['gt'] = results['gt'][:height, :width]
        return results

    def plan(self, sizes: dict[str, tuple[int, int]], sample: dict) -> dict[str, tuple[int, int]]:
        """Sizes after reading, `gt` cut to a whole multiple of `lq`; ValueError where none fits.

        `lq` is often made from a ground truth whose border was cut to such a multiple first.
        """
        if len(sizes) < 2:
            return sizes
        (height, width), lq = sizes['gt'], tuple(sizes['lq'])
        wanted = sample.get('scale')
        for scale in [wanted] if wanted else range(1, MAX_SCALE + 1):
            if (height // scale, width // scale) == lq:
                return {**sizes, 'gt': (lq[0] * scale, lq[1] * scale)}
        raise ValueError(
            f'lq of {lq[0]} x {lq[1]} does not fit gt of {height} x {width} at '
            f'{f"scale {wanted}" if wanted else "any integer scale"} ({sample.get("gt_path")})'
        )


def _convert(image: np.ndarray, color: str) -> np.ndarray:
    if color == 'rgb':
        return np.repeat(image, 3, axis=2) if image.shape[2] == 1 else image
    if image.shape[2] == 1:
        return image
    return rgb_to_y(torch.from_numpy(image).movedim(-1, 0)).movedim(0, -1).contiguous().numpy()


def _as_gray(image: np.ndarray, path: str) -> np.ndarray:
    if image.shape[2] == 3 and np.ptp(image, axis=2).any():
        raise ValueError(f'{path}: a colour image whose counterpart is gray')
    return image[..., :1]


@TRANSFORMS.register_module()
class Cache(BaseTransform):
    """Remember what transforms without randomness gave for each sample.

    For training sets that fit into memory: decoding and whole-image degradation are then paid once.
        Every worker process
    keeps a cache of its own.

    Args:
        transforms: The transforms to run; none may be random.
        max_mib: Stop remembering above this many MiB of arrays.
    """

    def __init__(self, transforms: list, max_mib: int = 4096) -> None:
        self.transforms = Compose(build_transforms(transforms))
        self.max_bytes = max_mib * 2**20
        self._kept: dict[tuple, dict] = {}
        self._bytes = 0

    def plan(self, sizes: dict[str, tuple[int, int]], sample: dict) -> dict[str, tuple[int, int]]:
        """Sizes after the transforms, or ValueError."""
        return plan_sizes(self.transforms.transforms, sizes, sample)

    def transform(self, results: dict) -> dict:
        key = (results.get('sample_idx'), results.get('gt_path'), results.get('lq_path'))
        if not any(part is not None for part in key):
            return self.transforms(results)  # nothing tells samples apart
        if key not in self._kept:
            output = self.transforms(dict(results))
            size = sum(v.nbytes for v in output.values() if isinstance(v, np.ndarray))
            if self._bytes + size > self.max_bytes:
                return output
            self._kept[key] = output
            self._bytes += size
        return dict(self._kept[key])


def plan_sizes(
    transforms: list, sizes: dict[str, tuple[int, int]], sample: dict
) -> dict[str, tuple[int, int]]:
    """What images of `sizes` (H, W), by key, become; transforms without a `plan` keep them.

    Raises:
        ValueError: Where a transform could not work on them.
    """
    for transform in transforms:
        if hasattr(transform, 'plan'):
            sizes = transform.plan(sizes, sample)
    return sizes


def build_transforms(transforms: list) -> list:
    """Transforms from their configs or as they are, whatever scope is current.

    Those that are not ours are wrapped, so that they draw from the sample's stream too.
    """
    built = [TRANSFORMS.build(item) if isinstance(item, dict) else item for item in transforms]
    return [item if _is_ours(item) else Seeded(item) for item in built]


def _is_ours(transform: object) -> bool:
    return type(transform).__module__.partition('.')[0] == SCOPE
