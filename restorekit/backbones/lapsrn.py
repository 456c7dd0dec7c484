"""LapSRN, which enlarges in stages of two.

Paper: Lai et al., "Deep Laplacian pyramid networks for fast and accurate super-resolution", CVPR
2017. Reference implementation: https://github.com/twtygqyy/pytorch-LapSRN.
Differences: only the last stage's image is compared in training, where the paper compares each.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from torch import Tensor, nn

from restorekit.blocks import build_conv
from restorekit.contracts import Backbone
from restorekit.options import Depth, Width
from restorekit.registry import BACKBONES


class _Stage(nn.Module):
    """Features and image to twice the size; what the features say is added to the image."""

    def __init__(self, in_channels: int, num_feats: int, num_layers: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for _ in range(num_layers):
            layers += [build_conv(None, num_feats, num_feats, 3, bias=False), _act()]
        layers += [nn.ConvTranspose2d(num_feats, num_feats, 4, 2, padding=1, bias=False), _act()]
        self.features = nn.Sequential(*layers)
        self.enlarge = nn.ConvTranspose2d(in_channels, in_channels, 4, 2, padding=1, bias=False)
        self.residual = build_conv(None, num_feats, in_channels, 3, bias=False)

    def forward(self, features: Tensor, image: Tensor) -> tuple[Tensor, Tensor]:
        features = self.features(features)
        return features, self.enlarge(image) + self.residual(features)


@BACKBONES.register_module()
class LapSRN(Backbone):
    """Stages of x2: convolutions and a transposed one on features, a transposed one on the image.

    (N, in_channels, H, W) to (N, in_channels, scale H, scale W). Leaky ReLU of slope 0.2; no bias.

    Args:
        in_channels: Of input and output; 1 in the paper.
        num_feats: Width of the network.
        num_layers: 3x3 convolutions of each stage.
        scale: A power of 2, one stage for each.
    """

    example: ClassVar[dict] = {'num_feats': 8, 'num_layers': 2, 'scale': 4}

    def __init__(
        self,
        *,
        in_channels: Width = 1,
        num_feats: Width = 64,
        num_layers: Depth = 10,
        scale: Literal[2, 4, 8] = 2,
    ) -> None:
        super().__init__()
        self.scale = scale
        self.in_channels = in_channels
        self.head = nn.Sequential(build_conv(None, in_channels, num_feats, 3, bias=False), _act())
        self.stages = nn.ModuleList(
            _Stage(in_channels, num_feats, num_layers) for _ in range(scale.bit_length() - 1)
        )

    def forward(self, inputs: Tensor) -> Tensor:
        features, image = self.head(inputs), inputs
        for stage in self.stages:
            features, image = stage(features, image)
        return image


def _act() -> nn.Module:
    return nn.LeakyReLU(0.2)
