"""What one sample carries from the dataset to the metric."""

from __future__ import annotations

from mmengine.structures import BaseDataElement
from torch import Tensor


class DataSample(BaseDataElement):
    """One image's tensors and its metadata.

    Data fields (tensors move between devices together):
        gt: Ground truth, (C, H, W), float32; absent where there is none.
        gt_under, gt_over: The darkest and the brightest frame at the size of the result, (C, H, W),
            where the input is a reduced pair.
        exposures: EV of a bracket's frames, (K,), from 0 for the darkest, where they are known.
        pred: The network's result, (C, H, W), float32; set by `predict`.
    Metadata:
        name: The file's stem, or the photograph's name.
        dataset: Name of the dataset, under which metrics are grouped: 'Set5_x2'.
        setting: Its degradation: 'x2', 'q10'; empty where there is none.
        gt_path, lq_path: Files, for error messages; empty where made on the fly. A bracket's
            `lq_path` is its folder.
    """

    gt: Tensor
    gt_under: Tensor
    gt_over: Tensor
    exposures: Tensor
    pred: Tensor
