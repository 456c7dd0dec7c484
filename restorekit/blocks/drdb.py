"""Dilated residual dense block."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from restorekit.blocks.layers import build_conv
from restorekit.contracts import Block
from restorekit.options import AtLeast1, Depth, Width
from restorekit.registry import BLOCKS


@BLOCKS.register_module()
class DRDB(Block):
    """Dense layers of dilated 3x3 convolutions and ReLU, a 1x1 fusion, plus the input.

    Args:
        channels: C, of input and output.
        num_layers: Dense layers; each sees the input and all layers before.
        growth: Channels that each layer adds.
        dilation: Of the 3x3 convolutions.
        conv_cfg: Kind of convolution, as in mmcv.
    References:
        Yan et al., "Attention-guided network for ghost-free high dynamic range imaging" (AHDRNet),
        CVPR 2019; https://github.com/qingsenyangit/AHDRNet.
    """

    def __init__(
        self,
        channels: Width,
        *,
        num_layers: Depth = 6,
        growth: Width = 32,
        dilation: AtLeast1 = 2,
        conv_cfg: dict | None = None,
    ) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            nn.Sequential(
                build_conv(conv_cfg, channels + i * growth, growth, 3, dilation=dilation),
                nn.ReLU(inplace=True),
            )
            for i in range(num_layers)
        )
        self.fuse_layers = nn.Conv2d(channels + num_layers * growth, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to the same shape."""
        features = x
        for layer in self.layers:
            features = torch.cat([features, layer(features)], dim=1)
        return x + self.fuse_layers(features)
