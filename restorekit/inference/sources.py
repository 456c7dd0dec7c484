"""What is to be restored: files, folders, patterns and lists, as pictures and brackets."""

from __future__ import annotations

import datetime
import glob
import itertools
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from restorekit.io import (
    BracketError,
    frames_in,
    natural_order,
    order_bracket,
    read_header,
    read_image,
)
from restorekit.io.bracket import EXPOSURE_FILE
from restorekit.io.exposures import exif_exposures, exif_time

MOST = 9  # frames of a bracket that nobody has called one
PAUSE = datetime.timedelta(seconds=60)  # longer than between two frames of a bracket
ALIKE = 0.7  # correlation of the ranks of two frames' gray values, at least


@dataclass(frozen=True)
class Source:
    """A picture, or a bracket of one scene.

    Attributes:
        path: The file; of a bracket the folder, or the first of its frames where a folder has more.
        frames: Of a bracket, in the order of their names.
        below: Where it lies below the folder that was named.
    """

    path: Path
    frames: tuple[Path, ...] = ()
    below: Path = Path()

    @property
    def is_bracket(self) -> bool:
        """Whether it is a bracket."""
        return bool(self.frames)

    def __str__(self) -> str:
        return str(self.path)


def find_sources(
    given: str | Path | Sequence[str | Path],
    *,
    brackets: bool | None = None,
    bracket_size: int | None = None,
    leave_out: Path | None = None,
) -> list[Source]:
    """All pictures and brackets that are meant.

    Args:
        given: One or several: files; folders, with all that is below them; patterns such as
            `photos/**/*.jpg`; `-`, the standard input, or `@FILE`, a file, with one such a line.
        brackets: Whether folders hold brackets; None looks at each folder: exposures that are all
            known and different, or pictures of one size that show the same at different brightness,
            are a bracket.
        bracket_size: How many frames each bracket has, where a folder holds several; otherwise they
            are told apart by their exposures and times.
        leave_out: A folder below which nothing is looked for: that of the results.
    Raises:
        FileNotFoundError: Naming all that is missing.
        ValueError: If a folder holds nothing to restore, or no whole number of brackets.
    """
    if bracket_size is not None and bracket_size < 2:
        raise ValueError(f'--bracket-size must be 2 or more, got {bracket_size}')
    found: dict[Path, Source] = {}
    missing: list[str] = []
    empty: list[Path] = []
    # A name is a sequence too, of letters, one of which may be the root of all files.
    for path in _named([given] if isinstance(given, str | Path) else given):
        if path.is_dir():
            sources = [*_below(path, brackets, bracket_size, leave_out)]
            empty += [] if sources else [path]
        elif path.exists():
            sources = [Source(path)]
        else:
            missing.append(str(path))
            continue
        found |= {source.path: source for source in sources if source.path not in found}
    if missing:
        raise FileNotFoundError('no such file: ' + ', '.join(missing))
    if empty:
        raise ValueError(f'{empty[0]}: no image in this folder, nor below it')
    if not found:
        raise ValueError('nothing to restore: the list is empty')
    return [*found.values()]


def is_bracket(frames: Sequence[Path]) -> bool:
    """Whether files, all of one folder, are the exposures of one scene and nothing else."""
    if not 2 <= len(frames) <= MOST or not all(frame.is_file() for frame in frames):
        return False
    if (frames[0].parent / EXPOSURE_FILE).is_file():
        return True
    headers = [read_header(frame) for frame in frames]
    sizes = {None if header is None else header.size for header in headers}
    if len(sizes) > 1:
        return False
    exposures = exif_exposures(frames)
    if None not in exposures:
        times = [exif_time(frame) for frame in frames]
        return len(set(exposures)) == len(frames) and not any(
            _apart(first, second) for first, second in itertools.pairwise(times)
        )
    return _show_one_scene(frames)


