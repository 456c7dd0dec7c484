"""A plain residual network that takes any registered block."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn

from restorekit.blocks import PixelShuffleUpsampler, build_block, conv3x3
from restorekit.contracts import Backbone, least_size
from restorekit.options import Depth, Scale, Width
from restorekit.registry import BACKBONES


@BACKBONES.register_module()
class ResidualNet(Backbone):
    """Head convolution, `num_blocks` blocks with a long skip around them, tail.

    At scale 1 the result is added to the input; above, the tail enlarges by sub-pixel convolution.
    (N, in_channels, H, W) to (N, in_channels, scale H, scale W). With ResidualBlock it is EDSR's
    structure.

    Args:
        in_channels: Of input and output.
        num_feats: Width of the network.
        num_blocks: Number of blocks.
        block: Any entry of BLOCKS.
        scale: An integer of 1 or more.
    References:
        Lim et al., "Enhanced deep residual networks for single image super-resolution" (EDSR),
        CVPRW 2017.
    """

    example: ClassVar[dict] = {'num_feats': 8, 'num_blocks': 2}

    def __init__(
        self,
        *,
        in_channels: Width = 3,
        num_feats: Width = 64,
        num_blocks: Depth = 16,
        block: dict | None = None,
        scale: Scale = 1,
    ) -> None:
        super().__init__()
        block = {'type': 'ResidualBlock'} if block is None else block
        self.scale = scale
        self.in_channels = in_channels
        self.head = conv3x3(in_channels, num_feats)
        self.blocks = nn.Sequential(
            *(build_block(block, num_feats) for _ in range(num_blocks)),
            conv3x3(num_feats, num_feats),
        )
        self.tail = nn.Sequential(
            PixelShuffleUpsampler(num_feats, scale=scale),
            conv3x3(num_feats, in_channels),
        )
        self.min_size = least_size(self)

    def forward(self, inputs: Tensor) -> Tensor:
        features = self.head(inputs)
        result = self.tail(features + self.blocks(features))
        return inputs + result if self.scale == 1 else result
