"""Layers and blocks."""

from restorekit.blocks.inception import AttentiveInception, Bottleneck
from restorekit.blocks.layers import build_conv, build_norm
from restorekit.blocks.residual import ResidualBlock
from restorekit.blocks.upsample import PixelShuffleUpsampler

__all__ = [
    'AttentiveInception',
    'Bottleneck',
    'PixelShuffleUpsampler',
    'ResidualBlock',
    'build_conv',
    'build_norm',
]
