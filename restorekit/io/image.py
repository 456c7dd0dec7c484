"""Image files in. BGR exists only in this folder; everywhere else it is RGB."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import simplejpeg

from restorekit.io.camera import camera_pixels, is_camera_file
from restorekit.io.decoding import AS_SHOWN, AS_STORED, decoded
from restorekit.io.errors import ImageReadError
from restorekit.io.limit import check_pixels
from restorekit.io.metadata import MARK, Header, Metadata, may_hold_several, read_header
from restorekit.io.pixels import BitDepth, to_floats
from restorekit.io.tiff import is_tiff, tiff_pixels, turned

JPEG_START = b'\xff\xd8'
EXIF_WITHIN = 2**17  # bytes of a JPEG
EXTENSIONS = ('.png', '.jpg', '.jpeg', '.bmp', '.tif', '.tiff', '.webp', '.avif')


@dataclass(frozen=True)
class Picture:
    """An image file.

    Attributes:
        image: (H, W, 3) RGB or (H, W, 1), float32 in [0, 1], upright.
        alpha: (H, W, 1), float32 in [0, 1]; None where there is none.
        bits: 8 or 16, of the file.
        metadata: What else goes into a file that is made of it.
    """

    image: np.ndarray
    alpha: np.ndarray | None = None
    bits: BitDepth = 8
    metadata: Metadata = field(default_factory=Metadata)


def is_image(path: str | Path) -> bool:
    """Whether a file's name is that of an image that can be read."""
    return Path(path).suffix.lower() in EXTENSIONS or is_camera_file(path)


def read_image(path: str | Path) -> np.ndarray:
    """Read a PNG, JPEG, BMP, TIFF, WebP, AVIF, HEIC or raw file, 8 or 16 bits.

    The orientation in the EXIF data is applied. An alpha channel is dropped.

    Returns:
        (H, W, 3) RGB, or (H, W, 1) for a gray file, float32 in [0, 1], in steps of 1/255 or
        1/65535.
    Raises:
        FileNotFoundError: If there is no such file.
        ImageReadError: If the file is empty, truncated, damaged as far as its format lets that be
            seen, not an image, or an animation or a file of several pages.
        ModuleNotFoundError: If the format needs an extra that is not installed.
    """
    return to_floats(read_pixels(path))


def read_pixels(path: str | Path) -> np.ndarray:
    """What `read_image` reads, (H, W, C), as the uint8 or uint16 of the file."""
    data = read_bytes(path)
    if may_hold_several(data):
        _check_single(path, read_header(path))
    return _decoded(path, data)


def read_picture(path: str | Path) -> Picture:
    """Read an image file with all that `Picture` holds.

    Raises:
        FileNotFoundError, ImageReadError, ModuleNotFoundError: As `read_image`.
    """
    header = read_header(path)
    _check_single(path, header)
    data = read_bytes(path)
    pixels = _decoded(path, data)
    alpha = None
    if header is not None and header.has_alpha:
        alpha = _alpha(path, data, header.orientation)
    return Picture(
        image=to_floats(pixels),
        alpha=alpha,
        bits=8 if pixels.dtype == np.uint8 else 16,
        metadata=Metadata() if header is None else header.metadata,
    )


def image_size(path: str | Path) -> tuple[int, int]:
    """(H, W) of an image file, oriented as by `read_image`, from its header where possible.

    Raises:
        FileNotFoundError: If there is no such file.
        ImageReadError: If the file is not an image, or holds several.
    """
    header = read_header(path)
    _check_single(path, header)
    return read_pixels(path).shape[:2] if header is None else header.size


def read_bytes(path: str | Path) -> bytes:
    """The bytes of an image file; raises what `read_image` raises."""
    try:
        if not Path(path).is_file() and Path(path).exists():  # a pipe would be waited for
            kind = 'a folder' if Path(path).is_dir() else 'no regular file'
            raise ImageReadError(f'{path}: is {kind}, not an image')
        data = Path(path).read_bytes()
    except FileNotFoundError:
        raise FileNotFoundError(f'{path}: no such file') from None
    if not _is_whole(data):
        raise ImageReadError(f'{path}: truncated or empty image ({len(data)} bytes)')
    return data


