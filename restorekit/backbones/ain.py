"""AIN, the attentive inception network.

Paper: "Attentive Inception Module based Convolutional Neural Network for Image Enhancement". No
    reference code is
published; depth and width of stem and tail are those that give the parameter counts of the text
(1.6 M with attention, 1.3 M without), the widths, dilations and skips are the text's.
"""

from __future__ import annotations

from torch import Tensor, nn

from restorekit.blocks import build_conv
from restorekit.registry import BACKBONES, BLOCKS


@BACKBONES.register_module()
class AIN(nn.Module):
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

    def __init__(
        self,
        *,
        in_channels: int = 1,
        num_feats: int = 64,
        num_blocks: int = 6,
        block: dict | None = None,
        long_skip_attention: bool = True,
    ) -> None:
        super().__init__()
        block = {'type': 'AttentiveInception'} if block is None else block
        self.stem = nn.Sequential(
            build_conv(None, in_channels, num_feats, 3),
            nn.ReLU(inplace=True),
            build_conv(None, num_feats, num_feats, 3),
            nn.ReLU(inplace=True),
        )
        self.blocks = nn.ModuleList(
            BLOCKS.build({**block, 'channels': num_feats}) for _ in range(num_blocks)
        )
        self.tail = nn.Sequential(
            build_conv(None, num_feats, num_feats, 3),
            nn.ReLU(inplace=True),
            build_conv(None, num_feats, num_feats, 3),
            nn.ReLU(inplace=True),
            build_conv(None, num_feats, in_channels, 3),
        )
        self.long_skip_attention = long_skip_attention
        if long_skip_attention and not all(hasattr(b, 'forward_with') for b in self.blocks):
            raise ValueError(
                'AIN: long_skip_attention needs a block with forward_with, '
                f'{block["type"]} has none'
            )

    def forward(self, inputs: Tensor) -> Tensor:
        features, first = self.stem(inputs), None
        for block in self.blocks:
            if not self.long_skip_attention:
                features = block(features)
                continue
            features, own = block.forward_with(features, first)
            first = own if first is None else first
        return inputs + self.tail(features)
