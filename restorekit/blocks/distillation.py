"""IMDN's block: a part of the features is set aside after each convolution, and all parts merged.

Paper: Hui et al., "Lightweight image super-resolution with information multi-distillation network"
(IMDN), ACM MM 2019. Reference implementation: https://github.com/Zheng222/IMDN.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from restorekit.blocks.channel_attention import ChannelAttention
from restorekit.blocks.layers import conv3x3
from restorekit.contracts import Block
from restorekit.options import AtLeast1, Width
from restorekit.registry import BLOCKS


@BLOCKS.register_module()
class IMDB(Block):
    """Four 3x3 convolutions; a quarter of the result of each but the last, which is one, is kept.

    The kept parts are concatenated, weighted by contrast-aware channel attention, mixed by a 1x1
    convolution, and added to the input. Leaky ReLU of slope 0.05.

    Args:
        channels: C, of input and output; a multiple of 4.
        reduction: Of the attention.
    Raises:
        ValueError: If 4 does not divide `channels`.
    """

    def __init__(self, channels: Width, *, reduction: AtLeast1 = 16) -> None:
        super().__init__()
        if channels % 4:
            raise ValueError(f'IMDB: channels must be a multiple of 4, got {channels}')
        self.kept = channels // 4
        rest = channels - self.kept
        self.convs = nn.ModuleList(
            [conv3x3(channels, channels), conv3x3(rest, channels), conv3x3(rest, channels)]
        )
        self.last = conv3x3(rest, self.kept)
        self.act = nn.LeakyReLU(0.05)
        self.attention = ChannelAttention(channels, reduction=reduction, contrast=True)
        self.fuse = nn.Conv2d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to the same shape."""
        features, parts = x, []
        for conv in self.convs:
            features = self.act(conv(features))
            parts.append(features[:, : self.kept])
            features = features[:, self.kept :]
        parts.append(self.last(features))
        return x + self.fuse(self.attention(torch.cat(parts, dim=1)))
