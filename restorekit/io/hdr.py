"""Linear HDR images in and out, and tone mapping for looking at them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Literal, get_args

import cv2
import numpy as np
import torch

from restorekit.functional import mu_law
from restorekit.io.errors import ImageReadError
from restorekit.io.files import whole_file, write_whole
from restorekit.io.image import read_bytes, read_image
from restorekit.io.limit import check_pixels
from restorekit.io.pixels import to_rgb
from restorekit.io.tiff import float_tiff_size

HDR_EXTENSIONS = ('.hdr', '.exr')
WRITABLE = (*HDR_EXTENSIONS, '.tif', '.tiff')
ToneMap = Literal['mu', 'reinhard', 'drago', 'mantiuk']
TONE_MAPS: tuple[ToneMap, ...] = get_args(ToneMap)


def is_hdr(path: str | Path) -> bool:
    """Whether a file's name is that of a format which holds nothing but HDR."""
    return Path(path).suffix.lower() in HDR_EXTENSIONS


def read_hdr(path: str | Path) -> np.ndarray:
    """Read linear radiance: Radiance .hdr, OpenEXR (needs `restorekit[exr]`) or 32-bit float TIFF.

    Integer TIFF and PNG files are taken to be linear too, and give [0, 1].

    Returns:
        (H, W, 3) linear RGB, float32, >= 0, unbounded.
    Raises:
        FileNotFoundError: If there is no such file.
        ImageReadError: If the file is truncated, is not an image, or holds negative or non-finite
            values.
        ModuleNotFoundError: If it is an OpenEXR file and the extra is not installed.
    """
    suffix = Path(path).suffix.lower()
    data = read_bytes(path)
    if suffix == '.exr':
        image = _read_exr(path)
    elif suffix == '.hdr':
        image = _decode(path, data, _radiance_size(data))
    elif (size := float_tiff_size(data)) is not None:
        image = _decode(path, data, size)
    else:
        image = read_image(path)
    image = to_rgb(image)
    _check_radiance(path, image)
    return np.ascontiguousarray(image, dtype=np.float32)


def hdr_size(path: str | Path) -> tuple[int, int]:
    """(H, W) of a .hdr or .exr file, from its header."""
    if Path(path).suffix.lower() == '.exr':
        return read_hdr(path).shape[:2]
    head = read_bytes(path)[:4096]
    size = _radiance_size(head)
    if size is None:
        raise ImageReadError(f'{path}: not a readable Radiance file ({len(head)} bytes of header)')
    return size


