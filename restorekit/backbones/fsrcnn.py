"""FSRCNN, which works at the size of its input and enlarges by one transposed convolution.

Paper: Dong et al., "Accelerating the super-resolution convolutional neural network", ECCV 2016.
Reference implementation: https://github.com/Nhat-Thanh/FSRCNN-Pytorch (three channels).
Differences: the number of channels, and where PReLU stands among the mappings, are options.
"""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn

from restorekit.blocks import build_conv
from restorekit.contracts import Backbone
from restorekit.options import Depth, Scale, Width
from restorekit.registry import BACKBONES


@BACKBONES.register_module()
class FSRCNN(Backbone):
    """Extract (5x5), shrink (1x1), map (3x3), expand (1x1), and a 9x9 transposed convolution.

    (N, in_channels, H, W) to (N, in_channels, scale H, scale W).

    Args:
        in_channels: Of input and output; 1 in the paper.
        num_feats: Width of the extracted features; 56 in the paper.
        num_mid_feats: Width of the mappings; 12 in the paper.
        num_blocks: Number of mappings; 4 in the paper.
        act_each_mapping: PReLU behind every mapping, as in the paper, or behind the last alone.
        scale: An integer of 1 or more.
    """

    example: ClassVar[dict] = {'num_feats': 8, 'num_mid_feats': 4, 'scale': 2}

    def __init__(
        self,
        *,
        in_channels: Width = 1,
        num_feats: Width = 56,
        num_mid_feats: Width = 12,
        num_blocks: Depth = 4,
        act_each_mapping: bool = True,
        scale: Scale = 2,
    ) -> None:
        super().__init__()
        self.scale = scale
        self.in_channels = in_channels
        mappings: list[nn.Module] = []
        for place in range(num_blocks):
            mappings.append(build_conv(None, num_mid_feats, num_mid_feats, 3))
            if act_each_mapping or place == num_blocks - 1:
                mappings.append(nn.PReLU(num_mid_feats))
        self.extract = _conv_act(in_channels, num_feats, 5)
        self.shrink = _conv_act(num_feats, num_mid_feats, 1)
        self.mappings = nn.Sequential(*mappings)
        self.expand = _conv_act(num_mid_feats, num_feats, 1)
        self.enlarge = nn.ConvTranspose2d(
            num_feats, in_channels, 9, scale, padding=4, output_padding=scale - 1
        )

        self._initialise()

    def _initialise(self) -> None:
        """As in the paper; with torch's own figures hardly a signal gets through the layers."""
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, a=0.25)  # PReLU's first slope
                nn.init.zeros_(module.bias)
        nn.init.normal_(self.enlarge.weight, std=0.001)
        nn.init.zeros_(self.enlarge.bias)

    def forward(self, inputs: Tensor) -> Tensor:
        features = self.mappings(self.shrink(self.extract(inputs)))
        return self.enlarge(self.expand(features))


def _conv_act(in_channels: int, out_channels: int, kernel_size: int) -> nn.Module:
    return nn.Sequential(
        build_conv(None, in_channels, out_channels, kernel_size), nn.PReLU(out_channels)
    )
