"""What networks are built of: mmcv's layers, and the blocks that a config names.

Names registered here are found whatever scope is current.
"""

from __future__ import annotations

import torch
from mmengine.registry import DefaultScope
from torch import Tensor, nn

from restorekit.contracts import Block, StatefulBlock
from restorekit.registry import BLOCKS, SCOPE


def build_conv(
    cfg: dict | None,
    in_channels: int,
    out_channels: int,
    kernel_size: int,
    *,
    dilation: int = 1,
    bias: bool = True,
) -> nn.Module:
    """A convolution that keeps the image's size.

    Args:
        cfg: `conv_cfg` as in mmcv: `dict(type='DOConv2d')`; None is a plain convolution.
        kernel_size: Odd.
    """
    padding = dilation * (kernel_size // 2)
    sizes = (in_channels, out_channels, kernel_size)
    if cfg is None:
        return nn.Conv2d(*sizes, dilation=dilation, padding=padding, bias=bias)
    from mmcv.cnn import build_conv_layer  # imports what training needs, for a second

    with DefaultScope.overwrite_default_scope(SCOPE):
        return build_conv_layer(cfg, *sizes, dilation=dilation, padding=padding, bias=bias)


def conv3x3(in_channels: int, out_channels: int) -> nn.Module:
    """A plain 3x3 convolution that keeps the image's size."""
    return build_conv(None, in_channels, out_channels, 3)


def build_block(config: dict, channels: int, *, stateful: bool = False) -> Block:
    """A block that takes one map of features and keeps its shape.

    Args:
        config: Of any entry of BLOCKS, without `channels`.
        channels: C.
        stateful: Whether the network needs `forward_with`.
    Raises:
        ValueError: If the block takes other inputs, changes the size, or has no `forward_with`.
    """
    block = BLOCKS.build({**config, 'channels': channels})
    if block.num_inputs != 1 or block.scale != 1:
        raise ValueError(
            f'{config["type"]}: expected a block of one input that keeps the size, this one takes '
            f'{block.num_inputs} and has scale {block.scale}'
        )
    if stateful and not callable(getattr(block, 'forward_with', None)):
        raise ValueError(
            f'{config["type"]}: expected a block with forward_with (see {StatefulBlock.__name__}), '
            'it has none'
        )
    return block


def build_norm(cfg: dict | None, channels: int) -> nn.Module:
    """A normalisation layer: `norm_cfg` as in mmcv (`dict(type='SyncBN')`); None: the identity."""
    if cfg is None:
        return nn.Identity()
    from mmcv.cnn import build_norm_layer

    with DefaultScope.overwrite_default_scope(SCOPE):
        return build_norm_layer(cfg, channels)[1]


def cut(x: Tensor, height: int, width: int) -> Tensor:
    """The upper left part; by places, since an exported program knows no slice that may be all."""
    rows, columns = (torch.arange(side, device=x.device) for side in (height, width))
    return x.index_select(-2, rows).index_select(-1, columns)


def may_overwrite() -> bool:
    """Whether results may be written over what they were made of: no gradient needs it any more."""
    return not torch.is_grad_enabled() and not torch.compiler.is_compiling()