def write_hdr(path: str | Path, image: np.ndarray) -> None:
    """Write linear radiance; the extension of the name says the format.

    Radiance .hdr keeps about 3 digits of the largest channel of each pixel; OpenEXR and TIFF keep
    float32 as it is. The file appears under its name only once it is whole.

    Args:
        path: The file to write, one of .hdr, .exr (needs `restorekit[exr]`), .tif, .tiff.
        image: (H, W, 3) linear RGB, >= 0.
    Raises:
        ValueError: If the shape, a value or the extension is not one of these.
        OSError: If the file cannot be written.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if image.ndim != 3 or image.shape[2] != 3:
        raise ValueError(f'{path}: expected (H, W, 3), got {image.shape}')
    if suffix not in WRITABLE:
        raise ValueError(f'{path}: HDR is written to {", ".join(WRITABLE)}')
    _check_radiance(path, image)
    pixels = np.ascontiguousarray(image, dtype=np.float32)
    if suffix == '.exr':
        _write_exr(path, pixels)
        return
    if suffix == '.hdr':
        # OpenCV truncates to a pixel's 8 bits; half of the last bit is added, which rounds.
        largest = pixels.max(axis=2, keepdims=True)
        half = np.ldexp(np.float32(0.5), np.frexp(largest)[1] - 8)
        pixels = pixels + np.where(largest > 0, half, 0)
    done, data = cv2.imencode(suffix, pixels[..., ::-1])
    if not done:
        raise ValueError(f'{path}: OpenCV could not encode {image.shape}')
    write_whole(path, data.tobytes())


def tonemap(image: np.ndarray, method: ToneMap = 'mu') -> np.ndarray:
    """A display-referred picture of a linear HDR image, for viewing.

    Args:
        image: (H, W, 3) linear RGB, >= 0. 'mu' expects [0, 1] and clips values above.
        method: 'mu' (mu-law, mu = 5000), or one of OpenCV's, with gamma 2.2: 'drago', 'reinhard'
            (half adapted to each pixel, without which dark rooms come out white), 'mantiuk'
            (contrasts scaled by 0.65).
    Returns:
        Same shape, float32 in [0, 1].
    Raises:
        ValueError: If `method` is none of these.
    """
    if method not in TONE_MAPS:
        raise ValueError(f'tonemap: method must be one of {TONE_MAPS}, got {method!r}')
    if method == 'mu':
        return mu_law(torch.from_numpy(np.clip(image, 0, 1))).float().numpy()
    if not image.max(initial=0) > 0:  # OpenCV fails at black
        return np.zeros_like(image, dtype=np.float32)
    mapped = _curve(method).process(np.ascontiguousarray(image, dtype=np.float32))
    return np.clip(np.nan_to_num(mapped), 0, 1)


def _curve(method: ToneMap) -> Any:
    if method == 'reinhard':
        return cv2.createTonemapReinhard(gamma=2.2, light_adapt=0.5)
    if method == 'mantiuk':
        return cv2.createTonemapMantiuk(gamma=2.2, scale=0.65)
    return cv2.createTonemapDrago(gamma=2.2)


def _check_radiance(path: str | Path, image: np.ndarray) -> None:
    if not np.isfinite(image).all():
        raise ImageReadError(f'{path}: radiance must be finite, it holds NaN or infinity')
    if image.min(initial=0) < 0:
        raise ImageReadError(f'{path}: radiance must be >= 0, it goes down to {image.min():g}')


def _radiance_size(data: bytes) -> tuple[int, int] | None:
    """(H, W) in the header of a .hdr file."""
    found = re.search(rb'\n-Y (\d+) \+X (\d+)\n', data[:4096])
    return (int(found[1]), int(found[2])) if data.startswith(b'#?') and found else None


def _decode(path: str | Path, data: bytes, size: tuple[int, int] | None) -> np.ndarray:
    if size is not None:
        check_pixels(path, *size)
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:
        image = None
    if image is None or image.dtype != np.float32:
        raise ImageReadError(f'{path}: truncated, or not a readable HDR image ({len(data)} bytes)')
    return image[..., None] if image.ndim == 2 else image[..., 2::-1]


def _openexr(path: str | Path) -> Any:
    try:
        import OpenEXR
    except ModuleNotFoundError:
        raise ModuleNotFoundError(
            f'{path}: OpenEXR files need an extra: pip install "restorekit[exr]"'
        ) from None
    return OpenEXR


def _read_exr(path: str | Path) -> np.ndarray:
    exr = _openexr(path)
    try:
        with exr.File(str(path), header_only=True) as file:
            (left, top), (right, bottom) = file.header()['dataWindow']
        check_pixels(path, int(bottom) - int(top) + 1, int(right) - int(left) + 1)
        with exr.File(str(path)) as file:
            channels = {name: channel.pixels for name, channel in file.channels().items()}
    except ImageReadError:
        raise
    except Exception as error:  # the library raises RuntimeError for whatever it meets
        raise ImageReadError(f'{path}: not a readable OpenEXR file ({error})') from None
    for name in ('RGB', 'RGBA', 'Y'):
        if name in channels:
            pixels = np.asarray(channels[name], dtype=np.float32)
            return pixels[..., None] if pixels.ndim == 2 else pixels[..., :3]
    raise ImageReadError(f'{path}: expected channels RGB or Y, got {", ".join(channels) or "none"}')


def _write_exr(path: Path, pixels: np.ndarray) -> None:
    exr = _openexr(path)
    header = {'compression': exr.ZIP_COMPRESSION, 'type': exr.scanlineimage}
    with whole_file(path) as temporary, exr.File(header, {'RGB': pixels}) as file:
        try:
            file.write(str(temporary))
        except RuntimeError as error:  # the library's word for a missing folder or a full disk
            raise OSError(str(error)) from error
