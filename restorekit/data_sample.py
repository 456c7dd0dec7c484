"""What one sample carries from the dataset to the metric."""

from __future__ import annotations

from mmengine.structures import BaseDataElement
from torch import Tensor


class DataSample(BaseDataElement):
    """One image's tensors and its particulars.

    Data fields (tensors move between devices together):
        gt: Ground truth, (C, H, W), float32; absent where there is none.
        pred: The network's result, (C, H, W), float32; set by `predict`.
    Meta information:
        name: The file's stem, or the photograph's name.
        dataset: Name of the dataset, under which metrics are grouped: 'Set5_x2'.
        setting: Its degradation: 'x2', 'q10'; empty where there is none.
        gt_path, lq_path: Files, for error messages; empty where made on the fly.
    """

    gt: Tensor
    pred: Tensor
