"""SCN: sparse codes of patches by a few steps of learned shrinkage, and patches from these codes.

Paper: Wang et al., "Deep networks for image super-resolution with sparse prior", ICCV 2015; its
network, not the cascade of several. LISTA: Gregor and LeCun, "Learning fast approximations of
sparse coding", ICML 2010.
Differences: convolutions pad, so that the image keeps its size; the rows of the recurrence are not
merged with the thresholds, as the paper does for speed alone.
"""

from __future__ import annotations

from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from restorekit.blocks import build_conv
from restorekit.contracts import Backbone
from restorekit.options import AtLeast1, Depth, Width
from restorekit.registry import BACKBONES

EPS = 1e-6  # of a patch without contrast
MEAN = 9  # side of the window whose mean the network leaves as it is
START = 0.01  # thresholds before training


class _Shrinkage(nn.Module):
    """sign(z) max(|z| - threshold, 0), a threshold each channel."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.threshold = nn.Parameter(torch.full((channels, 1, 1), START))

    def forward(self, x: Tensor) -> Tensor:
        return x - x.clamp(-self.threshold.abs(), self.threshold.abs())


@BACKBONES.register_module()
class SCN(Backbone):
    """Patch features, their sparse codes by LISTA, patches of the result, and their mean.

    (N, 1, H, W) luma, enlarged before, to the same shape. The codes are of what is left of a
    patch without its mean, of unit norm; both are put back.

    Args:
        num_feats: Filters of the extraction, of `patch` pixels a side.
        num_atoms: Length of the codes.
        num_steps: Of the recurrence, whose weights all steps share.
        patch: Side of the patches from which features are taken; odd.
        out_patch: Side of the patches that are made; each pixel is the weighted mean of all that
            cover it; odd.
    """

    scale = 1
    in_channels = 1
    example: ClassVar[dict] = {'num_feats': 8, 'num_atoms': 8}

    def __init__(
        self,
        *,
        num_feats: Width = 100,
        num_atoms: Width = 128,
        num_steps: Depth = 1,
        patch: AtLeast1 = 9,
        out_patch: AtLeast1 = 5,
    ) -> None:
        super().__init__()
        for name, side in (('patch', patch), ('out_patch', out_patch)):
            if side % 2 == 0:
                raise ValueError(f'SCN: {name} must be odd, got {side}')
        self.num_steps = num_steps
        self.extract = build_conv(None, 1, num_feats, patch, bias=False)
        self.encode = build_conv(None, num_feats, num_atoms, 1, bias=False)
        self.inhibit = build_conv(None, num_atoms, num_atoms, 1, bias=False)
        self.shrinkages = nn.ModuleList(_Shrinkage(num_atoms) for _ in range(num_steps + 1))
        self.decode = build_conv(None, num_atoms, out_patch**2, 1, bias=False)
        self.combine = build_conv(None, out_patch**2, 1, out_patch, bias=False)
        self._as_mean_of_patches(out_patch)

    def _as_mean_of_patches(self, side: int) -> None:
        """Begin with each pixel as the plain mean of all made patches that cover it."""
        weight = torch.zeros_like(self.combine.weight)
        for place in range(side**2):
            row, column = divmod(place, side)
            weight[0, place, side - 1 - row, side - 1 - column] = 1 / side**2
        with torch.no_grad():
            self.combine.weight.copy_(weight)

    def forward(self, inputs: Tensor) -> Tensor:
        mean = _box(inputs)
        features = self.extract(inputs - mean)
        norm = features.square().sum(dim=1, keepdim=True).add(EPS).sqrt()
        wanted = self.encode(features / norm)
        codes = self.shrinkages[0](wanted)
        for shrink in self.shrinkages[1:]:
            codes = shrink(wanted + self.inhibit(codes))
        return mean + self.combine(self.decode(codes) * norm)


def _box(x: Tensor) -> Tensor:
    """The mean of the window around each pixel, cut off at the border."""
    return F.avg_pool2d(x, MEAN, 1, MEAN // 2, count_include_pad=False)
