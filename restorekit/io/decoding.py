"""OpenCV's decoders, and the limit on what they decode."""

from __future__ import annotations

import os
from pathlib import Path

# OpenCV looks at a file's header first, and then once at this: 256 million pixels, unless said.
MAX_PIXELS = int(os.environ.setdefault('OPENCV_IO_MAX_IMAGE_PIXELS', str(2**28)))

import cv2  # noqa: E402
import numpy as np  # noqa: E402

from restorekit.io.errors import ImageReadError  # noqa: E402

# ANYCOLOR keeps gray files gray and ANYDEPTH keeps 16 bits; unlike UNCHANGED, they drop alpha, and
# apply the EXIF orientation.
AS_SHOWN = cv2.IMREAD_ANYCOLOR | cv2.IMREAD_ANYDEPTH
AS_STORED = cv2.IMREAD_UNCHANGED


def decoded(path: str | Path, data: bytes, flags: int) -> np.ndarray:
    """What OpenCV makes of a file's bytes: (H, W), or (H, W, 3 or 4) RGB and alpha.

    Args:
        path: For messages.
        data: The file.
        flags: AS_SHOWN or AS_STORED.
    Raises:
        ImageReadError: If it has too many pixels, or is not readable.
    """
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error as error:
        if 'MAX_IMAGE_PIXELS' in str(error):
            raise ImageReadError(
                f'{path}: more than {MAX_PIXELS} pixels; the environment variable '
                'OPENCV_IO_MAX_IMAGE_PIXELS allows more'
            ) from None
        raise ImageReadError(f'{path}: OpenCV cannot decode it ({error.err})') from None
    if image is None:
        raise ImageReadError(f'{path}: not a readable image ({len(data)} bytes)')
    return image if image.ndim == 2 else image[..., [2, 1, 0, 3][: image.shape[2]]]
