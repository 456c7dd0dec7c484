"""Kalantari and Ramamoorthi's network: how much each aligned frame counts in each pixel.

Paper: Kalantari and Ramamoorthi, "Deep high dynamic range imaging of dynamic scenes", SIGGRAPH
2017; of its three networks the one that estimates weights (WE).
Differences: convolutions pad, so that the image keeps its size; frames are aligned outside of the
network, by AlignedRestorer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from torch import Tensor, nn

from restorekit.blocks import build_conv
from restorekit.contracts import Backbone, check_bracket
from restorekit.options import Depth, Width
from restorekit.registry import BACKBONES

EPS = 1e-6


@BACKBONES.register_module()
class KalantariNet(Backbone):
    """The weighted mean of the frames' radiance; the weights, one a channel, by four convolutions.

    (N, K, 6, H, W), aligned frames with their linear radiance, dark to bright, to (N, 3, H, W)
    linear radiance.

    Args:
        num_exposures: K.
        widths: Of the features behind the first three convolutions (7x7, 5x5, 3x3); the last one is
            1x1.
    """

    scale = 1
    in_channels = 6
    out_channels = 3
    takes_bracket = True
    example: ClassVar[dict] = {'widths': (8, 8, 4)}

    def __init__(
        self, *, num_exposures: Depth = 3, widths: Sequence[Width] = (100, 100, 50)
    ) -> None:
        super().__init__()
        if len(widths) != 3:
            raise ValueError(f'KalantariNet: widths must be three, got {widths}')
        self.num_frames = num_exposures
        layers: list[nn.Module] = []
        for before, after, size in zip(
            (6 * num_exposures, *widths), (*widths, 3 * num_exposures), (7, 5, 3, 1), strict=True
        ):
            layers += [build_conv(None, before, after, size), nn.ReLU()]
        self.body = nn.Sequential(*layers[:-1], nn.Sigmoid())

    def forward(self, inputs: Tensor) -> Tensor:
        check_bracket(self, inputs)
        weights = self.body(inputs.flatten(1, 2)).unflatten(1, (self.num_frames, 3)) + EPS
        return (weights * inputs[:, :, 3:]).sum(dim=1) / weights.sum(dim=1)
