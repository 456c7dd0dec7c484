"""MEF-Net: weights of the exposures, found in small and enlarged along the edges of each.

Paper: Ma et al., "Deep guided learning for fast multi-exposure image fusion", IEEE TIP 2020.
Reference implementation: https://github.com/makedede/MEFNet.
Differences: the weight in front of each norm is a part of the norm's own; frames are reduced by
antialiased bilinear interpolation of luma, without rounding to 8 bits.
"""

from __future__ import annotations

from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from restorekit.contracts import Backbone
from restorekit.functional import fast_guided_filter
from restorekit.options import AtLeast1, Depth, Positive, Width
from restorekit.registry import BACKBONES

EPS = 1e-8


class AdaptiveNorm(nn.Module):
    """weight x + InstanceNorm(x), which is affine and starts at zero."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1))
        self.norm = nn.InstanceNorm2d(channels, affine=True)
        nn.init.zeros_(self.norm.weight)

    def forward(self, x: Tensor) -> Tensor:
        return self.weight * x + self.norm(x)


@BACKBONES.register_module()
class MEFNet(Backbone):
    """Fuses the luma of any number of exposures: (N, K, 1, H, W) to (N, 1, H, W).

    Args:
        num_feats: Width of the network.
        num_layers: Convolutions of growing dilation, before one of dilation 1 and a 1x1.
        short_side: Of the small frames, in pixels; smaller frames stay as they are.
        radius, eps: Of the guided filter.
    """

    takes_bracket = True
    divisible = False
    in_channels = 1
    scale = 1
    example: ClassVar[dict] = {'num_feats': 8, 'num_layers': 2, 'short_side': 9}

    def __init__(
        self,
        *,
        num_feats: Width = 24,
        num_layers: Depth = 5,
        short_side: AtLeast1 = 128,
        radius: AtLeast1 = 1,
        eps: Positive = 1e-4,
    ) -> None:
        super().__init__()
        self.short_side, self.radius, self.eps = short_side, radius, eps
        self.min_size = 2  # a norm over one position has no variance
        self.layers = nn.Sequential()
        for place, dilation in enumerate([*(2**layer for layer in range(num_layers)), 1]):
            channels = num_feats if place else 1
            self.layers.append(
                nn.Sequential(
                    nn.Conv2d(channels, num_feats, 3, 1, dilation, dilation, bias=False),
                    AdaptiveNorm(num_feats),
                    nn.LeakyReLU(0.2),
                )
            )
        self.layers.append(nn.Conv2d(num_feats, 1, 1))

    def forward(self, inputs: Tensor) -> Tensor:
        height, width = inputs.shape[-2:]
        frames = inputs.flatten(0, 1)
        least = min(height, width)
        if least <= self.short_side:
            return self.fuse(inputs, frames)
        size = (height * self.short_side // least, width * self.short_side // least)
        return self.fuse(inputs, F.interpolate(frames, size, mode='bilinear', antialias=True))

    def fuse(self, inputs: Tensor, small: Tensor) -> Tensor:
        """Brackets, (N, K, 1, H, W), fused by what is seen in small frames, (N K, 1, h, w)."""
        frames = inputs.flatten(0, 1)
        weights = fast_guided_filter(
            self.layers(small), small, frames, radius=self.radius, eps=self.eps
        )
        weights = (weights.abs() + EPS).unflatten(0, inputs.shape[:2])
        return ((weights * inputs).sum(dim=1) / weights.sum(dim=1)).clamp(0, 1)
