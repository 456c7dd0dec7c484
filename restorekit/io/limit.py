"""No file of more pixels than the limit is decoded."""

from __future__ import annotations

import os
from pathlib import Path

from restorekit.io.errors import ImageReadError
from restorekit.limits import DEFAULT, MAX_PIXELS, pixel_limit

os.environ.setdefault(MAX_PIXELS, str(DEFAULT))  # before OpenCV looks there


def check_pixels(path: str | Path, height: int, width: int) -> None:
    """See that a file, by its header, has no more pixels than are decoded.

    Raises:
        ImageReadError: If it has more.
        ValueError: If the limit in the environment is no number.
    """
    limit = pixel_limit()
    if height * width > limit:
        raise ImageReadError(
            f'{path}: {width} x {height} are {height * width} pixels, more than {limit}; '
            f'--max-pixels (or the environment variable {MAX_PIXELS}) allows more'
        )
