"""Reading a sample's files, and keeping what is worth keeping."""

from __future__ import annotations

import functools
import os
from typing import Literal

import numpy as np
import torch
from mmcv.transforms import BaseTransform, Compose
from torch.utils.data import get_worker_info

from restorekit.data_sample import ROLES, first_file
from restorekit.functional import rgb_to_y
from restorekit.io import is_hdr, read_hdr, read_pixels, to_eight_bits, to_floats
from restorekit.options import AtLeast0
from restorekit.registry import SCOPE, TRANSFORMS
from restorekit.transforms.reduced import as_arrays
from restorekit.transforms.stream import Seeded

MAX_SCALE = 16
MAX_CUT = 16  # pixels of the input by which the frames of a prepared pair may be larger


@TRANSFORMS.register_module()
class LoadImages(BaseTransform):
    """Read a sample's files into arrays named by their roles.

    One file becomes (H, W, C); the frames of a bracket become one array, (H, W, K, C): the spatial
    axes come first, so that what crops and flips an image does the same to a bracket. uint8 or
    uint16 as in the file; float32 for luma in [0, 1] and for linear radiance from .hdr and .exr.
    `exposures` become an array, (K,). Files whose pixels a dataset has at hand, as `pixels`, (H, W,
    C) by role, are not read.

    Where both input and ground truth are read, the ground truth is cut at its right and lower
    border to the size that the input was made from.

    Args:
        color: 'rgb' repeats a gray file into three channels; 'y' gives one channel, BT.601 luma of
            a colour file, the values of a gray file as they are. Where one file of a pair is gray
            and the other colour, the colour one must hold a gray image (three equal channels) and
            is taken as gray.
        rounded: Round luma to 8 bits, as MATLAB's `rgb2ycbcr` does on 8-bit images, by which the
            field's benchmarks on luma are defined.
    """

    def __init__(self, color: Literal['rgb', 'y'] = 'rgb', rounded: bool = False) -> None:
        self.color = color
        self.rounded = rounded

    def transform(self, results: dict) -> dict:
        files, held = results['files'], results.pop('pixels', {})
        read = {
            role: held.get(role) or [_read(path) for path in files[role]]
            for role in ROLES
            if files.get(role)
        }
        if self.color == 'y':
            _settle_gray(read, files)
        for role, images in read.items():
            arrays = [self._convert(image) for image in images]
            # A bracket of the input may have one frame left in it, the large ones are always many.
            many = role == 'gt_frames' or len(arrays) > 1
            if len({array.dtype for array in arrays}) > 1:
                arrays = [to_floats(array) for array in arrays]
            results[role] = np.stack(arrays, axis=2) if many else arrays[0]
        if results.get('exposures'):
            results['exposures'] = np.asarray(results['exposures'], dtype=np.float32)
        sizes = {role: results[role].shape[:2] for role in read}
        for role, (height, width) in self.plan(sizes, results).items():
            results[role] = results[role][:height, :width]
        return results

    def plan(self, sizes: dict[str, tuple[int, int]], sample: dict) -> dict[str, tuple[int, int]]:
        """Sizes after reading, by role; ValueError where input and ground truth do not fit.

        The input is often made from a ground truth whose border was cut first: to a multiple of the
        scale, or, of prepared pairs of frames, of something larger.
        """
        truths = {role: size for role, size in sizes.items() if role != 'lq'}
        if len(set(truths.values())) > 1:
            listed = ', '.join(f'{role} {h} x {w}' for role, (h, w) in truths.items())
            raise ValueError(f'ground truth must have one size, got {listed}')
        if 'lq' not in sizes or not truths:
            return sizes
        lq, gt = sizes['lq'], next(iter(truths.values()))
        is_bracket = len(sample.get('files', {}).get('lq', ())) > 1
        wanted = sample.get('scale', 1 if is_bracket else None)
        scale = _scale_of(lq, gt, wanted, is_bracket)
        if scale is None:
            raise ValueError(
                f'lq of {lq[0]} x {lq[1]} does not fit gt of {gt[0]} x {gt[1]} at '
                f'{f"scale {wanted}" if wanted else "any integer scale"}'
            )
        return {**dict.fromkeys(truths, (lq[0] * scale, lq[1] * scale)), 'lq': lq}

    def _convert(self, image: np.ndarray) -> np.ndarray:
        gray = image.shape[2] == 1
        if self.color == 'rgb':
            return np.repeat(image, 3, axis=2) if gray else image
        if not gray:
            floats = np.ascontiguousarray(to_floats(image))
            luma = rgb_to_y(torch.from_numpy(floats).movedim(-1, 0)).movedim(0, -1)
            image = luma.contiguous().numpy()
        return to_eight_bits(image) if self.rounded else image


