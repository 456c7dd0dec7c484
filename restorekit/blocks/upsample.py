"""Enlarging features by sub-pixel convolution."""

from __future__ import annotations

from typing import ClassVar

from torch import nn

from restorekit.blocks.layers import build_conv
from restorekit.contracts import Block
from restorekit.options import Scale, Width
from restorekit.registry import BLOCKS


@BLOCKS.register_module()
class PixelShuffleUpsampler(Block, nn.Sequential):
    """One 3x3 convolution and pixel shuffle per prime factor of the scale: x4 is two stages of x2.

    (N, C, H, W) to (N, C, scale H, scale W); it has no parameters at scale 1.

    Args:
        channels: C, of input and output.
        scale: An integer of 1 or more.
        conv_cfg: Kind of convolution, as in mmcv.
    References:
        Shi et al., "Real-time single image and video super-resolution using an efficient sub-pixel
        convolutional neural network" (ESPCN), CVPR 2016.
    """

    example: ClassVar[dict] = {'scale': 2}

    def __init__(self, channels: Width, *, scale: Scale, conv_cfg: dict | None = None) -> None:
        layers: list[nn.Module] = []
        for factor in _prime_factors(scale):
            layers += [
                build_conv(conv_cfg, channels, channels * factor**2, 3),
                nn.PixelShuffle(factor),
            ]
        super().__init__(*layers)
        self.scale = scale


def _prime_factors(number: int) -> list[int]:
    factors, divisor = [], 2
    while number > 1:
        while number % divisor == 0:
            factors.append(divisor)
            number //= divisor
        divisor += 1
    return factors
