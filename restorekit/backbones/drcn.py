"""DRCN: one convolution again and again, and an image from each of its results.

Paper: Kim et al., "Deeply-recursive convolutional network for image super-resolution", CVPR 2016.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import torch
from torch import Tensor, nn

from restorekit.blocks import conv3x3
from restorekit.contracts import Backbone
from restorekit.options import Depth, Width
from restorekit.registry import BACKBONES


@BACKBONES.register_module()
class DRCN(Backbone):
    """The weighted sum of the images that all recursions make, each added to the input.

    (N, in_channels, H, W) to the same shape; an enlarged image is enlarged before. Training has
    `steps` too, the image of each recursion.

    Args:
        in_channels: Of input and output; the paper restores luma, 1.
        num_feats: Width of the network.
        num_recursions: Times that the one convolution is applied.
    """

    scale = 1
    example: ClassVar[dict] = {'num_feats': 8, 'num_recursions': 3}

    def __init__(
        self, *, in_channels: Width = 1, num_feats: Width = 256, num_recursions: Depth = 16
    ) -> None:
        super().__init__()
        self.in_channels = in_channels
        self.embed = nn.Sequential(
            conv3x3(in_channels, num_feats),
            nn.ReLU(inplace=True),
            conv3x3(num_feats, num_feats),
            nn.ReLU(inplace=True),
        )
        self.recur = conv3x3(num_feats, num_feats)
        self.rebuild = nn.Sequential(
            conv3x3(num_feats, num_feats),
            nn.ReLU(inplace=True),
            conv3x3(num_feats, in_channels),
        )
        self.weights = nn.Parameter(torch.full((num_recursions,), 1 / num_recursions))
        # The convolution is near the identity at first, so that what was embedded is not lost on
        # the way through all recursions.
        nn.init.dirac_(self.recur.weight)
        nn.init.zeros_(self.recur.bias)

    def forward(self, inputs: Tensor) -> Tensor:
        return self._sum(self._steps(inputs))

    def forward_train(self, inputs: Tensor) -> dict[str, Tensor | list[Tensor]]:
        steps = list(self._steps(inputs))
        return {'output': self._sum(iter(steps)), 'steps': steps}

    def _steps(self, inputs: Tensor) -> Iterator[Tensor]:
        features = self.embed(inputs)
        for _ in range(len(self.weights)):
            features = self.recur(features).relu_()
            yield inputs + self.rebuild(features)

    def _sum(self, steps: Iterator[Tensor]) -> Tensor:
        result = self.weights[0] * next(steps)
        for place, step in enumerate(steps, start=1):
            result = result + self.weights[place] * step
        return result
