"""SAN, the second-order attention network.

Paper: Dai et al., "Second-order attention network for single image super-resolution", CVPR 2019.
Reference implementation: https://github.com/daitao/SAN.
Differences: parameters that the published code has and never uses are left out; SOCA's covariance
is taken over the whole input.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from restorekit.blocks import PixelShuffleUpsampler, build_block, conv3x3
from restorekit.contracts import Backbone, least_size
from restorekit.options import Depth, Scale, Width
from restorekit.registry import BACKBONES


@BACKBONES.register_module()
class SAN(Backbone):
    """Non-local, residual groups that each get a share of the first features, non-local again.

    The two non-local blocks are one, with the same weights. (N, in_channels, H, W) to
    (N, in_channels, scale H, scale W).

    Args:
        in_channels: Of input and output.
        num_feats: Width of the network.
        num_groups: Number of groups.
        group: Any entry of BLOCKS; ten residual blocks and SOCA by default.
        non_local: Any entry of BLOCKS; non-local attention inside each quarter by default.
        scale: An integer of 1 or more.
    """

    example: ClassVar[dict] = {
        'num_feats': 16,
        'num_groups': 2,
        'group': {
            'type': 'ResidualGroup',
            'num_blocks': 1,
            'attention': {'type': 'SOCA', 'reduction': 2},
        },
    }

    def __init__(
        self,
        *,
        in_channels: Width = 3,
        num_feats: Width = 64,
        num_groups: Depth = 20,
        group: dict | None = None,
        non_local: dict | None = None,
        scale: Scale = 2,
    ) -> None:
        super().__init__()
        if group is None:
            group = {'type': 'ResidualGroup', 'num_blocks': 10, 'attention': {'type': 'SOCA'}}
        if non_local is None:
            non_local = {'type': 'NonLocal', 'reduction': 8, 'regions': 2}
        self.scale = scale
        self.in_channels = in_channels
        self.head = conv3x3(in_channels, num_feats)
        self.non_local = build_block(non_local, num_feats)
        self.groups = nn.ModuleList(build_block(group, num_feats) for _ in range(num_groups))
        self.share = nn.Parameter(torch.zeros(1))
        self.tail = nn.Sequential(
            PixelShuffleUpsampler(num_feats, scale=scale), conv3x3(num_feats, in_channels)
        )
        self.min_size = least_size(self)

    def forward(self, inputs: Tensor) -> Tensor:
        first = self.head(inputs)
        source = features = self.non_local(first)
        for group in self.groups:
            features = group(features) + self.share * source
        return self.tail(first + self.non_local(features))
