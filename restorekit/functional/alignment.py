"""Frames of a bracket laid over the middle one: a camera in the hand, and things that move."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

import numpy as np
import torch
from torch import Tensor

from restorekit.functional.exposure import GAMMA

Alignment: TypeAlias = Literal['mtb', 'ecc', 'homography', 'flow']
LONGEST = 1024  # pixels of the side at which the correlation is searched
STEPS, CHANGE = 60, 1e-5  # of that search, at most and at least
RATIO = 0.75  # of the distances of a feature to its best match and to the next
LEAST_MATCHES, REPROJECTION = 12, 2.0  # for a homography; pixels by which a match may miss it
LEAST_FLOW = 11  # pixels of a side, of OpenCV's search

# Of the gray reference and another frame in 8 bits: a matrix, 2 x 3 or 3 x 3, by which a pixel of
# the reference is found in the other, or all these places, (H, W, 2), or None.
Find: TypeAlias = Callable[[np.ndarray, np.ndarray], np.ndarray | None]


def align_frames(bracket: Tensor, method: Alignment, exposures: Tensor | None = None) -> Tensor:
    """Frames moved so that they fit the middle one.

    What comes in from outside at the border repeats the border. A frame for which nothing is found
    stays as it is.

    Args:
        bracket: (K, 3, H, W) in [0, 1], dark to bright.
        method: 'mtb', shifts from median threshold bitmaps (OpenCV's AlignMTB); 'ecc', shift and
            rotation by the largest correlation of the frames, their brightness equalised (OpenCV's
            findTransformECC); 'homography', the plane that most matches of SIFT features agree on;
            'flow', each pixel by itself (OpenCV's DIS optical flow), for scenes that move.
        exposures: EV of the frames, (K,), by which 'flow' makes the darker frame of a pair as
            bright as the other; without them their brightness is equalised.
    Returns:
        The same shape.
    References:
        Ward, "Fast, robust image registration for compositing high dynamic range photographs from
        hand-held exposures", 2003; Evangelidis and Psarakis, "Parametric image alignment using
        enhanced correlation coefficient maximization", IEEE TPAMI 2008; Kroeger et al., "Fast
        optical flow using dense inverse search", ECCV 2016.
    """
    find: Find = {
        'mtb': _shift,
        'ecc': _rotation_and_shift,
        'homography': _homography,
        'flow': _flow,
    }[method]
    frames = [np.ascontiguousarray(f.permute(1, 2, 0).cpu().float().numpy()) for f in bracket]
    middle = len(frames) // 2
    for index, frame in enumerate(frames):
        if index == middle:
            continue
        pair = [frames[middle], frame]
        if method == 'flow':
            pair = _equally_bright(pair, exposures, (middle, index))
        found = find(*map(_gray, pair))
        if found is not None:
            frames[index] = _moved(frame, found)
    return torch.from_numpy(np.stack(frames)).permute(0, 3, 1, 2).to(bracket)


def align_brackets(brackets: Tensor, method: Alignment, exposures: Tensor | None = None) -> Tensor:
    """`align_frames` of each bracket, (N, K, 3, H, W), with exposures (N, K)."""
    known = [None] * len(brackets) if exposures is None else exposures
    pairs = zip(brackets, known, strict=True)
    return torch.stack([align_frames(bracket, method, values) for bracket, values in pairs])


def _moved(frame: np.ndarray, found: np.ndarray) -> np.ndarray:
    import cv2

    height, width = frame.shape[:2]
    if found.ndim == 3:
        # Cubic, as flows are of fractions of a pixel everywhere; it overshoots at edges.
        x, y = found[..., 0].copy(), found[..., 1].copy()
        result = cv2.remap(frame, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        return result.clip(0, 1)
    warp = cv2.warpAffine if len(found) == 2 else cv2.warpPerspective
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return warp(frame, found, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)


def _gray(frame: np.ndarray) -> np.ndarray:
    import cv2

    return cv2.cvtColor((frame.clip(0, 1) * 255).round().astype(np.uint8), cv2.COLOR_RGB2GRAY)


def _equally_bright(
    pair: list[np.ndarray], exposures: Tensor | None, places: tuple[int, int]
) -> list[np.ndarray]:
    """A pair of frames, the darker one as it would be at the exposure of the brighter one."""
    import cv2

    if exposures is None:
        return [cv2.cvtColor(cv2.equalizeHist(_gray(f)), cv2.COLOR_GRAY2RGB) / 255 for f in pair]
    values = [float(exposures[place]) for place in places]
    return [
        (frame * 2 ** ((max(values) - value) / GAMMA)).clip(0, 1)
        for frame, value in zip(pair, values, strict=True)
    ]


def _shift(reference: np.ndarray, other: np.ndarray) -> np.ndarray | None:
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


def _homography(reference: np.ndarray, other: np.ndarray) -> np.ndarray | None:
    import cv2

    detector = cv2.SIFT.create()
    points, features = zip(
        *(detector.detectAndCompute(cv2.equalizeHist(g), None) for g in (reference, other)),
        strict=True,
    )
    if any(found is None or len(found) < LEAST_MATCHES for found in features):
        return None
    pairs = cv2.BFMatcher().knnMatch(features[0], features[1], k=2)
    good = [best for best, second in pairs if best.distance < RATIO * second.distance]
    if len(good) < LEAST_MATCHES:
        return None
    here = np.array([points[0][match.queryIdx].pt for match in good], np.float32)
    there = np.array([points[1][match.trainIdx].pt for match in good], np.float32)
    matrix, kept = cv2.findHomography(here, there, cv2.RANSAC, REPROJECTION)
    if matrix is None or np.count_nonzero(kept) < LEAST_MATCHES:
        return None
    return matrix


def _flow(reference: np.ndarray, other: np.ndarray) -> np.ndarray | None:
    import cv2

    height, width = reference.shape
    if max(height, width) < LEAST_FLOW:
        return None
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    flow = search.calc(reference, other, np.zeros((height, width, 2), np.float32))
    return flow + np.dstack([x, y])