@functools.lru_cache(maxsize=1024)
def _scale_of(
    lq: tuple[int, int], gt: tuple[int, int], wanted: int | None, is_bracket: bool
) -> int | None:
    """By which a ground truth is larger than an input, but for what was cut off; None: by none."""
    for scale in [wanted] if wanted else range(1, MAX_SCALE + 1):
        slack = MAX_CUT * scale if is_bracket and scale > 1 else scale
        if all(0 <= large - scale * small < slack for large, small in zip(gt, lq, strict=True)):
            return scale
    return None


def _read(path: str) -> np.ndarray:
    return read_hdr(path) if is_hdr(path) else read_pixels(path)


def _settle_gray(read: dict[str, list[np.ndarray]], files: dict[str, list[str]]) -> None:
    """Where one file of a sample is gray, take the others as gray too; changes `read`.

    Raises:
        ValueError: If another one holds colours.
    """
    if len({image.shape[2] for images in read.values() for image in images}) < 2:
        return
    for role, images in read.items():
        for index, (image, path) in enumerate(zip(images, files[role], strict=True)):
            if image.shape[2] == 3 and np.ptp(image, axis=2).any():
                raise ValueError(f'{path}: a colour image whose counterpart is gray')
            images[index] = image[..., :1]


@TRANSFORMS.register_module()
class Cache(BaseTransform):
    """Remember what transforms without randomness gave for each sample.

    For training sets that fit into memory: decoding and whole-image degradation are then paid once.
    Every worker process keeps a cache of its own, of its share of what one machine may remember.

    Args:
        transforms: The transforms to run; none may be random.
        max_mib: Stop remembering above this many MiB of arrays, in all processes of a machine.
    """

    def __init__(self, transforms: list, max_mib: AtLeast0 = 4096) -> None:
        self.transforms = Compose(build_transforms(transforms))
        self.max_bytes = max_mib * 2**20
        self._kept: dict[tuple, dict] = {}
        self._bytes = 0

    def plan(self, sizes: dict[str, tuple[int, int]], sample: dict) -> dict[str, tuple[int, int]]:
        """Sizes after the transforms, or ValueError."""
        return plan_sizes(self.transforms.transforms, sizes, sample)

    def transform(self, results: dict) -> dict:
        key = (results.get('sample_idx'), first_file(results.get('files', {})))
        if key == (None, ''):
            return self.transforms(results)  # nothing tells samples apart
        if key not in self._kept:
            output = as_arrays(self.transforms(dict(results)))
            size = sum(v.nbytes for v in output.values() if isinstance(v, np.ndarray))
            if self._bytes + size > self.max_bytes // _sharers():
                return output
            self._kept[key] = output
            self._bytes += size
        return dict(self._kept[key])


def _sharers() -> int:
    """Processes of this machine that read the same samples: workers times ranks."""
    worker = get_worker_info()
    ranks = int(os.environ.get('LOCAL_WORLD_SIZE', 1))
    return (worker.num_workers if worker else 1) * ranks


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
