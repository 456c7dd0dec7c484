"""No network at all: the baseline of every table."""

from __future__ import annotations

from torch import Tensor

from restorekit.contracts import Backbone
from restorekit.functional import imresize
from restorekit.options import Scale
from restorekit.registry import BACKBONES


@BACKBONES.register_module()
class Bicubic(Backbone):
    """MATLAB's bicubic enlargement; at scale 1 the input as it is.

    Args:
        scale: Output size over input size.
    """

    def __init__(self, *, scale: Scale = 1) -> None:
        super().__init__()
        self.scale = scale

    def forward(self, inputs: Tensor) -> Tensor:
        """(N, C, H, W) to (N, C, scale H, scale W)."""
        return imresize(inputs, self.scale)
