"""What is known of the exposures of a bracket's frames."""

from __future__ import annotations

import datetime
import itertools
import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from restorekit.io.camera import is_raw
from restorekit.io.errors import BracketError
from restorekit.io.metadata import EXIF_IFD, UNREADABLE, opened, opened_tiff

MAX_SPAN = 40  # EV; from starlight to the sun are some 35
EXPOSURE_TIME, F_NUMBER, ISO, TAKEN = 0x829A, 0x829D, 0x8827, 0x9003


def check_exposures(exposures: Sequence[float], count: int, name: str) -> None:
    """Raise unless there is an exposure for each frame, and they rise as a camera's may.

    Args:
        exposures: In EV.
        count: How many frames there are.
        name: Of the scene, for messages.
    Raises:
        BracketError: If they are too few or too many, no numbers, do not rise, or span too much.
    """
    try:
        # Not of words, which float takes, and arithmetic does not.
        values = [float(+value) for value in exposures]
    except (TypeError, ValueError):
        values = []
    good = len(values) == count and all(map(math.isfinite, values))
    rising = all(low < high for low, high in itertools.pairwise(values))
    if not good or not rising or values[-1] - values[0] > MAX_SPAN:
        raise BracketError(
            f'{name}: expected {count} exposures in EV that rise from dark to bright and span '
            f'{MAX_SPAN} at most, got {exposures!r}'
        )


def listed_exposures(listing: Path, count: int) -> list[float]:
    """The EV of each frame that a text file lists; BracketError where it does not."""
    text = listing.read_text(encoding='utf-8-sig', errors='replace')
    words = re.split(r'[\s,;]+', text.strip(' \t\r\n,;'))
    if len(words) != count:  # a comma may be that of a decimal fraction
        words = text.replace(',', '.').split()
    values = [*map(_light, words)]
    if len(values) != count or not all(map(math.isfinite, values)):
        raise BracketError(
            f'{listing}: expected {count} numbers (one EV per line, or times such as 1/100), '
            f'got {" ".join(words)!r}'
        )
    return values


def _light(word: str) -> float:
    """The EV that a word says: a number, or a time as a fraction of a second; else NaN."""
    above, slash, below = word.partition('/')
    try:
        return math.log2(float(above) / float(below)) if slash else float(word)
    except (ValueError, ZeroDivisionError):
        return math.nan


def exif_exposures(frames: Sequence[Path]) -> list[float | None]:
    """The EV of the light in each frame, log2(time x ISO / aperture^2); None where unknown."""
    values: list[float | None] = []
    for frame in frames:
        try:
            exif = _raw_exif(frame) if is_raw(frame) else _exif(frame)
            light = float(exif[EXPOSURE_TIME]) * float(exif.get(ISO, 100))
            values.append(math.log2(light / float(exif.get(F_NUMBER, 1)) ** 2))
        except UNREADABLE:
            values.append(None)
    return values


def exif_time(frame: Path) -> datetime.datetime | None:
    """When a frame was taken, by its EXIF; None where that does not say."""
    try:
        exif = _raw_exif(frame) if is_raw(frame) else _exif(frame)
        text = str(exif.get(TAKEN, '')).strip('\0 ')
        return datetime.datetime.strptime(text, '%Y:%m:%d %H:%M:%S')
    except UNREADABLE:
        return None


def _exif(frame: Path) -> dict[int, Any]:
    with opened(frame) as image:
        return image.getexif().get_ifd(EXIF_IFD)


def _raw_exif(frame: Path) -> dict[int, Any]:
    """Of raw data in the manner of TIFF, as most of it is: ValueError elsewhere."""
    with opened_tiff(frame) as file:
        tags = file.pages[0].tags[EXIF_IFD].value
    names = {'ExposureTime': EXPOSURE_TIME, 'FNumber': F_NUMBER, 'ISOSpeedRatings': ISO}
    found = {names[name]: _quotient(value) for name, value in tags.items() if name in names}
    return found | {TAKEN: tags.get('DateTimeOriginal', '')}


def _quotient(value: Any) -> float:
    return value[0] / value[1] if isinstance(value, tuple) else float(value)
