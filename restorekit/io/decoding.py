"""OpenCV's decoders."""

from __future__ import annotations

from pathlib import Path

from restorekit.io.limit import check_pixels  # before OpenCV, which looks at what it sets

# isort: split
import cv2
import numpy as np

from restorekit.io.errors import ImageReadError
from restorekit.io.metadata import size_in
from restorekit.limits import MAX_PIXELS

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
    size = size_in(data)
    if size is not None:
        check_pixels(path, *size)
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error as error:
        if 'MAX_IMAGE_' in str(error):
            raise ImageReadError(
                f'{path}: more pixels than OpenCV takes; --max-pixels (or the environment variable '
                f'{MAX_PIXELS}) allows more'
            ) from None
        raise ImageReadError(f'{path}: OpenCV cannot decode it ({error.err})') from None
    if image is None:
        raise ImageReadError(f'{path}: not a readable image ({len(data)} bytes)')
    return image if image.ndim == 2 else image[..., [2, 1, 0, 3][: image.shape[2]]]
