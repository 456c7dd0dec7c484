"""DBPN, which goes up and down between two resolutions.

Paper: Haris et al., "Deep back-projection networks for super-resolution", CVPR 2018. Reference
implementation: https://github.com/alterzero/DBPN-Pytorch.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from restorekit.blocks import conv3x3
from restorekit.blocks.back_projection import Projection
from restorekit.contracts import Backbone
from restorekit.options import Depth, Scale, Width
from restorekit.registry import BACKBONES


@BACKBONES.register_module()
class DBPN(Backbone):
    """Dense projections up and down; the image is made of the results of all projections up.

    (N, in_channels, H, W) to (N, in_channels, scale H, scale W).

    Args:
        in_channels: Of input and output.
        num_feats: Width of the projections.
        num_head_feats: Width of the first convolution.
        num_stages: Projections up; one down lies between any two.
        scale: 2, 3 or 4.
    """

    example: ClassVar[dict] = {'num_feats': 8, 'num_head_feats': 8, 'num_stages': 3}

    def __init__(
        self,
        *,
        in_channels: Width = 3,
        num_feats: Width = 64,
        num_head_feats: Width = 256,
        num_stages: Depth = 7,
        scale: Scale = 2,
    ) -> None:
        super().__init__()
        self.scale = scale
        self.in_channels = in_channels
        self.head = nn.Sequential(
            conv3x3(in_channels, num_head_feats),
            nn.PReLU(),
            nn.Conv2d(num_head_feats, num_feats, 1),
            nn.PReLU(),
        )
        self.up = nn.ModuleList(
            Projection(num_feats, scale=scale, up=True, num_inputs=max(stage, 1))
            for stage in range(num_stages)
        )
        self.down = nn.ModuleList(
            Projection(num_feats, scale=scale, up=False, num_inputs=stage + 1)
            for stage in range(num_stages - 1)
        )
        self.tail = conv3x3(num_stages * num_feats, in_channels)

    def forward(self, inputs: Tensor) -> Tensor:
        high: list[Tensor] = []  # of both kinds the newest first, as published weights have it
        low: list[Tensor] = []
        features = self.head(inputs)
        for stage, up in enumerate(self.up):
            high.insert(0, up(torch.cat(low, dim=1) if low else features))
            if stage < len(self.down):
                low.insert(0, self.down[stage](torch.cat(high, dim=1)))
        return self.tail(torch.cat(high, dim=1))
