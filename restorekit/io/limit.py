"""The limit on the pixels of what is decoded."""

from __future__ import annotations

import os
from pathlib import Path

from restorekit.io.errors import ImageReadError

# The limit is in the environment alone, so that processes that are started have it too. OpenCV
# looks there once, when it is loaded: it stops at files whose header nobody else reads.
MAX_PIXELS = 'OPENCV_IO_MAX_IMAGE_PIXELS'
os.environ.setdefault(MAX_PIXELS, '256000000')


def check_pixels(path: str | Path, height: int, width: int) -> None:
    """See that a file, by its header, has no more pixels than are decoded.

    Raises:
        ImageReadError: If it has more.
        ValueError: If the limit in the environment is no number.
    """
    text = os.environ.get(MAX_PIXELS, '')
    if not (text.isdecimal() and int(text) > 0):
        raise ValueError(f'the environment variable {MAX_PIXELS} must be 1 or more, got {text!r}')
    if height * width > int(text):
        raise ImageReadError(
            f'{path}: {width} x {height} are {height * width} pixels, more than {text}; '
            f'--max-pixels (or the environment variable {MAX_PIXELS}) allows more'
        )
