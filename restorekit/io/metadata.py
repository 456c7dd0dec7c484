"""What an image file carries beside its pixels: colour profile, EXIF, resolution, alpha, frames."""

from __future__ import annotations

import contextlib
import io
import logging
import struct
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from restorekit.io.camera import is_camera_file, is_raw

if TYPE_CHECKING:
    from PIL import Image

_no_limit = threading.Lock()  # Pillow's is a global; files are read in several threads

ORIENTATION, SIDES = 0x0112, {0x0100: 0, 0x0101: 1}  # EXIF tags; width and height of the picture
X_DPI, Y_DPI, DPI_UNIT, INCH = 0x011A, 0x011B, 0x0128, 2
EXIF_IFD, EXIF_SIDES = 0x8769, {0xA002: 0, 0xA003: 1}
MARK = b'Exif\0\0'
PROFILES = {b'GRAY': 1, b'RGB ': 3}  # signature of an ICC profile, channels
PNG_START = b'\x89PNG\r\n\x1a\n'
# What Pillow and tifffile raise of damaged files: whatever their parsers stumble over.
UNREADABLE = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
)
PAGES = ('TIFF', 'GIF', 'WEBP', 'PNG', 'AVIF', 'HEIF')  # more than one picture; MPO has previews


@dataclass(frozen=True)
class Metadata:
    """What goes from the file that is read to the one that is written.

    Attributes:
        icc: The ICC profile.
        exif: EXIF data of an upright picture, without the mark before it.
        dpi: Horizontal and vertical resolution in dots per inch.
    """

    icc: bytes = b''
    exif: bytes = b''
    dpi: tuple[float, float] | None = None

    def suits(self, channels: int) -> bool:
        """Whether the profile is one for pictures of so many channels."""
        return PROFILES.get(self.icc[16:20], 0) == channels


@dataclass(frozen=True)
class Header:
    """What a file says of itself.

    Attributes:
        metadata: As above.
        size: H, W of the upright picture.
        orientation: 1 to 8, as stored.
        has_alpha: Whether there is an alpha channel, or a transparent colour.
        frames: How many pictures there are.
    """

    metadata: Metadata
    size: tuple[int, int]
    orientation: int = 1
    has_alpha: bool = False
    frames: int = 1


