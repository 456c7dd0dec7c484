"""AIN, the attentive inception network.

Paper: "Attentive Inception Module based Convolutional Neural Network for Image Enhancement". No
reference code is published. Depth and width of stem and tail are those that give the parameter
counts of the text (1.6 M with attention, 1.3 M without); the widths, dilations and skips are the
text's.
"""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn

from restorekit.blocks import build_block, conv3x3
from restorekit.contracts import Backbone, least_size
from restorekit.options import Depth, Width
from restorekit.registry import BACKBONES


@BACKBONES.register_module()
class AIN(Backbone):
    """Residual network of attentive inception modules that works at the size of its output.

    Stem of two 3x3 convolutions, `num_blocks` modules, tail of three 3x3 convolutions, ReLU after
    each convolution of stem and tail but the last; the result is added to the input. Input and
    output: (N, C, H, W).

    Args:
        in_channels: C; the paper restores luma, 1.
        num_feats: Width of the network.
        num_blocks: Number of modules.
        block: Any entry of BLOCKS.
        long_skip_attention: Add the first module's attention vector to those of the later ones; the
            block must share state (`forward_with`).
    """

    scale = 1
    example: ClassVar[dict] = {'num_feats': 8, 'num_blocks': 2}

    def __init__(
        self,
        *,
        in_channels: Width = 1,
        num_feats: Width = 64,
        num_blocks: Depth = 6,
        block: dict | None = None,
        long_skip_attention: bool = True,
    ) -> None:
        super().__init__()
        block = {'type': 'AttentiveInception'} if block is None else block
        self.stem = nn.Sequential(
            conv3x3(in_channels, num_feats),
            nn.ReLU(inplace=True),
            conv3x3(num_feats, num_feats),
            nn.ReLU(inplace=True),
        )
        self.blocks = nn.ModuleList(
            build_block(block, num_feats, stateful=long_skip_attention) for _ in range(num_blocks)
        )
        self.tail = nn.Sequential(
            conv3x3(num_feats, num_feats),
            nn.ReLU(inplace=True),
            conv3x3(num_feats, num_feats),
            nn.ReLU(inplace=True),
            conv3x3(num_feats, in_channels),
        )
        self.long_skip_attention = long_skip_attention
        self.in_channels = in_channels
        self.min_size = least_size(self.blocks)

    def forward(self, inputs: Tensor) -> Tensor:
        features, first = self.stem(inputs), None
        for block in self.blocks:
            if not self.long_skip_attention:
                features = block(features)
                continue
            features, own = block.forward_with(features, first)
            first = own if first is None else first
        return inputs + self.tail(features)
