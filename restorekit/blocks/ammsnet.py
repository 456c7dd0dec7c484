"""The blocks of AMMSNet.

Paper: Lyn and Yan, "Image super-resolution reconstruction based on attention mechanism and feature
fusion", 2020. No reference implementation is published; where the text is silent, the reading is
said in each block.
"""

from __future__ import annotations

from typing import Annotated

import torch
from torch import Tensor, nn

from restorekit.blocks.layers import build_block, build_conv
from restorekit.contracts import Block, least_size
from restorekit.options import Width, Within
from restorekit.registry import BLOCKS

OddSize = Annotated[int, Within(1, 99, odd=True)]  # of a kernel


@BLOCKS.register_module()
class MSFF(Block):
    """Multi-scale feature fusion: x + conv1x1([relu(conv_k(x)) for k in 1, 3, 5]).

    Args:
        channels: C, of input, output and each branch.
        kernel_sizes: One branch each, odd.
    """

    def __init__(self, channels: Width, *, kernel_sizes: tuple[OddSize, ...] = (1, 3, 5)) -> None:
        super().__init__()
        self.branches = nn.ModuleList(
            nn.Sequential(build_conv(None, channels, channels, size), nn.ReLU(inplace=True))
            for size in kernel_sizes
        )
        self.fuse = nn.Conv2d(len(kernel_sizes) * channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to the same shape."""
        return x + self.fuse(torch.cat([branch(x) for branch in self.branches], dim=1))


@BLOCKS.register_module()
class ShallowBlock(Block):
    """Shallow feature block: x + conv1x1(relu(conv1x1(x))). The text says "several" convolutions.

    Args:
        channels: C, of input and output.
    """

    def __init__(self, channels: Width) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, channels, 1),
            nn.ReLU(inplace=True),
            nn.Conv2d(channels, channels, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to the same shape."""
        return x + self.body(x)


@BLOCKS.register_module()
class AttentionUnit(Block):
    """Attention unit AM: attentions on the same features, concatenated, fused, plus the input.

    Args:
        channels: C, of input and output.
        branches: Configs of the attentions, each a block; non-local and second-order in the paper.
    Raises:
        ValueError: If there is no branch.
    """

    def __init__(self, channels: Width, *, branches: list[dict] | None = None) -> None:
        super().__init__()
        branches = [{'type': 'NonLocal'}, {'type': 'SOCA'}] if branches is None else branches
        if not branches:
            raise ValueError('AttentionUnit: at least one branch is needed')
        self.branches = nn.ModuleList(build_block(branch, channels) for branch in branches)
        self.fuse = nn.Conv2d(len(branches) * channels, channels, 1)
        self.min_size = least_size(self.branches)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to the same shape."""
        return x + self.fuse(torch.cat([branch(x) for branch in self.branches], dim=1))