def read_header(path: str | Path) -> Header | None:
    """What an image file says of itself; None where neither Pillow nor tifffile knows it.

    Raises:
        FileNotFoundError: If there is no such file.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')  # damaged EXIF is of no interest here
            if is_raw(path) or (Path(path).exists() and not Path(path).is_file()):
                return None
            if Path(path).suffix.lower() in ('.tif', '.tiff'):
                return _tiff_header(path)
            with opened(path) as image:
                return _header(path, image)
    except FileNotFoundError:
        raise FileNotFoundError(f'{path}: no such file') from None
    except UNREADABLE:
        return None


def size_in(data: bytes) -> tuple[int, int] | None:
    """(H, W), as stored, in the header of a file; None where Pillow does not know it."""
    if data.startswith(PNG_START) and len(data) >= 24:
        width, height = struct.unpack('>II', data[16:24])
        return height, width
    try:
        with warnings.catch_warnings(), opened(io.BytesIO(data)) as image:
            return image.height, image.width
    except UNREADABLE:
        return None


def may_hold_several(data: bytes) -> bool:
    """Whether a file can be an animation or have pages, as `Header.frames` then says."""
    if data.startswith(PNG_START):
        return b'acTL' in data[: data.find(b'IDAT')]
    if data.startswith(b'RIFF'):
        return b'ANIM' in data[: data.find(b'ANMF')]
    return data[:2] in (b'II', b'MM') or data[4:12] == b'ftypavis'


def opened(file: str | Path | io.BytesIO) -> Image.Image:
    """A file, opened by Pillow, whatever its size; HEIC as well where the extra is installed."""
    from PIL import Image

    if not isinstance(file, io.BytesIO) and not Path(file).is_file() and Path(file).exists():
        raise OSError(f'{file}: no regular file')  # a pipe would be waited for
    if not isinstance(file, io.BytesIO) and is_camera_file(file) and not is_raw(file):
        with contextlib.suppress(ModuleNotFoundError):
            import pillow_heif

            pillow_heif.register_heif_opener()
    with _no_limit:  # opening reads the header alone; a limit of our own comes before decoding
        limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            return Image.open(file)
        finally:
            Image.MAX_IMAGE_PIXELS = limit


def fitted(exif: bytes, size: tuple[int, int], dpi: tuple[float, float] | None) -> bytes:
    """EXIF data that says the size, (H, W), and the resolution of the picture that it is for."""
    from PIL import Image

    data = Image.Exif()
    if exif:
        data.load(exif)
    sides = size[::-1]
    for tag, place in SIDES.items():
        if tag in data:
            data[tag] = sides[place]
    details = data.get_ifd(EXIF_IFD)
    for tag, place in EXIF_SIDES.items():
        if tag in details:
            details[tag] = sides[place]
    if dpi is not None:
        data[X_DPI], data[Y_DPI], data[DPI_UNIT] = *dpi, INCH
    return data.tobytes().removeprefix(MARK)


def _header(path: str | Path, image: Any) -> Header:
    width, height = image.size
    orientation, exif = 1, b''
    # Pillow would decode all of a PNG to see whether EXIF data follows.
    if image.format != 'PNG' or 'exif' in image.info or _has_chunk(path, b'eXIf'):
        found = image.getexif()
        orientation = orientation_of(found)
        if found:
            found[ORIENTATION] = 1
            exif = found.tobytes().removeprefix(MARK)
    dpi = image.info.get('dpi')
    return Header(
        metadata=Metadata(
            icc=image.info.get('icc_profile') or b'',
            exif=exif,
            dpi=_dots(dpi, 1.0),
        ),
        size=_upright(height, width, orientation),
        orientation=orientation,
        has_alpha=image.mode in ('RGBA', 'LA', 'PA', 'RGBa', 'La') or 'transparency' in image.info,
        frames=getattr(image, 'n_frames', 1) if image.format in PAGES else 1,
    )


@contextmanager
def opened_tiff(file: str | Path | io.BytesIO) -> Iterator[Any]:
    """A `tifffile.TiffFile`, whose complaints of damage are not printed: our errors name the file.

    They go to whoever has set up logging.
    """
    import tifffile

    logger = logging.getLogger('tifffile')
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
    with tifffile.TiffFile(file) as tiff:
        yield tiff


def _tiff_header(path: str | Path) -> Header:
    with opened_tiff(path) as file:
        page: Any = file.pages[0]
        if not (page.imagelength and page.imagewidth):
            raise ValueError('no pixels')
        pages = sum(not other.is_reduced for other in file.pages if hasattr(other, 'is_reduced'))
        orientation = orientation_of(page.tags)
        unit = {2: 1.0, 3: 2.54}.get(int(page.resolutionunit or 0))
        return Header(
            metadata=Metadata(icc=page.iccprofile or b'', dpi=_dots(page.resolution, unit)),
            size=_upright(page.imagelength, page.imagewidth, orientation),
            orientation=orientation,
            has_alpha=bool(page.extrasamples),
            frames=pages,
        )


def orientation_of(tags: Any) -> int:
    """1 to 8, from EXIF or the tags of a TIFF; 1 where nothing sensible is said."""
    found = tags.get(ORIENTATION)
    value = getattr(found, 'value', found)
    return int(value) if value in range(1, 9) else 1


def _upright(height: int, width: int, orientation: int) -> tuple[int, int]:
    """H, W as the picture is to be seen."""
    return (width, height) if orientation >= 5 else (height, width)


def _dots(resolution: Any, unit: float | None) -> tuple[float, float] | None:
    """Dots per inch; None where a file does not say, or says nothing sensible."""
    if unit is None or not resolution or not all(resolution):
        return None
    return float(resolution[0]) * unit, float(resolution[1]) * unit


def _has_chunk(path: str | Path, kind: bytes) -> bool:
    """Whether a PNG file has a chunk of a kind."""
    with open(path, 'rb') as file:
        file.seek(8)
        while len(head := file.read(8)) == 8:
            if head[4:] == kind:
                return True
            file.seek(int.from_bytes(head[:4], 'big') + 4, io.SEEK_CUR)
    return False
