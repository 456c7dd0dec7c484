"""AMMSNet: super-resolution by non-local and second-order attention and multi-scale fusion.

Paper: Lyn and Yan, "Image super-resolution reconstruction based on attention mechanism and feature
fusion", 2020. No reference implementation is published. The number of attention units is not given
in the text; 10 here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn

from restorekit.blocks import PixelShuffleUpsampler, build_block, conv3x3
from restorekit.contracts import Backbone, least_size
from restorekit.options import Depth, Scale, Width
from restorekit.registry import BACKBONES

DIV2K_MEAN = (0.4488, 0.4371, 0.4040)


@BACKBONES.register_module()
class AMMSNet(Backbone):
    """Head, shallow block, MSFF, attention units under a long skip, MSFF, upsampler.

    (N, C, H, W) to (N, C, scale H, scale W). A mechanism that is switched off (None, or an empty
    list) is the identity; without attentions and `unit_block` the units and their skip are left
    out.

    Args:
        num_feats: Width of the network.
        num_units: Number of attention units.
        scale: An integer of 1 or more; x4 is two stages of x2.
        shallow: Config of the shallow block.
        multi_scale: Config of the multi-scale fusion, or None.
        attentions: Configs of the attentions of each unit; non-local and second-order by default.
        unit_block: Config of a block in front of each unit; the paper's units have no spatial
            convolution.
        mean: Of the training images, one figure per channel in [0, 1], subtracted in front and
            added at the end; their number is that of the channels.
    """

    example: ClassVar[dict] = {
        'num_feats': 16,
        'num_units': 2,
        'scale': 3,
        'attentions': [{'type': 'NonLocal'}, {'type': 'SOCA', 'reduction': 2}],
    }

    def __init__(
        self,
        *,
        num_feats: Width = 64,
        num_units: Depth = 10,
        scale: Scale = 2,
        shallow: dict | None = None,
        multi_scale: dict | None = {'type': 'MSFF'},  # noqa: B006  (None switches it off)
        attentions: Sequence[dict] = ({'type': 'NonLocal'}, {'type': 'SOCA'}),
        unit_block: dict | None = None,
        mean: Sequence[float] = DIV2K_MEAN,
    ) -> None:
        super().__init__()
        self.scale = scale
        self.in_channels = len(mean)
        self.register_buffer('mean', torch.tensor(mean).view(1, -1, 1, 1), persistent=False)

        def block(config: dict | None) -> nn.Module:
            return nn.Identity() if config is None else build_block(config, num_feats)

        self.head = conv3x3(len(mean), num_feats)
        self.shallow = block(shallow or {'type': 'ShallowBlock'})
        self.fuse_before = block(multi_scale)
        unit = {'type': 'AttentionUnit', 'branches': list(attentions)} if attentions else None
        parts = [config for config in (unit_block, unit) if config is not None]
        self.units = nn.Sequential(*(block(part) for _ in range(num_units) for part in parts))
        self.fuse_after = block(multi_scale)
        self.tail = nn.Sequential(
            PixelShuffleUpsampler(num_feats, scale=scale),
            conv3x3(num_feats, len(mean)),
        )
        self.min_size = least_size(self)

    def forward(self, inputs: Tensor) -> Tensor:
        shallow = self.shallow(self.head(inputs - self.mean))
        features = self.fuse_before(shallow)
        if len(self.units):
            features = features + self.units(features)
        return self.tail(self.fuse_after(features) + shallow) + self.mean
