"""Residual blocks of super-resolution, without normalisation, and groups of blocks.

Papers: Lim et al., "Enhanced deep residual networks for single image super-resolution" (EDSR),
CVPRW 2017; Zhang et al., "Image super-resolution using very deep residual channel attention
networks" (RCAN), ECCV 2018; Dai et al., "Second-order attention network for single image
super-resolution" (SAN), CVPR 2019.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from torch import Tensor, nn

from restorekit.blocks.layers import build_block, build_conv, conv3x3
from restorekit.contracts import Block, least_size
from restorekit.options import Depth, Width
from restorekit.registry import BLOCKS


@BLOCKS.register_module()
class ResidualBlock(Block):
    """x + res_scale attention(conv3x3(relu(conv3x3(x)))).

    Args:
        channels: C, of input and output.
        res_scale: Weight of the convolutions' result; below 1 it steadies very wide networks.
        attention: Config of a block behind the convolutions: ChannelAttention in RCAN. None, as in
            EDSR, for none.
        conv_cfg: Kind of convolution, as in mmcv.
    """

    def __init__(
        self,
        channels: Width,
        *,
        res_scale: float = 1.0,
        attention: dict | None = None,
        conv_cfg: dict | None = None,
    ) -> None:
        super().__init__()
        self.res_scale = res_scale
        self.body = nn.Sequential(
            build_conv(conv_cfg, channels, channels, 3),
            nn.ReLU(inplace=True),
            build_conv(conv_cfg, channels, channels, 3),
        )
        if attention is not None:
            self.body.append(build_block(attention, channels))
        self.min_size = least_size(self.body)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to the same shape."""
        return x + self.res_scale * self.body(x)


@BLOCKS.register_module()
class ResidualGroup(Block):
    """x + conv3x3(blocks(x)): RCAN's group; with an attention in front of the convolution, SAN's.

    Args:
        channels: C, of input and output.
        num_blocks: Number of blocks in the group.
        block: Any entry of BLOCKS, or several that take turns.
        attention: Config of a block behind the others: SOCA in SAN. None for none.
    """

    example: ClassVar[dict] = {'num_blocks': 2}

    def __init__(
        self,
        channels: Width,
        *,
        num_blocks: Depth = 4,
        block: dict | Sequence[dict] | None = None,
        attention: dict | None = None,
    ) -> None:
        super().__init__()
        block = {'type': 'ResidualBlock'} if block is None else block
        turns = [block] if isinstance(block, dict) else list(block)
        self.blocks = nn.Sequential(
            *(build_block(turns[place % len(turns)], channels) for place in range(num_blocks))
        )
        self.attention = nn.Identity() if attention is None else build_block(attention, channels)
        self.conv = conv3x3(channels, channels)
        self.min_size = least_size(self)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to the same shape."""
        return x + self.conv(self.attention(self.blocks(x)))
