"""MemNet, whose blocks remember all that came before.

Paper: Tai et al., "MemNet: a persistent memory network for image restoration", ICCV 2017.
Differences: the image is made of the last block's features alone; the paper's variant with several
weighted predictions is not built.
"""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn

from restorekit.blocks.memory import MemoryBlock
from restorekit.contracts import Backbone
from restorekit.options import Depth, Width
from restorekit.registry import BACKBONES


@BACKBONES.register_module()
class MemNet(Backbone):
    """Features, memory blocks, and one convolution whose result is added to the input.

    (N, in_channels, H, W) to the same shape; an enlarged image is enlarged before.

    Args:
        in_channels: Of input and output; the paper restores luma, 1.
        num_feats: Width of the network.
        num_blocks: Memory blocks.
        num_recursions: Of the residual block in each.
    """

    scale = 1
    example: ClassVar[dict] = {'num_feats': 8, 'num_blocks': 2, 'num_recursions': 2}

    def __init__(
        self,
        *,
        in_channels: Width = 1,
        num_feats: Width = 64,
        num_blocks: Depth = 6,
        num_recursions: Depth = 6,
    ) -> None:
        super().__init__()
        self.in_channels = in_channels
        self.head = _conv(in_channels, num_feats)
        self.blocks = nn.ModuleList(
            MemoryBlock(num_feats, num_recursions=num_recursions, num_memories=place + 1)
            for place in range(num_blocks)
        )
        self.tail = _conv(num_feats, in_channels)

    def forward(self, inputs: Tensor) -> Tensor:
        memories = [self.head(inputs)]
        for block in self.blocks:
            memories.append(block(*memories))
        return inputs + self.tail(memories[-1])


def _conv(in_channels: int, out_channels: int) -> nn.Module:
    return nn.Sequential(
        nn.BatchNorm2d(in_channels),
        nn.ReLU(),
        nn.Conv2d(in_channels, out_channels, 3, padding=1, bias=False),
    )
