"""Frames of a hand-held bracket laid over the middle one."""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np
import torch
from torch import Tensor

Alignment: TypeAlias = Literal['mtb', 'ecc']
LONGEST = 1024  # pixels of the side at which the correlation is searched
STEPS, CHANGE = 60, 1e-5  # of that search, at most and at least


def align_frames(bracket: Tensor, method: Alignment) -> Tensor:
    """Frames shifted, and by 'ecc' rotated too, so that they fit the middle one.

    What comes in from outside at the border repeats the border.

    Args:
        bracket: (K, 3, H, W) in [0, 1], dark to bright.
        method: 'mtb', shifts from median threshold bitmaps (OpenCV's AlignMTB); 'ecc', shift and
            rotation by the largest correlation of the frames, their brightness equalised (OpenCV's
            findTransformECC). A frame for which that finds nothing stays as it is.
    Returns:
        The same shape.
    References:
        Ward, "Fast, robust image registration for compositing high dynamic range photographs from
        hand-held exposures", 2003; Evangelidis and Psarakis, "Parametric image alignment using
        enhanced correlation coefficient maximization", IEEE TPAMI 2008.
    """
    import cv2

    frames = [np.ascontiguousarray(f.permute(1, 2, 0).cpu().float().numpy()) for f in bracket]
    grays = [_gray(frame) for frame in frames]
    middle, (height, width) = len(frames) // 2, bracket.shape[-2:]
    find = _shift if method == 'mtb' else _rotation_and_shift
    for index, frame in enumerate(frames):
        if index == middle:
            continue
        matrix = find(grays[middle], grays[index])
        if matrix is not None:
            frames[index] = cv2.warpAffine(
                frame,
                matrix,
                (width, height),
                flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
                borderMode=cv2.BORDER_REPLICATE,
            )
    return torch.from_numpy(np.stack(frames)).permute(0, 3, 1, 2).to(bracket)


def _gray(frame: np.ndarray) -> np.ndarray:
    import cv2

    return cv2.cvtColor((frame.clip(0, 1) * 255).round().astype(np.uint8), cv2.COLOR_RGB2GRAY)


def _shift(reference: np.ndarray, other: np.ndarray) -> np.ndarray | None:
    """Where a pixel of the reference is found in the other, as a 2 x 3 matrix."""
    import cv2

    # The coarsest bitmap keeps 16 pixels: on fewer, chance decides, and nothing after mends it.
    levels = min(max(int(np.log2(min(reference.shape) / 16)), 1), 6)
    x, y = cv2.createAlignMTB(levels).calculateShift(reference, other)
    return np.array([[1, 0, -x], [0, 1, -y]], np.float32)


def _rotation_and_shift(reference: np.ndarray, other: np.ndarray) -> np.ndarray | None:
    import cv2

    scale = min(1.0, LONGEST / max(reference.shape))
    images = [
        cv2.equalizeHist(cv2.resize(gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))
        for gray in (reference, other)
    ]
    # From the shift on, since the search finds what is near.
    start = _shift(reference, other)
    assert start is not None
    start[:, 2] *= scale
    criteria = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, STEPS, CHANGE)
    try:
        _, matrix = cv2.findTransformECC(
            images[0], images[1], start, cv2.MOTION_EUCLIDEAN, criteria
        )
    except cv2.error:  # it did not converge
        return None
    return np.array(matrix, np.float32) * [[1, 1, 1 / scale]]
