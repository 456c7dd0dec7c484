"""A network behind an alignment of its frames."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from restorekit.data_sample import DataSample
from restorekit.functional.alignment import Alignment, align_brackets
from restorekit.registry import MODELS
from restorekit.restorers.base import BaseRestorer, Run
from restorekit.restorers.chain import Chain


@MODELS.register_module()
class AlignedRestorer(Chain):
    """Lays the frames of whole brackets over the middle one, and hands them to a restorer.

    In training it takes them as they come: `AlignFrames` in the pipeline aligns whole frames before
    patches are cut, and once.

    Args:
        restorer: The restorer, or its config; it takes brackets. Its weights are called
            `steps.0.…`.
        align: How; see `align_frames`.
    Raises:
        ValueError: If the restorer takes no brackets.
    """

    def __init__(self, restorer: dict | BaseRestorer, align: Alignment = 'flow') -> None:
        super().__init__([restorer])
        if not self.takes_bracket:
            name = type(self.steps[0]).__name__
            raise ValueError(f'AlignedRestorer: restorer must take brackets, got {name}')
        self.align = align

    def restore_by(self, run: Run, images: Tensor, exposures: Tensor | None = None) -> Tensor:
        if images.ndim != 5:
            raise ValueError(
                f'AlignedRestorer: expected brackets (N, K, 3, H, W), got {tuple(images.shape)}'
            )
        aligned = align_brackets(images, self.align, exposures)
        return super().restore_by(run, aligned, exposures)

    def loss(self, inputs: Tensor, data_samples: Sequence[DataSample]) -> dict[str, Tensor]:
        """The restorer's losses of brackets that are aligned already."""
        return self._restorers()[0].loss(inputs, data_samples)
