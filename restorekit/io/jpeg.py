"""What a JPEG file says of how it was compressed."""

from __future__ import annotations

import warnings
from pathlib import Path

# The luma table of ITU-T Recommendation T.81, annex K, which encoders scale by their "quality".
_LUMA = (
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55,
    14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51, 87, 80, 62,
    18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92,
    49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
)  # fmt: skip


def jpeg_quality(path: str | Path) -> int | None:
    """The quality, 1 to 100, that a JPEG's quantisation table is nearest to on libjpeg's scale.

    Encoders with tables of their own (cameras, Photoshop) come out where their steps are as coarse
    on average.

    Returns:
        None where the file is not a JPEG.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings(), Image.open(path) as image:
            warnings.simplefilter('ignore')
            tables = getattr(image, 'quantization', None)
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, SyntaxError):
        return None  # whoever reads the picture says what is wrong with it
    if not tables:
        return None
    # Steps are cut at 255, which says nothing of the scale.
    known = [pair for pair in zip(tables[min(tables)], _LUMA, strict=True) if pair[0] < 255]
    if not known:
        return 1
    percent = 100 * sum(step for step, _ in known) / sum(base for _, base in known)
    quality = (200 - percent) / 2 if percent <= 100 else 5000 / percent
    return min(max(round(quality), 1), 100)
