"""Non-local block.

Paper: Wang et al., "Non-local neural networks", CVPR 2018, in the embedded-Gaussian form. The
region mode is that of Dai et al., "Second-order attention network for single image
super-resolution" (SAN), CVPR 2019, whose implementation (github.com/daitao/SAN) always sub-samples.
Difference: the matrix of all pairs of positions is never in memory, forward or backward.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import Tensor, nn

from restorekit.contracts import Block
from restorekit.options import AtLeast1, Width
from restorekit.registry import BLOCKS


@BLOCKS.register_module()
class NonLocal(Block):
    """x + W y, where y_i = sum_j softmax_j(theta(x_i) . phi(x_j)) g(x_j), without scaling.

    Memory is linear in H W, time quadratic (divided by 4 by sub-sampling, and by 4 again by
    regions).

    Args:
        channels: C, of input and output.
        reduction: C over the width of theta, phi and g.
        sub_sample: Max-pool phi and g by 2 x 2.
        regions: Attend inside each of `regions` x `regions` rectangles of the image instead of over
            all of it; SAN uses 2.
    Raises:
        ValueError: If `reduction` does not divide `channels`; in `forward`, if a region is smaller
            than the sub-sampling.
    """

    # A constant added to phi adds the same to all logits of a query: softmax does not see it.
    parameters_without_gradient = ('phi.bias',)
    pools = True

    def __init__(
        self,
        channels: Width,
        *,
        reduction: AtLeast1 = 2,
        sub_sample: bool = True,
        regions: AtLeast1 = 1,
    ) -> None:
        super().__init__()
        if channels % reduction:
            raise ValueError(
                f'NonLocal: reduction must divide channels, got {reduction} and {channels}'
            )
        inner = channels // reduction
        self.theta = nn.Conv2d(channels, inner, 1)
        self.phi = nn.Conv2d(channels, inner, 1)
        self.g = nn.Conv2d(channels, inner, 1)
        self.project = nn.Conv2d(inner, channels, 1)
        self.sub_sample = sub_sample
        self.regions = regions
        self.min_size = regions * (2 if sub_sample else 1)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to the same shape."""
        height, width = x.shape[-2:]
        if min(height, width) < self.min_size:
            raise ValueError(
                f'NonLocal: the input must be at least {self.min_size} x {self.min_size} '
                f'(regions={self.regions}, sub_sample={self.sub_sample}), '
                f'got {height} x {width}'
            )
        if self.regions == 1:
            return x + self.project(self._attend(x))
        rows = [
            torch.cat([self._attend(part) for part in _split(row, 3, self.regions)], dim=3)
            for row in _split(x, 2, self.regions)
        ]
        return x + self.project(torch.cat(rows, dim=2))

    def _attend(self, x: Tensor) -> Tensor:
        height = x.shape[2]
        query, key, value = self.theta(x), self.phi(x), self.g(x)
        if self.sub_sample:
            key, value = F.max_pool2d(key, 2), F.max_pool2d(value, 2)
        # Contiguous, or torch on CPU takes, without a word, a kernel of quadratic memory.
        q, k, v = (rearrange(t, 'n c h w -> n 1 (h w) c').contiguous() for t in (query, key, value))
        result = F.scaled_dot_product_attention(q, k, v, scale=1.0)
        return rearrange(result, 'n 1 (h w) c -> n c h w', h=height)


def _split(x: Tensor, dim: int, parts: int) -> tuple[Tensor, ...]:
    """`parts` pieces of length floor(length / parts), the last with what remains."""
    length = x.shape[dim] // parts
    return x.split([length] * (parts - 1) + [x.shape[dim] - length * (parts - 1)], dim=dim)
