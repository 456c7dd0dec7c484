"""Degradations made on the fly: ground truth in, `lq` out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated, ClassVar

import numpy as np
import torch
from mmcv.transforms import BaseTransform

from restorekit.functional import imresize
from restorekit.io import Sampling, jpeg_round_trip, to_eight_bits, to_floats
from restorekit.options import Within
from restorekit.registry import TRANSFORMS
from restorekit.transforms.augmentation import GROUND_TRUTH
from restorekit.transforms.reduced import Reduced
from restorekit.transforms.stream import generator

Quality = Annotated[int, Within(1, 100)]


def latest(results: dict) -> np.ndarray:
    """`lq` if an earlier degradation has made one, else `gt_frames`, (H, W, K, C), else `gt`."""
    key = next(key for key in ('lq', 'gt_frames', 'gt') if key in results)
    return np.asarray(results[key])


class SoFar:
    """A degradation that goes on from what earlier ones have made of the ground truth."""

    def so_far(self, results: dict) -> np.ndarray:
        """The latest image, as numbers in [0, 1]."""
        return to_floats(latest(results))

    def plan(self, sizes: dict[str, tuple[int, int]], sample: dict) -> dict[str, tuple[int, int]]:
        """Sizes after the degradation, which stay, or ValueError."""
        return {**sizes, 'lq': sizes.get('lq', next(iter(sizes.values())))}


def limits(
    where: str,
    what: str,
    value: object,
    *,
    least: float = -math.inf,
    above: float = -math.inf,
    most: float = math.inf,
) -> tuple[float, float]:
    """A figure, or a range of it, as the lowest and the highest, or ValueError."""
    bounds = value if isinstance(value, list | tuple) else (value, value)
    if len(bounds) == 2 and all(isinstance(bound, int | float) for bound in bounds):
        low, high = map(float, bounds)
        if least <= low <= high <= most and low > above and math.isfinite(high):
            return low, high
    lowest = f'>= {least:g}' if math.isfinite(least) else f'> {above:g}'
    highest = f' and <= {most:g}' if math.isfinite(most) else ''
    raise ValueError(
        f'{where}: {what} must be {lowest}{highest}, or (lowest, highest), got {value!r}'
    )


def drawn(low: float, high: float) -> float:
    """A figure of a range, from the sample's stream where there is a choice."""
    return low if low == high else float(generator().uniform(low, high))


