"""Frames of a bracket laid over the middle one, before patches are cut."""

from __future__ import annotations

import numpy as np
import torch
from mmcv.transforms import BaseTransform

from restorekit.functional.alignment import Alignment, align_frames
from restorekit.io import to_floats
from restorekit.registry import TRANSFORMS


@TRANSFORMS.register_module()
class AlignFrames(BaseTransform):
    """Lay the frames of `lq`, (H, W, K, 3), over the middle one, which becomes float32.

    For training sets: `AlignedRestorer` does the same when it restores. Inside `Cache` it is done
    once a scene.

    Args:
        method: See `align_frames`.
    """

    def __init__(self, method: Alignment = 'flow') -> None:
        self.method = method

    def transform(self, results: dict) -> dict:
        frames = to_floats(np.asarray(results['lq']))
        if frames.ndim != 4:
            raise ValueError(f'AlignFrames: lq must be a bracket (H, W, K, 3), got {frames.shape}')
        bracket = torch.from_numpy(np.ascontiguousarray(np.moveaxis(frames, (0, 1), (-2, -1))))
        exposures = results.get('exposures')
        known = None if exposures is None else torch.as_tensor(exposures)
        aligned = align_frames(bracket, self.method, known)
        results['lq'] = aligned.movedim((-2, -1), (0, 1)).contiguous().numpy()
        return results
