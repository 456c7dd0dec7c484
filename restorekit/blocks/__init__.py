"""Layers and blocks."""

from restorekit.blocks.ammsnet import MSFF, AttentionUnit, ShallowBlock
from restorekit.blocks.back_projection import BackProjection
from restorekit.blocks.channel_attention import ChannelAttention
from restorekit.blocks.distillation import IMDB
from restorekit.blocks.doconv import DOConv2d, fuse
from restorekit.blocks.drdb import DRDB
from restorekit.blocks.feedback import CFB, SRB, ChannelGate
from restorekit.blocks.inception import AttentiveInception, Bottleneck
from restorekit.blocks.layers import build_block, build_conv, build_norm, conv3x3, cut
from restorekit.blocks.memory import MemoryBlock
from restorekit.blocks.non_local import NonLocal
from restorekit.blocks.residual import ResidualBlock, ResidualGroup
from restorekit.blocks.rfft import RFFTBlock
from restorekit.blocks.second_order import SOCA
from restorekit.blocks.srfbn import FeedbackBlock
from restorekit.blocks.swin import SwinBlock
from restorekit.blocks.upsample import PixelShuffleUpsampler

__all__ = [
    'CFB',
    'DRDB',
    'IMDB',
    'MSFF',
    'SOCA',
    'SRB',
    'AttentionUnit',
    'AttentiveInception',
    'BackProjection',
    'Bottleneck',
    'ChannelAttention',
    'ChannelGate',
    'DOConv2d',
    'FeedbackBlock',
    'MemoryBlock',
    'NonLocal',
    'PixelShuffleUpsampler',
    'RFFTBlock',
    'ResidualBlock',
    'ResidualGroup',
    'ShallowBlock',
    'SwinBlock',
    'build_block',
    'build_conv',
    'build_norm',
    'conv3x3',
    'cut',
    'fuse',
]
