"""Pixels as a file holds them, in 8 or 16 bits, and as numbers in [0, 1]."""

from __future__ import annotations

from typing import Literal

import numpy as np

BitDepth = Literal[8, 16]
PEAKS = {np.dtype(np.uint8): 255, np.dtype(np.uint16): 65535}
ROWS = 256


def to_integers(image: np.ndarray, bits: BitDepth = 8) -> np.ndarray:
    """Round an image in [0, 1] to uint8 or uint16, halves up, clipped."""
    peak = 2**bits - 1
    dtype = np.uint8 if bits == 8 else np.uint16
    integers = np.empty(image.shape, dtype)
    for top in range(0, len(image), ROWS):  # so that large images need no other large ones
        rows = np.clip(image[top : top + ROWS], 0, 1) * peak
        rows += 0.5
        integers[top : top + ROWS] = np.floor(rows, out=rows)
    return integers


def to_floats(image: np.ndarray) -> np.ndarray:
    """Integers of 8 or 16 bits as float32 in [0, 1], float16 as float32; others as they are."""
    peak = PEAKS.get(image.dtype)
    if peak is None:
        return image.astype(np.float32) if image.dtype == np.float16 else image
    return np.divide(image, np.float32(peak), dtype=np.float32)


def to_rgb(image: np.ndarray) -> np.ndarray:
    """(H, W, 3) of an image that may be gray, (H, W, 1)."""
    return np.repeat(image, 3, axis=2) if image.shape[2] == 1 else image


def to_eight_bits(image: np.ndarray) -> np.ndarray:
    """An image rounded to uint8, halves up; uint8 as it is."""
    return image if image.dtype == np.uint8 else to_integers(to_floats(image))
