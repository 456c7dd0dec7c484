"""Image files in and out. BGR exists only in this folder; everywhere else it is RGB."""

from __future__ import annotations

import io
import os
import warnings
from pathlib import Path
from typing import Literal

# OpenCV looks at a file's header first, and then once at this: 256 million pixels, unless said.
MAX_PIXELS = int(os.environ.setdefault('OPENCV_IO_MAX_IMAGE_PIXELS', str(2**28)))

import cv2  # noqa: E402
import numpy as np  # noqa: E402
import simplejpeg  # noqa: E402

from restorekit.io.files import write_whole  # noqa: E402

JPEG_START = b'\xff\xd8'
EXIF, EXIF_WITHIN = b'Exif\0\0', 2**17  # its mark, and how far into a JPEG it may begin
BitDepth = Literal[8, 16]
Sampling = Literal['4:2:0', '4:4:4']  # of a JPEG's chroma
EXTENSIONS = ('.png', '.jpg', '.jpeg', '.bmp', '.tif', '.tiff', '.webp')


class ImageReadError(ValueError):
    """A file is not an image, or is incomplete."""


def is_image(path: str | Path) -> bool:
    """Whether a file's name is that of an image."""
    return Path(path).suffix.lower() in EXTENSIONS


def read_image(path: str | Path) -> np.ndarray:
    """Read a PNG, JPEG, BMP, TIFF or WebP file, 8 or 16 bits.

    The orientation in the EXIF data is applied. An alpha channel is dropped.

    Returns:
        (H, W, 3) RGB, or (H, W, 1) for a gray file, float32 in [0, 1], in steps of 1/255 or
        1/65535.
    Raises:
        FileNotFoundError: If there is no such file.
        ImageReadError: If the file is empty, truncated, damaged as far as its format lets that be
            seen, or not an image.
    """
    data = read_bytes(path)
    image = _jpeg_pixels(path, data) if data.startswith(JPEG_START) else None
    image = _pixels(path, data) if image is None else image
    peak = {np.uint8: 255, np.uint16: 65535}.get(image.dtype.type)
    if peak is None:
        raise ImageReadError(
            f'{path}: expected 8 or 16 bits per channel, got {image.dtype} (linear HDR?)'
        )
    image = image[..., None] if image.ndim == 2 else image[..., ::-1]
    return np.divide(image, np.float32(peak), dtype=np.float32)


def image_size(path: str | Path) -> tuple[int, int]:
    """(H, W) of an image file, oriented as by `read_image`, from its header where possible.

    Raises:
        FileNotFoundError: If there is no such file.
        ImageReadError: If the file is not an image.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings(), Image.open(path) as image:
            warnings.simplefilter('ignore')  # damaged EXIF is of no interest here
            width, height = image.size
            if image.format not in ('JPEG', 'MPO', 'WEBP'):
                return height, width  # EXIF of a PNG: only read whole; TIFF: applied
            turned = image.getexif().get(0x0112, 1) >= 5  # EXIF orientations 5 to 8 swap the sides
            return (width, height) if turned else (height, width)
    except FileNotFoundError:
        raise FileNotFoundError(f'{path}: no such file') from None
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, SyntaxError):
        # 16-bit RGB TIFF, which Pillow does not know; or not an image.
        return read_image(path).shape[:2]


def write_image(path: str | Path, image: np.ndarray, *, bits: BitDepth = 8) -> None:
    """Write an image, rounded to 8 or 16 bits; the extension of the name says the format.

    The file appears under its name only once it is whole.

    Args:
        path: The file to write; its folder must exist.
        image: (H, W, 3) RGB or (H, W, 1) gray, float in [0, 1] (clipped) or uint8.
        bits: 8 or 16 (PNG and TIFF).
    Raises:
        ValueError: If the shape, the extension or the depth is not one of these.
        OSError: If the file cannot be written.
    """
    path = Path(path)
    if image.ndim != 3 or image.shape[2] not in (1, 3):
        raise ValueError(f'{path}: expected (H, W, 1) or (H, W, 3), got {image.shape}')
    if not is_image(path):
        raise ValueError(f'{path}: unknown extension; accepted: {", ".join(EXTENSIONS)}')
    if bits not in (8, 16) or (bits == 16 and path.suffix.lower() not in ('.png', '.tif', '.tiff')):
        raise ValueError(f'{path}: {bits} bits; accepted: 8, or 16 for PNG and TIFF')
    if image.dtype != np.uint8:
        image = to_integers(image, bits)
    done, data = cv2.imencode(path.suffix, image[..., ::-1])
    if not done:
        raise ValueError(f'{path}: OpenCV could not encode {image.shape} {image.dtype}')
    write_whole(path, data.tobytes())


def to_integers(image: np.ndarray, bits: BitDepth = 8) -> np.ndarray:
    """Round an image in [0, 1] to uint8 or uint16, halves up, clipped."""
    peak = 2**bits - 1
    dtype = np.uint8 if bits == 8 else np.uint16
    return np.floor(np.clip(image, 0, 1) * peak + 0.5).astype(dtype)


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


def _pixels(path: str | Path, data: bytes) -> np.ndarray:
    """What OpenCV reads: (H, W) or BGR, upright."""
    # ANYCOLOR keeps gray files gray and ANYDEPTH keeps 16 bits; unlike UNCHANGED, they apply the
    # EXIF orientation.
    flags = cv2.IMREAD_ANYCOLOR | cv2.IMREAD_ANYDEPTH
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error as error:
        if 'MAX_IMAGE_PIXELS' in str(error):
            raise ImageReadError(
                f'{path}: more than {MAX_PIXELS} pixels; the environment variable '
                'OPENCV_IO_MAX_IMAGE_PIXELS allows more'
            ) from None
        raise ImageReadError(f'{path}: OpenCV cannot decode it ({error.err})') from None
    if image is None:
        raise ImageReadError(f'{path}: not a readable image ({len(data)} bytes)')
    return image


def _jpeg_pixels(path: str | Path, data: bytes) -> np.ndarray | None:
    """What OpenCV reads of a JPEG, to the same bits, but damage is not passed over.

    None of one that only OpenCV reads: CMYK, say, or what needs turning.
    """
    try:
        height, width, colour, _ = simplejpeg.decode_jpeg_header(data)
        if colour not in ('Gray', 'YCbCr') or height * width > MAX_PIXELS:
            return None
        pixels = simplejpeg.decode_jpeg(data, 'Gray' if colour == 'Gray' else 'BGR')
    except ValueError as error:
        raise ImageReadError(f'{path}: damaged JPEG ({error})') from None
    if EXIF in data[:EXIF_WITHIN] and _orientation(data) > 1:
        return None
    return pixels[..., 0] if colour == 'Gray' else pixels


def _orientation(data: bytes) -> int:
    """The orientation in the EXIF data of an image, 1 to 8."""
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # damaged EXIF is of no interest here
        with Image.open(io.BytesIO(data)) as image:
            return image.getexif().get(0x0112, 1)


def _is_whole(data: bytes) -> bool:
    """Whether a JPEG, PNG or WebP is complete; decoders silently fill what is missing with gray."""
    if data.startswith(b'\xff\xd8'):
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
