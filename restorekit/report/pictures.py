"""What is shown of one sample: its input, the result, the ground truth, the error."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from torch import Tensor

from restorekit.functional import mu_law
from restorekit.io import to_integers, to_rgb
from restorekit.metrics.base import enlarge

CAPTION_HEIGHT = 28
ERROR_GAIN = 4


class Picture(NamedTuple):
    """An image, (C, H, W) in [0, 1], and what it is, such as 'restored' or 'error'."""

    title: str
    image: Tensor


def pictures(lq: Tensor, sample: dict, *, linear: bool = False) -> list[Picture]:
    """Everything that is shown of one sample, at the size of the result.

    The frames of a bracket one by one ('input'), 'restored', and where there is a ground truth
    'ground truth' and 'error', |restored - ground truth| times 4.

    Args:
        lq: The network's input, (C, H, W), in [0, 1], or a bracket, (K, C, H, W).
        sample: `pred`, (C, H', W'), and maybe `gt`.
        linear: Result and ground truth are linear radiance and drawn by mu-law.
    """
    pred: Tensor = sample['pred']
    lq = lq.to(pred)
    frames = list(lq) if lq.ndim == 4 else [lq]
    shown = [Picture('input', enlarge(frame, pred)) for frame in frames]
    pred = mu_law(pred.clamp(0, 1)) if linear else pred
    shown.append(Picture('restored', pred))
    if 'gt' in sample:
        gt = sample['gt'].to(pred)
        gt = mu_law(gt.clamp(0, 1)) if linear else gt
        error = ERROR_GAIN * (pred.clamp(0, 1) - gt).abs()
        shown += [Picture('ground truth', gt), Picture('error', error)]
    return shown


def pixels_of(image: Tensor) -> np.ndarray:
    """An image, (C, H, W) in [0, 1], as (H, W, 3) uint8; gray is repeated."""
    return to_rgb(to_integers(image.detach().cpu().float().numpy().transpose(1, 2, 0)))


def captioned(image: Tensor, text: str) -> np.ndarray:
    """An image, (C, H, W) in [0, 1], under a line of text: (H + 28, W, 3) uint8."""
    pixels = pixels_of(image)
    strip = np.zeros((CAPTION_HEIGHT, pixels.shape[1], 3), np.uint8)
    (width, _), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, 0.5, 1)
    size = 0.5 * min(1.0, (pixels.shape[1] - 8) / max(width, 1))
    cv2.putText(
        strip,
        text,
        (4, CAPTION_HEIGHT - 9),
        cv2.FONT_HERSHEY_SIMPLEX,
        size,
        (255, 255, 255),
        1,
        cv2.LINE_AA,
    )
    return np.concatenate([strip, pixels])
