"""The part of each sample that a report shows."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch.nn.functional as F
from torch import Tensor

from restorekit.functional import imresize
from restorekit.report.pictures import pictures, pixels_of

CROP, THUMBNAIL = 96, 224  # longest sides, in pixels
FADED = 1 / 6  # of the error's range, at which the first colour is full; white at three times that

Box = tuple[int, int, int, int]  # top, left, height, width


@dataclass
class Crop:
    """One part of one sample, (h, w, 3) uint8 each, and the whole of it, small.

    Attributes:
        size: H, W of the result.
        box: Where the part is in it.
        inputs: The input; the frames of a bracket, dark to bright.
        restored: The result.
        gt: The ground truth, if there is one.
        error: From black over red and yellow to white, which is an eighth of the range.
        thumbnail: The whole ground truth, or result.
    """

    size: tuple[int, int]
    box: Box
    inputs: list[np.ndarray]
    restored: np.ndarray
    thumbnail: np.ndarray
    gt: np.ndarray | None = None
    error: np.ndarray | None = field(default=None)


def crop_of(lq: Tensor, sample: dict, *, linear: bool = False, box: Box | None = None) -> Crop:
    """The part of a sample with the largest error, or the one at `box`.

    Args:
        lq, sample, linear: See `pictures`.
        box: Of another model's result of the same size. Without it and without a ground truth it is
            the middle.
    """
    shown = pictures(lq, sample, linear=linear)
    by_title = {picture.title: picture.image for picture in shown}
    whole = by_title.get('ground truth', by_title['restored'])
    size = (whole.shape[-2], whole.shape[-1])
    if box is None:
        box = _box(size, by_title.get('error'))

    def part(image: Tensor) -> np.ndarray:
        top, left, height, width = box
        return pixels_of(image[:, top : top + height, left : left + width])

    return Crop(
        size,
        box,
        inputs=[part(image) for title, image in shown if title == 'input'],
        restored=part(by_title['restored']),
        thumbnail=_thumbnail(whole),
        gt=part(by_title['ground truth']) if 'ground truth' in by_title else None,
        error=part(_heat(by_title['error'])) if 'error' in by_title else None,
    )


def _box(size: tuple[int, int], error: Tensor | None) -> Box:
    """Where the mean error is largest; the first such place."""
    height, width = (min(side, CROP) for side in size)
    if error is None:
        return ((size[0] - height) // 2, (size[1] - width) // 2, height, width)
    mean = F.avg_pool2d(error.detach().double().mean(0)[None, None], (height, width), stride=8)
    place = int(mean.argmax())
    columns = mean.shape[-1]
    return (place // columns * 8, place % columns * 8, height, width)


def _heat(error: Tensor) -> Tensor:
    """An error map, (C, H, W), as (3, H, W): black, red, yellow, white."""
    mean = error.mean(0, keepdim=True).clamp(0, 1)
    return (mean / FADED - mean.new_tensor([0, 1, 2])[:, None, None]).clamp(0, 1)


def _thumbnail(image: Tensor) -> np.ndarray:
    scale = THUMBNAIL / max(image.shape[-2:])
    if scale < 1:
        size = (max(1, round(image.shape[-2] * scale)), max(1, round(image.shape[-1] * scale)))
        image = imresize(image.clamp(0, 1).float(), size=size)
    return pixels_of(image)
