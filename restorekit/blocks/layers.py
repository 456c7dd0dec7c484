"""mmcv's layers, built so that a name registered here is found whatever scope is current."""

from __future__ import annotations

from mmcv.cnn import build_conv_layer, build_norm_layer
from mmengine.registry import DefaultScope
from torch import nn

from restorekit.registry import SCOPE


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
    with DefaultScope.overwrite_default_scope(SCOPE):
        return build_conv_layer(
            cfg,
            in_channels,
            out_channels,
            kernel_size,
            dilation=dilation,
            padding=dilation * (kernel_size // 2),
            bias=bias,
        )


def build_norm(cfg: dict | None, channels: int) -> nn.Module:
    """A normalisation layer: `norm_cfg` as in mmcv (`dict(type='SyncBN')`), or the identity for
    None."""
    if cfg is None:
        return nn.Identity()
    with DefaultScope.overwrite_default_scope(SCOPE):
        return build_norm_layer(cfg, channels)[1]
