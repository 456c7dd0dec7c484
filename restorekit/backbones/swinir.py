"""SwinIR: groups of blocks with attention inside shifted windows.

Paper: Liang et al., "SwinIR: image restoration using Swin transformer", ICCVW 2021. Reference
implementation: https://github.com/JingyunLiang/SwinIR.
Differences: any registered block; mean and range of the images belong to the data preprocessor; no
stochastic depth.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import torch.nn.functional as F
from torch import Tensor, nn

from restorekit.blocks import PixelShuffleUpsampler, build_block, conv3x3, cut
from restorekit.contracts import Backbone
from restorekit.options import AtLeast1, Depth, Positive, Scale, Width
from restorekit.registry import BACKBONES


@BACKBONES.register_module()
class SwinIR(Backbone):
    """Head, normalised groups under a skip, and a tail; at scale 1 the input is added.

    (N, in_channels, H, W) to (N, in_channels, scale H, scale W). The input is padded by reflection
    to a multiple of the window, at the bottom and on the right; a smaller one by its border.

    Args:
        in_channels: Of input and output.
        num_feats: Width of the network; a multiple of all numbers of heads.
        num_heads: Of the blocks of each group; as many as there are groups.
        num_blocks: Blocks in each group; every second one has its windows shifted by half.
        window: Side of the windows, in pixels.
        mlp_ratio: See SwinBlock.
        num_tail_feats: Width of the tail that enlarges in stages; None for one sub-pixel
            convolution, as in the light network. Of no interest at scale 1.
        scale: An integer of 1 or more.
    """

    example: ClassVar[dict] = {
        'num_feats': 16,
        'num_heads': (2,),
        'num_blocks': 2,
        'window': 4,
        'num_tail_feats': 8,
    }

    def __init__(
        self,
        *,
        in_channels: Width = 3,
        num_feats: Width = 180,
        num_heads: Sequence[AtLeast1] = (6,) * 6,
        num_blocks: Depth = 6,
        window: AtLeast1 = 8,
        mlp_ratio: Positive = 2.0,
        num_tail_feats: Width | None = 64,
        scale: Scale = 2,
    ) -> None:
        super().__init__()
        self.scale, self.in_channels, self.window = scale, in_channels, window
        self.head = conv3x3(in_channels, num_feats)
        self.norm_first = nn.LayerNorm(num_feats)
        self.groups = nn.Sequential()
        for heads in num_heads:
            block = {
                'type': 'SwinBlock',
                'num_heads': heads,
                'window': window,
                'mlp_ratio': mlp_ratio,
            }
            turns = [block, {**block, 'shift': window // 2}]
            group = {'type': 'ResidualGroup', 'num_blocks': num_blocks, 'block': turns}
            self.groups.append(build_block(group, num_feats))
        self.norm_last = nn.LayerNorm(num_feats)
        self.conv = conv3x3(num_feats, num_feats)
        self.tail = _tail(num_feats, num_tail_feats, in_channels, scale)

    def forward(self, inputs: Tensor) -> Tensor:
        height, width = inputs.shape[-2:]
        bottom, right = -height % self.window, -width % self.window
        inside = bottom < height and right < width  # what reflection needs
        x = F.pad(inputs, (0, right, 0, bottom), mode='reflect' if inside else 'replicate')
        first = self.head(x)
        features = self.groups(_normalised(self.norm_first, first))
        features = first + self.conv(_normalised(self.norm_last, features))
        result = cut(self.tail(features), height * self.scale, width * self.scale)
        return inputs + result if self.scale == 1 else result


def _normalised(norm: nn.LayerNorm, x: Tensor) -> Tensor:
    """Each position of (N, C, H, W) normalised over its channels."""
    return norm(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


def _tail(num_feats: int, num_tail_feats: int | None, out_channels: int, scale: int) -> nn.Module:
    if scale == 1:
        return conv3x3(num_feats, out_channels)
    if num_tail_feats is None:
        return nn.Sequential(conv3x3(num_feats, out_channels * scale**2), nn.PixelShuffle(scale))
    return nn.Sequential(
        conv3x3(num_feats, num_tail_feats),
        nn.LeakyReLU(),
        PixelShuffleUpsampler(num_tail_feats, scale=scale),
        conv3x3(num_tail_feats, out_channels),
    )
