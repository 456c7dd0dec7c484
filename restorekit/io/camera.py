"""Files of cameras that OpenCV does not read: HEIC, and raw sensor data. Each needs an extra."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from restorekit.io.errors import ImageReadError
from restorekit.io.limit import check_pixels

HEIC = ('.heic', '.heif', '.hif')
RAW = ('.arw', '.cr2', '.cr3', '.dng', '.nef', '.nrw', '.orf', '.pef', '.raf', '.rw2', '.srw')


def is_camera_file(path: str | Path) -> bool:
    """Whether a file's name is that of a format which is read here."""
    return Path(path).suffix.lower() in (*HEIC, *RAW)


def is_raw(path: str | Path) -> bool:
    """Whether a file's name is that of raw sensor data."""
    return Path(path).suffix.lower() in RAW


def camera_pixels(path: str | Path) -> np.ndarray:
    """(H, W, 3) RGB, upright: uint8, or uint16 where the file has more than 8 bits.

    Raw data is developed by LibRaw: white balance of the camera, sRGB primaries, its tone curve
    (BT.709), and no brightening, so that frames of different exposure stay different.

    Raises:
        ModuleNotFoundError: If the extra is not installed; the message names it.
        ImageReadError: If the file cannot be decoded, or has too many pixels.
    """
    if not is_raw(path):
        return _heic(path)
    rawpy = _extra('rawpy', 'raw', path)
    try:
        with rawpy.imread(str(path)) as raw:
            check_pixels(path, raw.sizes.height, raw.sizes.width)
            image = raw.postprocess(use_camera_wb=True, no_auto_bright=True, output_bps=16)
    except rawpy.LibRawError as error:
        raise ImageReadError(f'{path}: not readable raw data ({error})') from None
    return image


def _heic(path: str | Path) -> np.ndarray:
    heif = _extra('pillow_heif', 'heic', path)
    try:
        file = heif.open_heif(path, convert_hdr_to_8bit=False)
    except (ValueError, SyntaxError, RuntimeError, EOFError) as error:
        raise ImageReadError(f'{path}: not a readable HEIC file ({error})') from None
    if len(file) > 1:
        raise ImageReadError(f'{path}: holds {len(file)} pictures; give them one by one')
    width, height = file.size
    check_pixels(path, height, width)
    pixels = np.asarray(file)
    return pixels[..., None].repeat(3, 2) if pixels.ndim == 2 else pixels[..., :3]


def _extra(module: str, extra: str, path: str | Path) -> Any:
    import importlib

    try:
        return importlib.import_module(module)
    except ModuleNotFoundError:
        raise ModuleNotFoundError(
            f'{path}: these files need an extra: pip install "restorekit[{extra}]"'
        ) from None
