"""TIFF files in: what OpenCV does wrong, or not at all, is done here."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any

import numpy as np

from restorekit.io.decoding import AS_STORED, decoded
from restorekit.io.errors import ImageReadError
from restorekit.io.limit import check_pixels
from restorekit.io.metadata import ORIENTATION, UNREADABLE, opened, opened_tiff, orientation_of

STARTS = (b'II*\0', b'MM\0*', b'II+\0', b'MM\0+')


def is_tiff(data: bytes) -> bool:
    """Whether bytes are the beginning of a TIFF file."""
    return data[:4] in STARTS


def float_tiff_size(data: bytes) -> tuple[int, int] | None:
    """(H, W), as stored, of a TIFF file whose samples are floats; None of other bytes."""
    if not is_tiff(data):
        return None
    try:
        with opened_tiff(io.BytesIO(data)) as file:
            page: Any = file.pages[0]
            floats = page.dtype is not None and page.dtype.kind == 'f'
            return (page.imagelength, page.imagewidth) if floats else None
    except UNREADABLE:
        return None


def tiff_pixels(path: str | Path, data: bytes) -> np.ndarray:
    """The first page, upright: (H, W) or (H, W, C) in the order of the file, RGB and alpha.

    OpenCV decodes it, but for 8 bits with alpha, by which it multiplies the colours: those are
    Pillow's. Orientations that OpenCV fails at are hidden from both, and followed here.

    Raises:
        ImageReadError: If it is damaged, or of a kind that neither decodes.
    """
    try:
        with opened_tiff(io.BytesIO(data)) as file:
            page: Any = file.pages[0]
            height, width = page.imagelength, page.imagewidth
            tag = page.tags.get(ORIENTATION)
            orientation = orientation_of(page.tags)
            if tag is not None and orientation != 1:
                upright = struct.pack(f'{file.byteorder}H', 1)
                data = data[: tag.valueoffset] + upright + data[tag.valueoffset + 2 :]
            blended = bool(page.extrasamples) and page.dtype == np.uint8
    except UNREADABLE as error:
        raise ImageReadError(f'{path}: not a readable TIFF ({error})') from None
    check_pixels(path, height, width)
    stored = _by_pillow(path, data) if blended else decoded(path, data, AS_STORED)
    return turned(stored, orientation)


def turned(stored: np.ndarray, orientation: int) -> np.ndarray:
    """Pixels, (H, W, …), as they are to be seen, from how EXIF says that they are stored."""
    image = stored.swapaxes(0, 1) if orientation >= 5 else stored
    flips = {2: (1,), 3: (0, 1), 4: (0,), 6: (1,), 7: (0, 1), 8: (0,)}.get(orientation, ())
    return np.flip(image, flips)


def _by_pillow(path: str | Path, data: bytes) -> np.ndarray:
    try:
        with opened(io.BytesIO(data)) as image:
            return np.asarray(image.convert('RGBA'))
    except UNREADABLE as error:
        raise ImageReadError(f'{path}: not a readable TIFF ({error})') from None
