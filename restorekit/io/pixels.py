"""Pixels as a file holds them, in 8 or 16 bits, and as numbers in [0, 1]."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from restorekit.io.image import read_image, to_integers

EIGHT_BIT = (b'\xff\xd8', b'BM', b'RIFF')  # how JPEG, BMP and WebP begin
PEAKS = {np.dtype(np.uint8): 255, np.dtype(np.uint16): 65535}


def read_pixels(path: str | Path) -> np.ndarray:
    """As `read_image`, but uint8 or uint16, whichever holds the file's values.

    Returns:
        (H, W, 3) RGB, or (H, W, 1) for a gray file; `to_floats` of it is what `read_image` gives.
    Raises:
        FileNotFoundError, ImageReadError: As `read_image` does.
    """
    image = read_image(path)
    with open(path, 'rb') as file:
        head = file.read(25)
    if head.startswith(b'\x89PNG'):
        deep = head[24] == 16
    else:
        deep = not head.startswith(EIGHT_BIT) and not _fits_eight_bits(image)
    if deep:
        return to_integers(image, 16)
    return cv2.convertScaleAbs(image, alpha=255).reshape(image.shape)


def _fits_eight_bits(image: np.ndarray) -> bool:
    return np.array_equal(to_floats(to_integers(image)), image)


def to_floats(image: np.ndarray) -> np.ndarray:
    """Integers of 8 or 16 bits as float32 in [0, 1], float16 as float32; others as they are."""
    peak = PEAKS.get(image.dtype)
    if peak is None:
        return image.astype(np.float32) if image.dtype == np.float16 else image
    return np.divide(image, np.float32(peak), dtype=np.float32)


def to_eight_bits(image: np.ndarray) -> np.ndarray:
    """An image rounded to uint8, halves up; uint8 as it is."""
    return image if image.dtype == np.uint8 else to_integers(to_floats(image))
