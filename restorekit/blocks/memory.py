"""MemNet's block.

Paper: Tai et al., "MemNet: a persistent memory network for image restoration", ICCV 2017.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from restorekit.contracts import Block
from restorekit.options import Depth, Width
from restorekit.registry import BLOCKS


@BLOCKS.register_module()
class MemoryBlock(Block):
    """One residual block again and again; a gate mixes all its results with what came before.

    Each convolution stands behind batch norm and ReLU. The convolutions of the residual block are
    shared by all recursions; the norms are not, since each sees other statistics.

    Args:
        channels: C, of input and output.
        num_recursions: Times that the residual block is applied.
        num_memories: Maps that come in, the newest last: the features and the results of all
            blocks before.
    """

    def __init__(
        self, channels: Width, *, num_recursions: Depth = 6, num_memories: Depth = 1
    ) -> None:
        super().__init__()
        self.num_inputs = num_memories
        self.convs = nn.ModuleList(
            nn.Conv2d(channels, channels, 3, padding=1, bias=False) for _ in range(2)
        )
        self.acts = nn.ModuleList(
            nn.ModuleList(_act(channels) for _ in self.convs) for _ in range(num_recursions)
        )
        width = (num_recursions + num_memories) * channels
        self.gate = nn.Sequential(_act(width), nn.Conv2d(width, channels, 1, bias=False))

    def forward(self, *memories: Tensor) -> Tensor:
        """Maps of one shape, (N, C, H, W), the newest last, to one."""
        x, recent = memories[-1], []
        for acts in self.acts:
            assert isinstance(acts, nn.ModuleList)
            y = x
            for act, conv in zip(acts, self.convs, strict=True):
                y = conv(act(y))
            x = x + y
            recent.append(x)
        return self.gate(torch.cat([*recent, *memories], dim=1))


def _act(channels: int) -> nn.Module:
    return nn.Sequential(nn.BatchNorm2d(channels), nn.ReLU())
