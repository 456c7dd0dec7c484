"""The last transform: arrays to tensors."""

from __future__ import annotations

import numpy as np
import torch
from mmcv.transforms import BaseTransform
from torch import Tensor

from restorekit.data_sample import DataSample
from restorekit.registry import TRANSFORMS

META = ('name', 'dataset', 'setting', 'gt_path', 'lq_path')


@TRANSFORMS.register_module()
class PackInputs(BaseTransform):
    """Make `dict(inputs=lq, data_samples=DataSample)`.

    Without an `lq` the ground truth stands in for it: an undamaged input.
    """

    def transform(self, results: dict) -> dict:
        sample = DataSample(metainfo={key: results.get(key, '') for key in META})
        if 'gt' in results:
            sample.gt = to_tensor(results['gt'])
        image = results['lq'] if 'lq' in results else results['gt']
        return {'inputs': to_tensor(image), 'data_samples': sample}


def to_tensor(image: np.ndarray) -> Tensor:
    """(H, W, C) array to a contiguous (C, H, W) float32 tensor with memory of its own."""
    return torch.from_numpy(np.array(image.transpose(2, 0, 1), dtype=np.float32, order='C'))