def _check_single(path: str | Path, header: Header | None) -> None:
    if header is not None and header.frames > 1:
        raise ImageReadError(
            f'{path}: an animation, or a file of {header.frames} pages; give them one by one'
        )


def _decoded(path: str | Path, data: bytes) -> np.ndarray:
    """(H, W, 3) RGB or (H, W, 1), upright, as the uint8 or uint16 of the file."""
    if is_camera_file(path):
        image = camera_pixels(path)
    elif is_tiff(data):
        image = tiff_pixels(path, data)
        image = image[..., :3] if image.ndim == 3 else image
    else:
        jpeg = _jpeg_pixels(path, data) if data.startswith(JPEG_START) else None
        image = decoded(path, data, AS_SHOWN) if jpeg is None else jpeg
    if image.dtype not in (np.uint8, np.uint16):
        raise ImageReadError(
            f'{path}: expected 8 or 16 bits per channel, got {image.dtype} (linear HDR?)'
        )
    return image[..., None] if image.ndim == 2 else image


def _alpha(path: str | Path, data: bytes, orientation: int) -> np.ndarray | None:
    """(H, W, 1) float32 of a file that says that it has an alpha channel, upright."""
    if is_tiff(data):
        image = tiff_pixels(path, data)
    else:  # as stored: OpenCV turns no picture that it reads unchanged
        image = turned(decoded(path, data, AS_STORED), orientation)
    if image.ndim == 2 or image.shape[2] not in (2, 4):
        return None
    return to_floats(image[..., -1:])


def _jpeg_pixels(path: str | Path, data: bytes) -> np.ndarray | None:
    """What OpenCV reads of a JPEG, to the same bits, but damage is not passed over.

    None of one that only OpenCV reads: CMYK, say.
    """
    try:
        height, width, colour, _ = simplejpeg.decode_jpeg_header(data)
        if colour not in ('Gray', 'YCbCr'):
            return None
        check_pixels(path, height, width)
        pixels = simplejpeg.decode_jpeg(data, 'Gray' if colour == 'Gray' else 'RGB')
    except ImageReadError:
        raise
    except ValueError as error:
        raise ImageReadError(f'{path}: damaged JPEG ({error})') from None
    header = read_header(path) if MARK in data[:EXIF_WITHIN] else None
    upright = pixels if header is None else turned(pixels, header.orientation)
    return upright[..., 0] if colour == 'Gray' else upright


def _is_whole(data: bytes) -> bool:
    """Whether a JPEG, PNG or WebP is complete; decoders silently fill what is missing with gray."""
    if data.startswith(JPEG_START):
        # Inside a scan 0xFF is always stuffed, so an end marker after the start of the first scan
        # is real. What comes before (thumbnails) or after (videos of phones) has its own markers.
        return data.find(b'\xff\xd9', _first_scan(data)) >= 0
    if data.startswith(b'\x89PNG'):
        return data.rfind(b'IEND') >= 0
    if data.startswith(b'RIFF') and data[8:12] == b'WEBP':
        return len(data) >= int.from_bytes(data[4:8], 'little') + 8
    return bool(data)


def _first_scan(data: bytes) -> int:
    """Where the first scan of a JPEG file begins; the end of the data if there is none."""
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        if data[at + 1] == 0xDA:
            return at
        # A marker without a length (fill bytes, restart markers), or a segment of that length.
        bare = data[at + 1] in (0xFF, 0x01) or 0xD0 <= data[at + 1] <= 0xD7
        at += 1 if data[at + 1] == 0xFF else 2
        if not bare:
            at += int.from_bytes(data[at : at + 2], 'big')
    return len(data)
