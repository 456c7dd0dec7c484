"""Image files, and what may happen to them."""

from __future__ import annotations

import contextlib
import os
import random
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import tifffile
from PIL import Image

from restorekit.io import read_hdr
from tests.fuzz.case import Case, Source

LOSSLESS = ('.png', '.tif', '.bmp')
NAMES = ('a', 'photo 1', 'Ünïcode', '100%', 'x.y', "it's", 'A' * 60)


def draw(case: Case, *, low: int = 3, high: int = 24) -> np.ndarray:
    """Random smooth pixels, (H, W, 1 or 3) uint8 or uint16."""
    rng, numbers = case.rng, case.numpy
    height, width, channels = rng.randint(low, high), rng.randint(low, high), rng.choice((1, 3, 3))
    bits = rng.choice((8, 8, 8, 16))
    small = numbers.random((3, 3, channels), dtype=np.float32)
    image = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
    image = image.reshape(height, width, channels)
    return np.round(image * (2**bits - 1)).astype(np.uint8 if bits == 8 else np.uint16)


def encode(path: Path, pixels: np.ndarray, *options: int) -> None:
    """Write RGB or gray pixels, by OpenCV alone."""
    done, data = cv2.imencode(path.suffix.lower(), pixels[..., ::-1], [*options])
    assert done
    path.write_bytes(data.tobytes())


def decode(path: Path, *, alpha: bool = False) -> np.ndarray | None:
    """(H, W, C) float in [0, 1], or radiance, by OpenCV alone; None where it is no image."""
    image = stored(path)
    if image is None:
        return None
    order = [2, 1, 0, 3][: image.shape[-1]] if alpha else [2, 1, 0]
    image = image[..., None] if image.ndim == 2 else image[..., order]
    peak = {np.dtype(np.uint8): 255, np.dtype(np.uint16): 65535}.get(image.dtype, 1)
    return image.astype(np.float64) / peak


def stored(path: Path) -> np.ndarray | None:
    """What OpenCV reads of a file, as it is; others read what it does wrong, or not at all."""
    if path.suffix == '.exr':
        with contextlib.suppress(ValueError):
            return read_hdr(path)[..., ::-1]
        return None
    if path.suffix.lower() in ('.tif', '.tiff'):
        with contextlib.suppress(ValueError):
            image = tifffile.imread(path)
            if image.ndim == 3 and image.shape[2] == 4:  # OpenCV multiplies the colours by it
                return image[..., [2, 1, 0, 3]]
    return cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_UNCHANGED)


def new_picture(case: Case, folder: Path) -> Source:
    """A sound image file."""
    rng, pixels = case.rng, draw(case)
    suffix = rng.choice(('.png', '.png', '.tif', '.bmp', '.jpg', '.webp', '.PNG'))
    if pixels.dtype == np.uint16 and suffix.lower() not in ('.png', '.tif'):
        pixels = (pixels >> 8).astype(np.uint8)
    path = folder / f'{rng.choice(NAMES)}{len(case.sources)}{suffix}'
    encode(path, pixels)
    truth = decode(path)
    if suffix == '.webp' and truth is not None and pixels.shape[2] == 1:
        truth = np.repeat(truth, 3, 2) if truth.shape[2] == 1 else truth
    return Source(path, truth, names=[path.name], depth=8 * pixels.dtype.itemsize)


def change_picture(case: Case, source: Source) -> None:
    """One random change to an image file."""
    name, change, verdict = case.rng.choice(CHANGES)
    done = change(source.path, case.rng)
    if done is False:
        return
    case.changes.append(f'{source.path.name}: {name}')
    if verdict == 'turned':
        source.truth = TURNS[done](decode(source.path))
        source.depth = 8  # Pillow's
    else:
        source.change(verdict, source.path.name)


def _cut(path: Path, rng: random.Random) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * rng.uniform(0.02, 0.85))])


def _zero_scan(path: Path, rng: random.Random) -> bool:
    """Zeros in the coded pixels of a PNG; a JPEG of this size may hold as many by right."""
    data = bytearray(path.read_bytes())
    start = data.find(b'IDAT') + 14
    length = (len(data) - 16 - start) // 2
    if data[:2] != b'\x89P' or length < 8:
        return False
    at = start + rng.randrange(length)
    data[at : at + length] = bytes(length)
    path.write_bytes(data)
    return True


