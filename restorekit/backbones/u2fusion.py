"""U2Fusion: a dense network over the luma of two exposures.

Paper: Xu et al., "U2Fusion: a unified unsupervised image fusion network", TPAMI 2022. Reference
implementation: https://github.com/ytZhang99/U2Fusion-pytorch, for exposures.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn

from restorekit.blocks import conv3x3
from restorekit.contracts import Backbone
from restorekit.options import Depth, Width
from restorekit.registry import BACKBONES


@BACKBONES.register_module()
class U2Fusion(Backbone):
    """Luma of an under- and an over-exposed frame, in [-1, 1]: (N, 2, 1, H, W) to (N, 1, H, W).

    Args:
        num_feats: Width of the first convolution.
        num_layers: Dense layers; each sees all before.
        growth: Channels that each adds.
        tail_widths: Of the convolutions behind them.
    """

    takes_bracket = True
    num_frames = 2
    in_channels = 1
    scale = 1
    example: ClassVar[dict] = {'num_feats': 8, 'num_layers': 2, 'growth': 4, 'tail_widths': (8,)}

    def __init__(
        self,
        *,
        num_feats: Width = 44,
        num_layers: Depth = 5,
        growth: Width = 44,
        tail_widths: Sequence[Width] = (128, 64, 32),
    ) -> None:
        super().__init__()
        self.head = _conv_act(2, num_feats)
        self.layers = nn.ModuleList(
            _conv_act(num_feats + layer * growth, growth) for layer in range(num_layers)
        )
        widths = (num_feats + num_layers * growth, *tail_widths)
        self.tail = nn.Sequential(
            *(_conv_act(*pair) for pair in zip(widths, tail_widths, strict=False)),
            conv3x3(widths[-1], 1),
            nn.Tanh(),
        )

    def forward(self, inputs: Tensor) -> Tensor:
        features = self.head(inputs.flip(1).flatten(1, 2))  # the over-exposed frame first
        for layer in self.layers:
            features = torch.cat([features, layer(features)], dim=1)
        return self.tail(features)


def _conv_act(in_channels: int, out_channels: int) -> nn.Module:
    return nn.Sequential(conv3x3(in_channels, out_channels), nn.LeakyReLU(0.2))
