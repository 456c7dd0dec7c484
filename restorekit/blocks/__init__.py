"""Layers and blocks."""

from restorekit.blocks.ammsnet import MSFF, AttentionUnit, ShallowBlock
from restorekit.blocks.inception import AttentiveInception, Bottleneck
from restorekit.blocks.layers import build_conv, build_norm
from restorekit.blocks.non_local import NonLocal
from restorekit.blocks.residual import ResidualBlock
from restorekit.blocks.second_order import SOCA
from restorekit.blocks.upsample import PixelShuffleUpsampler

__all__ = [
    'MSFF',
    'SOCA',
    'AttentionUnit',
    'AttentiveInception',
    'Bottleneck',
    'NonLocal',
    'PixelShuffleUpsampler',
    'ResidualBlock',
    'ShallowBlock',
    'build_conv',
    'build_norm',
]