@TRANSFORMS.register_module()
class BicubicDownscale(BaseTransform):
    """MATLAB's bicubic reduction; the ground truth is first cut to a multiple of the scale.

    `gt` gives `lq`; where there are `gt_frames`, (H, W, K, C), these give it instead, as a bracket;
    where an earlier degradation has made an `lq` of that size, this does.
    What of it is cropped away afterwards is not computed.

    Args:
        scale: Reduction factor, an integer of 2 or more; None takes the dataset's
            (`degradation=dict(scale=2)`).
        rounded: Give `lq` 8 bits, as a file on disk would have them (then equal, bit for bit,
            to MATLAB's file); otherwise it stays as computed.
        back_up: Enlarge `lq` to the size of `gt` again, for networks that work at that size.
    """

    setting: ClassVar[str] = 'scale'

    def __init__(
        self,
        scale: Annotated[int, Within(2, 16)] | None = None,
        rounded: bool = False,
        back_up: bool = False,
    ) -> None:
        self.scale = scale
        self.rounded = rounded
        self.back_up = back_up

    def transform(self, results: dict) -> dict:
        scale = self._scale(results)
        sizes = {key: results[key].shape[:2] for key in (*GROUND_TRUTH, 'lq') if key in results}
        height, width = next(iter(self.plan(sizes, results).values()))
        for key in sizes:
            results[key] = results[key][:height, :width]
        lq = Reduced(latest(results), scale, rounded=self.rounded)
        results['lq'] = _resize(np.asarray(lq), scale) if self.back_up else lq
        return results

    def plan(self, sizes: dict[str, tuple[int, int]], sample: dict) -> dict[str, tuple[int, int]]:
        """Sizes after the degradation, or ValueError."""
        scale = self._scale(sample)
        height, width = next(size for key, size in sizes.items() if key != 'lq')
        if sizes.get('lq', (height, width)) != (height, width):
            raise ValueError(
                f'BicubicDownscale: lq of {sizes["lq"][0]} x {sizes["lq"][1]} is no longer of the '
                f'size of the ground truth, {height} x {width}'
            )
        small = (height // scale, width // scale)
        if min(small) < 1:
            raise ValueError(f'{height} x {width} pixels are too few for scale {scale}')
        gt = (small[0] * scale, small[1] * scale)
        return {**dict.fromkeys(sizes, gt), 'lq': gt if self.back_up else small}

    def _scale(self, sample: dict) -> int:
        scale = sample.get('scale') if self.scale is None else self.scale
        if not isinstance(scale, int) or scale < 2:
            raise ValueError(
                'BicubicDownscale: scale must be an integer >= 2, here or in the dataset, '
                f'got {scale!r}'
            )
        return scale


def _resize(image: np.ndarray, scale: float) -> np.ndarray:
    tensor = torch.from_numpy(np.ascontiguousarray(image)).movedim((0, 1), (-2, -1))
    return imresize(tensor, scale).movedim((-2, -1), (0, 1)).contiguous().numpy()


@TRANSFORMS.register_module()
class JPEGCompress(BaseTransform):
    """Send `gt`, or what earlier degradations have made of it, through OpenCV's JPEG encoder.

    The result is `lq`.

    The codec's 8 x 8 grid starts at the top left corner of what comes in. Training patches should
    therefore be cropped 7 pixels too large before and to their size after, so that the grid lies
    anywhere in them.

    Args:
        quality: 1 to 100, or a range (lowest, highest), both included, drawn for each sample; None
            takes the dataset's (`degradation=dict(quality=10)`).
        sampling: Of the chroma: '4:2:0', '4:4:4', or several, of which one is drawn for each
            sample.
    """

    setting: ClassVar[str] = 'quality'

    def __init__(
        self,
        quality: Quality | tuple[Quality, Quality] | None = None,
        sampling: Sampling | Sequence[Sampling] = '4:2:0',
    ) -> None:
        self.quality = quality
        self.samplings = (sampling,) if isinstance(sampling, str) else tuple(sampling)
        if not self.samplings:
            raise ValueError('JPEGCompress: sampling must be one or several, got none')

    def transform(self, results: dict) -> dict:
        quality = self.draw(results)
        sampling = self.samplings[0]
        if len(self.samplings) > 1:
            sampling = self.samplings[int(generator().integers(len(self.samplings)))]
        source = to_eight_bits(np.asarray(results['lq' if 'lq' in results else 'gt']))
        results['lq'] = jpeg_round_trip(source, quality, sampling=sampling)
        return results

    def draw(self, sample: dict) -> int:
        """The quality of a sample; from its stream, where there is a choice."""
        low, high = self.qualities(sample)
        return low if low == high else int(generator().integers(low, high + 1))

    def plan(self, sizes: dict[str, tuple[int, int]], sample: dict) -> dict[str, tuple[int, int]]:
        """Sizes after the degradation, or ValueError."""
        self.qualities(sample)
        return {'gt': sizes['gt'], 'lq': sizes.get('lq', sizes['gt'])}

    def qualities(self, sample: dict) -> tuple[int, int]:
        """The lowest and the highest quality that a sample may get, or ValueError."""
        return _range(sample.get('quality') if self.quality is None else self.quality)


def _range(quality: object) -> tuple[int, int]:
    bounds = (quality, quality) if isinstance(quality, int) else quality
    if isinstance(bounds, list | tuple) and len(bounds) == 2:
        low, high = bounds
        if isinstance(low, int) and isinstance(high, int) and 1 <= low <= high <= 100:
            return low, high
    raise ValueError(
        'JPEGCompress: quality must be in 1..100 or such a range, here or in the dataset, '
        f'got {quality!r}'
    )
