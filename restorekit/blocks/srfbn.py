"""SRFBN's feedback block.

Paper: Li et al., "Feedback network for image super-resolution" (SRFBN), CVPR 2019. Reference
implementation: https://github.com/Paper99/SRFBN_CVPR19.
"""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor

from restorekit.blocks.feedback import Projections
from restorekit.contracts import StatefulBlock
from restorekit.options import Depth, Scale, Width
from restorekit.registry import BLOCKS


@BLOCKS.register_module()
class FeedbackBlock(StatefulBlock):
    """An SRB that also takes its own result of the step before; the input itself at the first.

    Args:
        channels, scale, num_groups, projection: As for SRB.
    """

    example: ClassVar[dict] = {'num_groups': 2}

    def __init__(
        self,
        channels: Width,
        *,
        scale: Scale = 2,
        num_groups: Depth = 6,
        projection: tuple[int, int, int] | None = None,
    ) -> None:
        super().__init__()
        self.projections = Projections(
            channels, num_inputs=2, scale=scale, num_groups=num_groups, projection=projection
        )

    def forward_with(self, x: Tensor, state: Tensor | None) -> tuple[Tensor, Tensor]:
        """The block with its own result of the step before, (N, C, H, W), or None at the first.

        Returns:
            The result, twice.
        """
        result = self.projections.project([x, x if state is None else state])
        return result, result
