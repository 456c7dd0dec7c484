"""Image files out."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np

from restorekit.io.files import write_whole
from restorekit.io.image import EXTENSIONS
from restorekit.io.metadata import Metadata, fitted
from restorekit.io.pixels import BitDepth, to_integers

# What a format holds beside three channels of 8 bits.
HOLDS = {
    '.png': ('16 bits', 'alpha', 'profile', 'EXIF', 'dpi'),
    '.jpg': ('profile', 'EXIF', 'dpi', 'quality'),
    '.tif': ('16 bits', 'alpha', 'profile', 'dpi'),
    '.webp': ('alpha', 'profile', 'EXIF', 'quality'),
    '.avif': ('alpha', 'profile', 'EXIF', 'quality'),
    '.bmp': (),
}
SAME = {'.jpeg': '.jpg', '.tiff': '.tif'}
QUALITY = {
    '.jpg': cv2.IMWRITE_JPEG_QUALITY,
    '.webp': cv2.IMWRITE_WEBP_QUALITY,
    '.avif': cv2.IMWRITE_AVIF_QUALITY,
}
MAX_JPEG_EXIF = 65_000  # bytes; a segment of a JPEG holds no more
INCHES_PER_METRE = 1 / 0.0254


def holds(path: str | Path, what: str) -> bool:
    """Whether the format of a file's name holds 'alpha', '16 bits', a 'profile', 'EXIF', 'dpi'."""
    return what in HOLDS[_format(Path(path))]


def write_image(
    path: str | Path,
    image: np.ndarray,
    *,
    bits: BitDepth = 8,
    alpha: np.ndarray | None = None,
    metadata: Metadata | None = None,
    quality: int | None = None,
) -> list[str]:
    """Write an image, rounded to 8 or 16 bits; the extension of the name says the format.

    The file appears under its name only once it is whole.

    Args:
        path: The file to write; its folder must exist.
        image: (H, W, 3) RGB or (H, W, 1) gray, float in [0, 1] (clipped), or
            integers of these bits.
        bits: 8 or 16 (PNG and TIFF).
        alpha: (H, W, 1), float in [0, 1].
        metadata: What the file is to carry besides.
        quality: 1 to 100, of JPEG, WebP (above 100: lossless) and AVIF; None is OpenCV's default.
    Returns:
        What the format cannot hold, and was left out, of 'alpha', 'profile' and 'EXIF'.
    Raises:
        ValueError: If the shape, the extension, the depth or the quality is not one of these, or a
            value is NaN or infinite.
        TypeError: If the image is no array.
        OSError: If the file cannot be written.
    """
    path = Path(path)
    _check(path, image, bits, quality)
    carried, lost = _kept(path, metadata or Metadata(), image.shape[2] if alpha is None else 3)
    pixels = to_integers(image, bits) if np.issubdtype(image.dtype, np.floating) else image
    if alpha is not None and holds(path, 'alpha'):
        colour = np.broadcast_to(pixels, (*pixels.shape[:2], 3))
        pixels = np.dstack([colour, to_integers(alpha, bits)])
    elif alpha is not None:
        lost.append('alpha')
    if _format(path) == '.tif':
        write_whole(path, _tiff(pixels, carried))
    else:
        write_whole(path, _encoded(path, pixels, carried, quality))
    return lost


def _check(path: Path, image: np.ndarray, bits: int, quality: int | None) -> None:
    if not isinstance(image, np.ndarray):
        raise TypeError(f'{path}: expected an array, got {type(image).__name__}')
    if image.ndim != 3 or image.shape[2] not in (1, 3):
        raise ValueError(f'{path}: expected (H, W, 1) or (H, W, 3), got {image.shape}')
    if path.suffix.lower() not in EXTENSIONS:
        raise ValueError(f'{path}: unknown extension; accepted: {", ".join(EXTENSIONS)}')
    if bits not in (8, 16) or (bits == 16 and not holds(path, '16 bits')):
        raise ValueError(f'{path}: {bits} bits; accepted: 8, or 16 for PNG and TIFF')
    if quality is not None and not holds(path, 'quality'):
        raise ValueError(f'{path}: a quality is for JPEG, WebP and AVIF')
    most = np.inf if path.suffix.lower() == '.webp' else 100
    if quality is not None and not (isinstance(quality, int) and 1 <= quality <= most):
        raise ValueError(f'{path}: quality must be 1 to 100, got {quality!r}')
    if np.issubdtype(image.dtype, np.floating):
        wrong = int(np.count_nonzero(~np.isfinite(image)))
        if wrong:
            raise ValueError(f'{path}: {wrong} of {image.size} values are NaN or infinite')
    elif image.dtype != np.dtype(f'uint{bits}'):
        raise ValueError(f'{path}: expected floats in [0, 1] or uint{bits}, got {image.dtype}')


