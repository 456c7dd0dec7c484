"""IMDN, and any blocks whose results are all merged.

Paper: Hui et al., "Lightweight image super-resolution with information multi-distillation network",
ACM MM 2019. Reference implementation: https://github.com/Zheng222/IMDN.
Differences: any registered block.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from restorekit.blocks import build_block, conv3x3
from restorekit.contracts import Backbone, least_size
from restorekit.options import Depth, Scale, Width
from restorekit.registry import BACKBONES


@BACKBONES.register_module()
class IMDN(Backbone):
    """Head, blocks in a row, a 1x1 convolution over all their results, a skip, a sub-pixel layer.

    (N, in_channels, H, W) to (N, in_channels, scale H, scale W).

    Args:
        in_channels: Of input and output.
        num_feats: Width of the network.
        num_blocks: Number of blocks.
        block: Any entry of BLOCKS; IMDB by default.
        scale: An integer of 1 or more.
    """

    example: ClassVar[dict] = {
        'num_feats': 16,
        'num_blocks': 2,
        'block': {'type': 'IMDB', 'reduction': 2},
        'scale': 2,
    }

    def __init__(
        self,
        *,
        in_channels: Width = 3,
        num_feats: Width = 64,
        num_blocks: Depth = 6,
        block: dict | None = None,
        scale: Scale = 2,
    ) -> None:
        super().__init__()
        block = {'type': 'IMDB'} if block is None else block
        self.scale = scale
        self.in_channels = in_channels
        self.head = conv3x3(in_channels, num_feats)
        self.blocks = nn.ModuleList(build_block(block, num_feats) for _ in range(num_blocks))
        self.fuse = nn.Sequential(
            nn.Conv2d(num_blocks * num_feats, num_feats, 1),
            nn.LeakyReLU(0.05),
            conv3x3(num_feats, num_feats),
        )
        self.tail = nn.Sequential(
            conv3x3(num_feats, in_channels * scale**2), nn.PixelShuffle(scale)
        )
        self.min_size = least_size(self)

    def forward(self, inputs: Tensor) -> Tensor:
        first = features = self.head(inputs)
        results = []
        for block in self.blocks:
            features = block(features)
            results.append(features)
        return self.tail(first + self.fuse(torch.cat(results, dim=1)))