def _flip_bit(path: Path, rng: random.Random) -> None:
    data = bytearray(path.read_bytes())
    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    path.write_bytes(data)


def _bomb(path: Path, rng: random.Random) -> None:
    """A small file of a picture with too many pixels."""
    side = rng.choice((30_000, 100_000, 2**31 - 1))

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack('>I', len(body)) + kind + body + struct.pack('>I', zlib.crc32(kind + body))
        )

    head = struct.pack('>IIBBBBB', side, side, 8, 0, 0, 0, 0)
    rows = zlib.compress(bytes(min(side * (side + 1), 10**6)), 9)
    path.write_bytes(
        b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', head) + chunk(b'IDAT', rows) + chunk(b'IEND', b'')
    )


def _replace(path: Path, make: object) -> None:
    path.unlink()
    make(path)  # type: ignore[operator]


def _with_pillow(path: Path, rng: random.Random, change: object, suffixes: tuple[str, ...]) -> bool:
    if path.suffix not in suffixes or decode(path) is None:
        return False
    with Image.open(path) as image:
        if image.mode not in ('L', 'RGB'):
            return False
        image.load()
    change(image, path)  # type: ignore[operator]
    return True


# By EXIF orientation: what is stored, as it is to be seen.
TURNS: dict[int, Callable[[np.ndarray], np.ndarray]] = {
    1: lambda stored: stored,
    2: lambda stored: stored[:, ::-1],
    3: lambda stored: stored[::-1, ::-1],
    4: lambda stored: stored[::-1],
    5: lambda stored: stored.swapaxes(0, 1),
    6: lambda stored: np.rot90(stored, -1),
    7: lambda stored: stored[::-1, ::-1].swapaxes(0, 1),
    8: np.rot90,
}


def _turn(path: Path, rng: random.Random) -> int | bool:
    orientation = rng.choice([*TURNS])
    exif = Image.Exif()
    exif[0x0112] = orientation

    def save(image: Image.Image, path: Path) -> None:
        image.save(path, exif=exif)

    done = _with_pillow(path, rng, save, ('.png', '.PNG', '.jpg', '.webp'))
    return orientation if done else False


def _pages(image: Image.Image, path: Path) -> None:
    image.save(path, save_all=True, append_images=[image.rotate(180)])


def orientation(path: Path) -> int:
    """What the EXIF data of a file says."""
    with contextlib.suppress(OSError), Image.open(path) as image:
        return image.getexif().get(0x0112, 1)
    return 1


def _float_tiff(path: Path, rng: random.Random) -> bool:
    if path.suffix != '.tif':
        return False
    value = rng.choice((np.nan, np.inf, -1.0, 0.5))
    _, data = cv2.imencode('.tif', np.full((6, 7, 3), value, np.float32))
    path.write_bytes(data.tobytes())
    return True


CHANGES = [
    ('cut', _cut, 'bad'),
    ('zeros in its pixels', _zero_scan, 'bad'),
    ('one bit', _flip_bit, 'open'),
    ('emptied', lambda path, rng: path.write_bytes(b''), 'bad'),
    ('text', lambda path, rng: path.write_text('not an image'), 'bad'),
    ('noise', lambda path, rng: path.write_bytes(rng.randbytes(rng.randint(1, 300))), 'bad'),
    ('too many pixels', _bomb, 'bad'),
    ('floats', _float_tiff, 'bad'),
    ('deleted', lambda path, rng: path.unlink(), 'bad'),
    ('a folder', lambda path, rng: _replace(path, Path.mkdir), 'bad'),
    ('a pipe', lambda path, rng: _replace(path, os.mkfifo), 'bad'),
    ('/dev/zero', lambda path, rng: _replace(path, lambda p: p.symlink_to('/dev/zero')), 'bad'),
    ('a link to itself', lambda path, rng: _replace(path, lambda p: p.symlink_to(p.name)), 'bad'),
    ('a link to nothing', lambda path, rng: _replace(path, lambda p: p.symlink_to('no')), 'bad'),
    *[('turned by its EXIF', _turn, 'turned')] * 3,
    ('two', lambda p, rng: _with_pillow(p, rng, _pages, ('.tif', '.webp', '.png')), 'bad'),
]
