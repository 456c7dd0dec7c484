"""The last transform: arrays to tensors."""

from __future__ import annotations

import numpy as np
import torch
from mmcv.transforms import BaseTransform
from torch import Tensor

from restorekit.data_sample import DataSample
from restorekit.io import to_floats
from restorekit.registry import TRANSFORMS
from restorekit.transforms.augmentation import GROUND_TRUTH
from restorekit.transforms.degradation import latest

META = {'name': '', 'dataset': '', 'setting': '', 'files': {}}


@TRANSFORMS.register_module()
class PackInputs(BaseTransform):
    """Make `dict(inputs=lq, data_samples=DataSample)`.

    Without an `lq` the ground truth stands in for it, an undamaged input; where there are large
    frames, `gt_frames`, these do.
    """

    def transform(self, results: dict) -> dict:
        sample = DataSample()
        for key, empty in META.items():
            # Not by the constructor, which copies deeply what is this sample's own already.
            sample.set_field(results.get(key, type(empty)()), key, field_type='metainfo')
        for key in GROUND_TRUTH:
            if key in results:
                sample.set_data({key: to_tensor(results[key])})
        if len(results.get('exposures', ())):
            sample.exposures = torch.as_tensor(results['exposures'], dtype=torch.float32)
        return {'inputs': to_tensor(latest(results)), 'data_samples': sample}


def to_tensor(image: np.ndarray) -> Tensor:
    """(H, W, C) to (C, H, W), a bracket (H, W, K, C) to (K, C, H, W), float32 in new memory.

    Integers of 8 and 16 bits become numbers in [0, 1].
    """
    # In order first: a few bytes are moved faster than as many numbers.
    array = np.asarray(image)
    ordered = np.array(array.transpose((*range(2, array.ndim), 0, 1)), order='C')
    return torch.from_numpy(to_floats(ordered).astype(np.float32, copy=False))
