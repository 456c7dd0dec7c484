"""AHDRNet: one HDR image from a bracket of a moving scene; with other fusion blocks, LFFNet.

Paper: Yan et al., "Attention-guided network for ghost-free high dynamic range imaging", CVPR 2019.
Reference implementation: https://github.com/qingsenyangit/AHDRNet.
LFFNet: "Lightweight attention-guided network with frequency domain reconstruction for high dynamic
range image fusion", which replaces the fusion blocks by RFFTBlock with DOConv2d.
Differences: any odd number of exposures, any registered fusion block, an optional skip.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

import torch
from torch import Tensor, nn

from restorekit.blocks import build_block, conv3x3
from restorekit.contracts import Backbone, check_bracket, least_size
from restorekit.functional import mu_law, mu_law_inverse
from restorekit.options import Depth, Width, Within
from restorekit.registry import BACKBONES


@BACKBONES.register_module()
class AHDRNet(Backbone):
    """Encodes each frame, lets the middle one attend to the others, merges them, restores.

    (N, K, C, H, W), dark to bright, to (N, 3, H, W) linear radiance in [0, 1].

    Args:
        in_channels: C of each frame; 6 where a frame comes with its linear radiance.
        num_feats: Width of the network.
        num_blocks: Number of fusion blocks; the outputs of all are merged.
        num_exposures: K, odd; the reference is in the middle.
        fusion_block: Any entry of BLOCKS; DRDB by default. RFFTBlock with
            `conv_cfg=dict(type='DOConv2d')` gives LFFNet.
        unused_convs: Also build the two convolutions that the published code has and never calls.
            They are part of the published parameter counts, and frozen.
        skip: The network's result is a correction of the middle frame's radiance, both by mu-law,
            instead of the radiance itself; needs `in_channels` 6.
    """

    scale = 1
    out_channels = 3
    takes_bracket = True
    channels_last = False  # 0.95 of the usual order in LFFNet
    example: ClassVar[dict] = {
        'num_feats': 8,
        'num_blocks': 2,
        'fusion_block': {'type': 'DRDB', 'growth': 4},
    }

    def __init__(
        self,
        *,
        in_channels: Width = 6,
        num_feats: Width = 64,
        num_blocks: Depth = 3,
        num_exposures: Annotated[int, Within(3, 99, odd=True)] = 3,
        fusion_block: dict | None = None,
        unused_convs: bool = True,
        skip: bool = False,
    ) -> None:
        super().__init__()
        if skip and in_channels != 6:
            raise ValueError(f'AHDRNet: skip=True needs in_channels=6, got {in_channels}')
        self.skip = skip
        block = {'type': 'DRDB'} if fusion_block is None else fusion_block
        self.in_channels = in_channels
        self.num_frames = num_exposures
        self.encode = conv3x3(in_channels, num_feats)
        self.attentions = nn.ModuleList(
            nn.Sequential(
                conv3x3(2 * num_feats, 2 * num_feats),
                nn.LeakyReLU(inplace=True),
                conv3x3(2 * num_feats, num_feats),
                nn.Sigmoid(),
            )
            for _ in range(num_exposures - 1)
        )
        self.merge = conv3x3(num_exposures * num_feats, num_feats)
        self.blocks = nn.ModuleList(build_block(block, num_feats) for _ in range(num_blocks))
        self.fuse_blocks = nn.Sequential(
            nn.Conv2d(num_blocks * num_feats, num_feats, 1),
            conv3x3(num_feats, num_feats),
        )
        self.tail = nn.Sequential(
            conv3x3(num_feats, num_feats),
            conv3x3(num_feats, 3),
            nn.Identity() if skip else nn.Sigmoid(),
        )
        self.act = nn.LeakyReLU()
        unused = num_exposures - 1 if unused_convs else 0
        self.unused = nn.ModuleList(conv3x3(num_feats, num_feats) for _ in range(unused))
        self.unused.requires_grad_(False)  # a distributed run would wait for their gradients
        self.parameters_without_gradient = tuple(
            f'unused.{name}' for name, _ in self.unused.named_parameters()
        )
        self.min_size = least_size(self.blocks)

    def forward(self, inputs: Tensor) -> Tensor:
        check_bracket(self, inputs)
        frames = list(
            self.act(self.encode(inputs.flatten(0, 1))).unflatten(0, inputs.shape[:2]).unbind(1)
        )
        middle = len(frames) // 2
        reference = frames[middle]
        outer = [index for index in range(len(frames)) if index != middle]
        for index, attention in zip(outer, self.attentions, strict=True):
            weight = attention(torch.cat([frames[index], reference], dim=1))
            frames[index] = frames[index] * weight
        features = self.merge(torch.cat(frames, dim=1))
        outputs = []
        for block in self.blocks:
            features = block(features)
            outputs.append(features)
        # The published code has no activation after the merge, the fusion and the last layers.
        result = self.tail(self.fuse_blocks(torch.cat(outputs, dim=1)) + reference)
        if not self.skip:
            return result
        return mu_law_inverse((mu_law(inputs[:, middle, 3:]) + result).clamp(0, 1))
