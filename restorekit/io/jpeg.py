"""JPEG: what a file says of how it was compressed, and compressing for training and tests."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from restorekit.io.metadata import UNREADABLE, opened
from restorekit.io.pixels import to_integers

Sampling = Literal['4:2:0', '4:4:4']  # of the chroma

# The luma table of ITU-T Recommendation T.81, annex K, which encoders scale by their "quality".
_LUMA = (
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55,
    14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51, 87, 80, 62,
    18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92,
    49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
)  # fmt: skip


def jpeg_quality(path: str | Path) -> int | None:
    """The quality, 1 to 100, that a JPEG's quantisation table is nearest to on libjpeg's scale.

    Encoders with tables of their own (cameras, Photoshop) come out where their steps are as coarse
    on average.

    Returns:
        None where the file is not a JPEG.
    """
    try:
        with warnings.catch_warnings(), opened(path) as image:
            warnings.simplefilter('ignore')
            tables = getattr(image, 'quantization', None)
    except UNREADABLE:
        return None  # whoever reads the picture says what is wrong with it
    if not tables:
        return None
    # Steps are cut at 255, which says nothing of the scale.
    known = [pair for pair in zip(tables[min(tables)], _LUMA, strict=True) if pair[0] < 255]
    if not known:
        return 1
    percent = 100 * sum(step for step, _ in known) / sum(base for _, base in known)
    quality = (200 - percent) / 2 if percent <= 100 else 5000 / percent
    return min(max(round(quality), 1), 100)


def is_gray_jpeg(path: str | Path) -> bool:
    """Whether a file is a JPEG of one channel."""
    try:
        with warnings.catch_warnings(), opened(path) as image:
            warnings.simplefilter('ignore')
            return image.format == 'JPEG' and image.mode == 'L'
    except UNREADABLE:
        return False


def jpeg_round_trip(image: np.ndarray, quality: int, *, sampling: Sampling = '4:2:0') -> np.ndarray:
    """An image as OpenCV's JPEG encoder at `quality` leaves it.

    Args:
        image: (H, W, 3) RGB or (H, W, 1) gray, uint8, or float in [0, 1] and rounded to 8 bits
            first.
        quality: 1 to 100.
        sampling: Of the chroma.
    Returns:
        Same shape, uint8 where it was, else float32.
    """
    options = [cv2.IMWRITE_JPEG_QUALITY, quality]
    if sampling == '4:4:4':
        options += [
            cv2.IMWRITE_JPEG_SAMPLING_FACTOR,
            cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444,
        ]
    eight_bit = image.dtype == np.uint8
    source = image if eight_bit else to_integers(image)
    done, data = cv2.imencode('.jpg', source[..., ::-1], options)
    if not done:
        raise ValueError(f'JPEG: OpenCV could not encode {image.shape}')
    colour = cv2.IMREAD_COLOR if image.shape[2] == 3 else cv2.IMREAD_GRAYSCALE
    decoded = cv2.imdecode(data, colour)
    assert decoded is not None
    decoded = decoded[..., None] if decoded.ndim == 2 else decoded[..., ::-1]
    return decoded if eight_bit else np.divide(decoded, np.float32(255), dtype=np.float32)
