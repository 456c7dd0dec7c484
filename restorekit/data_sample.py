"""What one sample carries, from its files to the metric."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypedDict

import torch
from mmengine.structures import BaseDataElement
from torch import Tensor


class Sample(TypedDict, total=False):
    """One sample as a dataset lists it.

    Keys:
        name: The file's stem, or the scene's.
        files: By role, lists of paths: `lq`, the input, one file or the frames of a bracket, dark
            to bright; `gt`, the ground truth; `gt_frames`, frames at the size of the result, dark
            to bright, from which the input is made or with which the result is compared.
        exposures: EV of the frames, from 0 for the darkest, where they are known.
    """

    name: str
    files: dict[str, list[str]]
    exposures: list[float]


ROLES = ('lq', 'gt', 'gt_frames')


def first_file(files: dict[str, list[str]]) -> str:
    """The file by which an error names a sample; empty where it has none."""
    return next((path for role in ROLES for path in files.get(role, ())), '')


class DataSample(BaseDataElement):
    """One image's tensors and its metadata.

    Data fields (tensors move between devices together):
        gt: Ground truth, (C, H, W), float32; absent where there is none.
        gt_frames: Frames at the size of the result, (K, C, H, W), dark to bright, where the input
            was reduced from them.
        exposures: EV of a bracket's frames, (K,), from 0 for the darkest, where they are known.
        pred: The network's result, (C, H, W), float32; set by `predict`.
    Metadata:
        name: The file's stem, or the photograph's name.
        dataset: Name of the dataset, under which metrics are grouped: 'Set5_x2'.
        setting: Its degradation: 'x2', 'q10'; empty where there is none.
        files: See Sample.
        precision: What the network computed `pred` in: 'float32', 'TF32', 'bfloat16', 'float16'.
    """

    gt: Tensor
    gt_frames: Tensor
    exposures: Tensor
    pred: Tensor


class StackedSamples(Sequence[DataSample]):
    """The samples of a batch, whose tensors stay stacked until a sample is asked for.

    Args:
        samples: N samples without tensors; they get views of the targets.
        targets: Tensors by name, (N, …).
    """

    def __init__(self, samples: Sequence[DataSample], targets: dict[str, Tensor]) -> None:
        self._samples = samples
        self.targets: dict[str, Tensor] | None = targets  # None once somebody may change a sample

    def __len__(self) -> int:
        return len(self._samples)

    def __getitem__(self, index: Any) -> Any:
        if self.targets is not None:
            for name, whole in self.targets.items():
                for sample, target in zip(self._samples, whole, strict=True):
                    sample.set_data({name: target})
            self.targets = None
        return self._samples[index]


def stacked_targets(samples: Sequence[DataSample]) -> dict[str, Tensor]:
    """The tensors of a batch's samples by name, (N, …)."""
    if isinstance(samples, StackedSamples) and samples.targets is not None:
        return dict(samples.targets)
    return {name: torch.stack([s.get(name) for s in samples]) for name in samples[0].keys()}  # noqa: SIM118  (a DataSample is not a dict)
