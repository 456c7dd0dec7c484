"""The plain network that papers on brackets compare with."""

from __future__ import annotations

import itertools
from typing import ClassVar

import torch.nn.functional as F
from torch import Tensor, nn

from restorekit.blocks import PixelShuffleUpsampler, conv3x3
from restorekit.contracts import Backbone
from restorekit.options import Depth, Scale, Width
from restorekit.registry import BACKBONES


@BACKBONES.register_module()
class StackedNet(Backbone):
    """3x3 convolutions with ReLU over the stacked frames, added to the frames' enlarged mean.

    (N, K, C, H, W) to (N, C, scale H, scale W); the last convolution is sub-pixel.

    Args:
        in_channels: C.
        num_frames: K.
        num_feats: Width of the network.
        num_layers: Convolutions before the upsampler, 1 or more.
        scale: An integer of 1 or more.
    """

    takes_bracket = True
    example: ClassVar[dict] = {'num_feats': 8, 'num_layers': 2}

    def __init__(
        self,
        *,
        in_channels: Width = 3,
        num_frames: Depth = 2,
        num_feats: Width = 64,
        num_layers: Depth = 5,
        scale: Scale = 1,
    ) -> None:
        super().__init__()
        self.scale = scale
        self.in_channels = in_channels
        self.num_frames = num_frames
        widths = [num_frames * in_channels, *[num_feats] * num_layers]
        layers: list[nn.Module] = []
        for before, after in itertools.pairwise(widths):
            layers += [conv3x3(before, after), nn.ReLU(inplace=True)]
        self.body = nn.Sequential(*layers)
        self.tail = nn.Sequential(
            PixelShuffleUpsampler(num_feats, scale=scale),
            conv3x3(num_feats, in_channels),
        )

    def forward(self, inputs: Tensor) -> Tensor:
        mean = inputs.mean(dim=1)
        if self.scale > 1:
            mean = F.interpolate(mean, scale_factor=self.scale, mode='bilinear')
        return mean + self.tail(self.body(inputs.flatten(1, 2)))
