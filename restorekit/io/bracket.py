"""Brackets: several exposures of one scene, ordered dark to bright."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from restorekit.io.camera import is_raw
from restorekit.io.errors import BracketError
from restorekit.io.exposures import check_exposures, exif_exposures, listed_exposures
from restorekit.io.image import image_size, is_image, read_image
from restorekit.options import fits

Order = Literal['exposure', 'mean', 'either']
EXPOSURE_FILE = 'exposure.txt'


@dataclass(frozen=True)
class Bracket:
    """Frames of one scene, dark to bright.

    Attributes:
        frames: The files.
        exposures: EV of each frame, counted from the darkest, which has 0; a step of 1 is twice the
            light. Empty where unknown.
    """

    frames: tuple[Path, ...]
    exposures: tuple[float, ...]


def find_bracket(
    folder: str | Path, *, num_frames: int | None = None, need_exposures: bool = True
) -> Bracket:
    """The bracket in a folder, ordered dark to bright whatever the order of its files.

    Exposures come from `exposure.txt` (one EV per line, or one time such as 1/100, in the order of
    the file names), or else from the frames' EXIF (time, aperture and ISO).

    Args:
        folder: The folder of one scene; every 8- or 16-bit image in it is a frame.
        num_frames: Number of frames that there must be; None accepts two or more.
        need_exposures: Whether the exposures must be known; if not, and they are unknown, the
            frames are ordered by their means.
    Raises:
        BracketError: If there is no such folder; if there are too few or too many frames; if they
            differ in size, or two have the same exposure; if exposures are needed and missing.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise BracketError(f'{folder}: no such folder')
    frames = frames_in(folder)
    if num_frames is not None and not fits(num_frames, int):
        raise TypeError(f'find_bracket: num_frames must be int | None, got {num_frames!r}')
    wanted = str(num_frames) if num_frames else 'two or more'
    if len(frames) < 2 or num_frames not in (None, len(frames)):
        raise BracketError(f'{folder}: expected {wanted} frames, got {len(frames)}')
    return order_bracket(frames, name=str(folder), by='exposure' if need_exposures else 'either')


def order_bracket(
    frames: Sequence[Path], *, name: str, by: Order = 'exposure', ev: Sequence[float] = ()
) -> Bracket:
    """Order frames into a bracket.

    Args:
        frames: Image files of one scene, all in one folder, in the order of their names.
        name: Name of the scene, for messages.
        by: What they are ordered by: their 'exposure'; the 'mean' of their pixels; or 'either', the
            mean where exposures are unknown.
        ev: The exposures, whatever the files say.
    Raises:
        BracketError: See `find_bracket`.
        ValueError: If `by` is none of these.
    """
    if by not in get_args(Order):
        raise ValueError(f'order_bracket: by must be one of {get_args(Order)}, got {by!r}')
    sizes = {frame: image_size(frame) for frame in frames}
    if len(set(sizes.values())) > 1:
        listed = ', '.join(f'{frame.name} {h} x {w}' for frame, (h, w) in sizes.items())
        raise BracketError(f'{name}: frames must have one size, got {listed}')
    listing = frames[0].parent / EXPOSURE_FILE
    exposures: Sequence[float | None] = ev or [None] * len(frames)
    if len(exposures) != len(frames):
        raise BracketError(f'{name}: {len(ev)} exposures for {len(frames)} frames')
    if by != 'mean' and not ev:
        is_listed = listing.is_file()
        exposures = listed_exposures(listing, len(frames)) if is_listed else exif_exposures(frames)
    values = [value for value in exposures if value is not None]
    known = len(values) == len(frames)
    if not known and by == 'exposure':
        without = ', '.join(f.name for f, e in zip(frames, exposures, strict=True) if e is None)
        raise BracketError(f'{name}: no {EXPOSURE_FILE}, and no exposure in the EXIF of {without}')
    if not known:
        values = [float(read_image(frame).mean()) for frame in frames]
    ordered = sorted(zip(values, frames, strict=True), key=lambda pair: pair[0])
    for (low, first), (high, second) in itertools.pairwise(ordered):
        if high - low < 1e-6:
            raise BracketError(f'{name}: {first.name} and {second.name} have equal exposure')
    darkest = ordered[0][0]
    if known:
        check_exposures([value for value, _ in ordered], len(frames), name)
    return Bracket(
        tuple(frame for _, frame in ordered),
        tuple(round(value - darkest, 4) for value, _ in ordered) if known else (),
    )


def check_brightness(bracket: Bracket, frames: Sequence[np.ndarray], name: str) -> None:
    """Raise where a frame that is said to be brighter than another is darker.

    Args:
        bracket: Whose exposures are known, or nothing is checked.
        frames: Its images, (H, W, C), dark to bright.
        name: Of the scene, for messages.
    Raises:
        BracketError: Naming both.
    """
    means = [float(frame.mean()) for frame in frames]
    for index in range(1, len(means)) if bracket.exposures else ():
        if means[index] < means[index - 1] - 1 / 255:
            low, high = bracket.frames[index - 1].name, bracket.frames[index].name
            raise BracketError(
                f'{name}: {high} should be brighter than {low} by its exposure, and is darker '
                f'(means {means[index]:.3f} and {means[index - 1]:.3f})'
            )


def choose_frames(bracket: Bracket, count: int | None) -> Bracket:
    """A bracket of `count` frames, evenly chosen from the darkest to the brightest.

    Exposures are counted from the darkest frame that is left. A bracket of no more frames, or
    None for `count`, stays as it is; of one frame the middle one is left.
    """
    have = len(bracket.frames)
    if count is None or count >= have:
        return bracket
    places = (
        [round(i * (have - 1) / (count - 1)) for i in range(count)] if count > 1 else [have // 2]
    )
    exposures = [bracket.exposures[place] for place in places] if bracket.exposures else []
    return Bracket(
        tuple(bracket.frames[place] for place in places),
        tuple(exposure - exposures[0] for exposure in exposures),
    )


def natural_order(path: Path) -> list:
    """A sort key by which 2.png comes before 10.png."""
    parts = re.split(r'(\d+)', path.name)
    return [int(part) if part.isdigit() else part.lower() for part in parts]


def frames_in(folder: Path) -> list[Path]:
    """The images in a folder in the order of their names; of a raw file and its JPEG, the JPEG."""
    found = [path for path in folder.iterdir() if _is_frame(path)]
    developed = {path.stem for path in found if not is_raw(path)}
    return sorted(
        (path for path in found if not is_raw(path) or path.stem not in developed),
        key=natural_order,
    )


def _is_frame(path: Path) -> bool:
    """Whether an entry of a folder should be an image; where it is none, who reads it says so."""
    return is_image(path) and not path.is_dir() and not path.name.startswith('.')