def _kept(path: Path, metadata: Metadata, channels: int) -> tuple[Metadata, list[str]]:
    """What of the metadata the format holds, and the names of what it does not."""
    icc = metadata.icc if metadata.suits(channels) and holds(path, 'profile') else b''
    too_long = _format(path) == '.jpg' and len(metadata.exif) > MAX_JPEG_EXIF
    exif = metadata.exif if holds(path, 'EXIF') and not too_long else b''
    lost = ['profile'] if metadata.icc and not icc else []
    lost += ['EXIF'] if metadata.exif and not exif else []
    return Metadata(icc, exif, metadata.dpi), lost


def _format(path: Path) -> str:
    suffix = path.suffix.lower()
    return SAME.get(suffix, suffix)


def _encoded(path: Path, pixels: np.ndarray, metadata: Metadata, quality: int | None) -> bytes:
    kind, dpi = _format(path), metadata.dpi
    options = [] if quality is None else [QUALITY[kind], quality]
    order = [2, 1, 0, 3][: pixels.shape[2]] if pixels.shape[2] > 1 else [0]
    stored = np.ascontiguousarray(pixels[..., order])
    exif = metadata.exif
    # Where the resolution has no place of its own, EXIF says it.
    if exif or (dpi is not None and holds(path, 'EXIF') and not holds(path, 'dpi')):
        exif = fitted(exif, pixels.shape[:2], dpi)
    texts = {cv2.IMAGE_METADATA_EXIF: exif, cv2.IMAGE_METADATA_ICCP: metadata.icc}
    given = {kind: np.frombuffer(text, np.uint8) for kind, text in texts.items() if text}
    try:
        if given:
            done, data = cv2.imencodeWithMetadata(
                kind, stored, [*given], [*given.values()], options
            )
        else:
            done, data = cv2.imencode(kind, stored, options)
    except cv2.error as error:
        raise ValueError(f'{path}: OpenCV could not encode it ({error.err})') from None
    if not done:
        raise ValueError(f'{path}: OpenCV could not encode {pixels.shape} {pixels.dtype}')
    encoded = data.tobytes()
    if dpi is None or not holds(path, 'dpi'):
        return encoded
    return _jpeg_dpi(encoded, dpi) if kind == '.jpg' else _png_dpi(encoded, dpi)


def _tiff(pixels: np.ndarray, metadata: Metadata) -> bytes:
    import tifffile

    buffer = io.BytesIO()
    tifffile.imwrite(
        buffer,
        pixels[..., 0] if pixels.shape[2] == 1 else pixels,
        photometric='minisblack' if pixels.shape[2] == 1 else 'rgb',
        compression='zlib',
        iccprofile=metadata.icc or None,
        resolution=metadata.dpi,
        resolutionunit='INCH' if metadata.dpi else None,
        metadata=None,
        software=False,
    )
    return buffer.getvalue()


def _jpeg_dpi(data: bytes, dpi: tuple[float, float]) -> bytes:
    """A JPEG whose JFIF header says the resolution."""
    at = data.find(b'JFIF\0', 0, 64)
    if at < 0:
        return data
    dots = struct.pack('>BHH', 1, *(min(max(round(value), 1), 65535) for value in dpi))
    return data[: at + 7] + dots + data[at + 12 :]


def _png_dpi(data: bytes, dpi: tuple[float, float]) -> bytes:
    """A PNG with a pHYs chunk behind its header."""
    dots = struct.pack('>IIB', *(round(value * INCHES_PER_METRE) for value in dpi), 1)
    chunk = struct.pack('>I', len(dots)) + b'pHYs' + dots
    chunk += struct.pack('>I', zlib.crc32(b'pHYs' + dots))
    end = 33  # of the signature and IHDR
    return data[:end] + chunk + data[end:]
