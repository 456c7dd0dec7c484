"""The pictures that were sent, before they are decoded, and their names in messages."""

from __future__ import annotations

import re
from importlib.util import find_spec

from restorekit.io import EXTENSIONS, image_size, is_image
from restorekit.io.camera import HEIC, RAW
from restorekit.web.jobs import Job
from restorekit.web.limits import Limits, millions

EXTRAS = {'pillow_heif': HEIC, 'rawpy': RAW}


def accepted() -> tuple[str, ...]:
    """The suffixes of files that can be read here, with the extras that are installed."""
    more = [suffix for module, kinds in EXTRAS.items() if find_spec(module) for suffix in kinds]
    return (*EXTENSIONS, *more)


def check_pictures(job: Job, limits: Limits) -> tuple[int, int]:
    """(H, W) of the first picture of a job.

    Raises:
        ValueError: If one is no picture, or all together have too many pixels.
    """
    total, sizes = 0, []
    for source, name in zip(job.sources, job.wish.names, strict=True):
        if not is_image(source):
            raise ValueError(f'{name}: not a picture; accepted: {", ".join(accepted())}')
        height, width = image_size(source)
        sizes.append((height, width))
        total += height * width
        if total > limits.pixels:
            so_far = 'together ' if len(sizes) > 1 else ''
            raise ValueError(
                f'{name}: {width} x {height} pixels, {so_far}{millions(total)}; this page '
                f'takes {millions(limits.pixels)} at a time'
            )
    return sizes[0]


def for_user(text: str, job: Job) -> str:
    """A message about a job's files, with the names that its user knows."""
    names = {path.name: name for path, name in zip(job.sources, job.wish.names, strict=True)}
    folder = rf'{re.escape(str(job.folder))}/(?:in|out)'
    text = re.sub(rf'{folder}/(?=\S)|{folder}: ', '', text)
    text = re.sub(folder, 'these pictures', text)
    return re.sub('|'.join(map(re.escape, names)), lambda found: names[found[0]], text)
