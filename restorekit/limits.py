"""The largest image that is decoded.

The limit is in the environment alone, so that processes that are started have it too, and OpenCV,
which looks there once, when it is loaded: it stops at files whose header nobody else reads.
"""

from __future__ import annotations

import os

MAX_PIXELS = 'OPENCV_IO_MAX_IMAGE_PIXELS'
DEFAULT = 256_000_000


def limit_pixels(count: int | None) -> None:
    """Set the limit; None leaves it.

    Raises:
        ValueError: If it is not positive.
    """
    if count is None:
        return
    if count < 1:
        raise ValueError(f'--max-pixels must be 1 or more, got {count}')
    os.environ[MAX_PIXELS] = str(count)


def pixel_limit() -> int:
    """The limit.

    Raises:
        ValueError: If the limit in the environment is no number.
    """
    text = os.environ.get(MAX_PIXELS, str(DEFAULT))
    if not (text.isdecimal() and int(text) > 0):
        raise ValueError(f'the environment variable {MAX_PIXELS} must be 1 or more, got {text!r}')
    return int(text)