def _named(given: Sequence[str | Path]) -> Iterator[Path]:
    """Paths, in the order given; lists are read and patterns filled in."""
    for word in map(str, given):
        if not word:
            raise ValueError("one of the names of what is to be restored is ''")
        if word == '-' or word.startswith('@'):
            name = word[1:] or 'standard input'
            text = sys.stdin.read() if word == '-' else Path(name).read_text(encoding='utf-8-sig')
            yield from _named([line for line in map(str.strip, text.splitlines()) if line])
        elif not Path(word).exists() and glob.has_magic(word):
            matches = sorted(map(Path, glob.iglob(word, recursive=True)), key=natural_order)
            if not matches:
                raise FileNotFoundError(f'no file matches {word!r}')
            yield from matches
        else:
            yield Path(word)


def _below(
    root: Path, brackets: bool | None, size: int | None, leave_out: Path | None
) -> Iterator[Source]:
    """What a folder and those below it hold."""
    for folder in _folders(root, leave_out):
        frames = frames_in(folder)
        below = folder.relative_to(root)
        groups = [] if brackets is False else _brackets(folder, frames, brackets, size)
        if len(groups) == 1:
            yield Source(folder, groups[0], below.parent if folder != root else below)
        elif groups:
            yield from (Source(group[0], group, below) for group in groups)
        else:
            yield from (Source(frame, below=below) for frame in frames)


def _folders(root: Path, leave_out: Path | None) -> Iterator[Path]:
    """A folder and those below it that hold images, none of them hidden."""
    if leave_out is not None and root.resolve() == leave_out.resolve():
        return
    children = sorted(root.iterdir(), key=natural_order)
    if frames_in(root):
        yield root
    for child in children:
        if child.is_dir() and not child.name.startswith('.') and not child.is_symlink():
            yield from _folders(child, leave_out)


def _brackets(
    folder: Path, frames: list[Path], brackets: bool | None, size: int | None
) -> list[tuple[Path, ...]]:
    """The frames of each bracket in a folder; none where it holds single pictures."""
    if size is not None:
        if len(frames) % size:
            raise BracketError(
                f'{folder}: {len(frames)} frames are no whole number of brackets of {size}'
            )
        return [tuple(frames[start : start + size]) for start in range(0, len(frames), size)]
    if (brackets is None and is_bracket(frames)) or len(frames) == 1:
        return [tuple(frames)] if len(frames) > 1 or brackets else []
    groups = _told_apart(frames)
    if len(groups) > 1 and all(len(group) > 1 for group in groups):
        return groups
    return [tuple(frames)] if brackets else []


def _told_apart(frames: list[Path]) -> list[tuple[Path, ...]]:
    """Frames grouped by EXIF: a pause, or an exposure that was there already, begins a bracket."""
    exposures = exif_exposures(frames)
    if None in exposures:
        return []
    groups: list[list[Path]] = []
    seen: set[float | None] = set()
    last = None
    for frame, exposure in zip(frames, exposures, strict=True):
        time = exif_time(frame)
        if not groups or exposure in seen or _apart(last, time):
            groups.append([])
            seen = set()
        groups[-1].append(frame)
        seen.add(exposure)
        last = time
    return [tuple(group) for group in groups]


def _apart(first: datetime.datetime | None, second: datetime.datetime | None) -> bool:
    return first is not None and second is not None and abs(second - first) > PAUSE


def _show_one_scene(frames: Sequence[Path]) -> bool:
    """Whether pictures of one size show the same, each at another brightness."""
    try:
        bracket = order_bracket(frames, name=str(frames[0].parent), by='mean')
    except (ValueError, OSError, ModuleNotFoundError):  # one cannot be read, say
        return False
    small = []
    for frame in bracket.frames:
        gray = torch.from_numpy(read_image(frame).mean(axis=2))[None]
        small.append(F.adaptive_avg_pool2d(gray, 32).flatten().numpy())
    return all(
        high.mean() > 1.15 * low.mean() and _alike(low, high)
        for low, high in itertools.pairwise(small)
    )


def _alike(first: np.ndarray, second: np.ndarray) -> bool:
    """Whether gray values rise and fall together, where neither is clipped."""
    seen = (np.minimum(first, second) > 0.01) & (np.maximum(first, second) < 0.97)
    if np.count_nonzero(seen) < first.size // 16:
        return False
    ranks = [values[seen].argsort().argsort() for values in (first, second)]
    return float(np.corrcoef(*ranks)[0, 1]) > ALIKE
