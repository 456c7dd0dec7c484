"""MemNet's block.

Paper: Tai et al., "MemNet: a persistent memory network for image restoration", ICCV 2017.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import Any, cast

import torch
import torch.nn.functional as F
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
        maps = itertools.chain(self._recent(memories[-1]), memories)
        return self.gate(torch.cat([*maps], dim=1)) if self.training else self._mixed(maps)

    def _recent(self, x: Tensor) -> Iterator[Tensor]:
        """The results of all recursions."""
        for acts in self.acts:
            assert isinstance(acts, nn.ModuleList)
            y = x
            for act, conv in zip(acts, self.convs, strict=True):
                y = act(y)  # whose input is no longer needed
                y = conv(y)
            x = x + y
            del y
            yield x

    def _mixed(self, maps: Iterable[Tensor]) -> Tensor:
        """What the gate gives, map by map: together they would take most of a network's memory."""
        act, conv = cast(Any, self.gate)
        norm = act[0]
        parts = zip(
            maps,
            *(
                tensor.chunk(conv.in_channels // conv.out_channels)
                for tensor in (norm.running_mean, norm.running_var, norm.weight, norm.bias)
            ),
            conv.weight.chunk(conv.in_channels // conv.out_channels, dim=1),
            strict=True,
        )
        total: Tensor | None = None
        for x, mean, variance, scale, bias, weight in parts:
            known = F.batch_norm(x, mean, variance, scale, bias, eps=norm.eps).relu_()
            part = F.conv2d(known, weight)
            total = part if total is None else total.add_(part)
            del known, part  # before the next map is made
        assert total is not None
        return total


def _act(channels: int) -> nn.Module:
    return nn.Sequential(nn.BatchNorm2d(channels), nn.ReLU(inplace=True))
