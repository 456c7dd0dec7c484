"""The residual block of super-resolution, without normalisation."""

from __future__ import annotations

from torch import Tensor, nn

from restorekit.blocks.layers import build_conv
from restorekit.contracts import Block
from restorekit.options import Width
from restorekit.registry import BLOCKS


@BLOCKS.register_module()
class ResidualBlock(Block):
    """x + res_scale conv3x3(relu(conv3x3(x))).

    Args:
        channels: C, of input and output.
        res_scale: Weight of the convolutions' result; below 1 it steadies very wide networks.
        conv_cfg: Kind of convolution, as in mmcv.
    References:
        Lim et al., "Enhanced deep residual networks for single image super-resolution" (EDSR),
        CVPRW 2017.
    """

    def __init__(
        self, channels: Width, *, res_scale: float = 1.0, conv_cfg: dict | None = None
    ) -> None:
        super().__init__()
        self.res_scale = res_scale
        self.body = nn.Sequential(
            build_conv(conv_cfg, channels, channels, 3),
            nn.ReLU(inplace=True),
            build_conv(conv_cfg, channels, channels, 3),
        )

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to the same shape."""
        return x + self.res_scale * self.body(x)
