"""Depthwise over-parameterised convolution, and folding it away."""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.modules.utils import _pair

from restorekit.options import AtLeast1, Width
from restorekit.registry import MODELS


@MODELS.register_module()
class DOConv2d(nn.Conv2d):
    """A convolution whose kernel is the product of a depthwise and a conventional one (DO-Conv).

    kernel[o, i] = (depth[c] + identity) @ weight[o, i]: (kh kw, D_mul) times (D_mul,), where c is
    the input channel. With groups the published code pairs (o, i) with the channel (o in_channels /
    groups + i) mod in_channels; so does this.

    It is a plain convolution in what it can compute, trains differently, and `fuse` turns it into
    one. The product is made anew in each call, in evaluation too: nothing can go stale. A 1x1
    kernel has no depthwise part.

    Args:
        in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias,
            padding_mode: As in nn.Conv2d.
        depth_multiplier: D_mul, columns of the depthwise kernel; kh kw by default, and not less.
    Raises:
        ValueError: If depth_multiplier is too small.
    References:
        Cao et al., "DO-Conv: Depthwise over-parameterized convolutional layer", IEEE TIP 2022;
        https://github.com/yangyanli/DO-Conv.
    """

    def __init__(
        self,
        in_channels: Width,
        out_channels: AtLeast1,
        kernel_size: AtLeast1 | tuple[AtLeast1, AtLeast1],
        stride: AtLeast1 | tuple[AtLeast1, AtLeast1] = 1,
        padding: str | int | tuple[int, int] = 0,
        dilation: AtLeast1 | tuple[AtLeast1, AtLeast1] = 1,
        groups: AtLeast1 = 1,
        bias: bool = True,
        padding_mode: Literal['zeros', 'reflect', 'replicate', 'circular'] = 'zeros',
        depth_multiplier: AtLeast1 | None = None,
    ) -> None:
        super().__init__(
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            dilation,
            groups,
            bias,
            padding_mode,
        )
        taps = math.prod(_pair(kernel_size))
        columns = taps if depth_multiplier is None else depth_multiplier
        if columns < taps or (taps == 1 and columns > 1):
            wanted = f'at least {taps}, the kernel,' if taps > 1 else '1 for a 1x1 kernel,'
            raise ValueError(f'DOConv2d: depth_multiplier must be {wanted} got {columns}')
        self.weight = nn.Parameter(torch.empty(out_channels, in_channels // groups, columns))
        nn.init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        self.depth = None
        if taps > 1:
            self.depth = nn.Parameter(torch.zeros(in_channels, taps, columns))
            identity = torch.eye(taps).repeat(1, columns // taps)
            identity = torch.cat([identity, torch.zeros(taps, columns % taps)], dim=1)
            self.register_buffer('identity', identity, persistent=False)

    def kernel(self) -> Tensor:
        """The product, (out, in / groups, kh, kw)."""
        if self.depth is None:
            return self.weight.unflatten(2, self.kernel_size)
        weight = self.weight
        if self.groups > 1:
            weight = weight.reshape(-1, self.in_channels, weight.shape[2])
        product = torch.bmm(weight.transpose(0, 1), (self.depth + self.identity).mT)
        kernel = product.view(self.in_channels, -1, *self.kernel_size).transpose(0, 1)
        return (
            kernel.reshape(self.out_channels, -1, *self.kernel_size) if self.groups > 1 else kernel
        )

    def forward(self, x: Tensor) -> Tensor:
        """(N, in_channels, H, W) to (N, out_channels, H', W'), as nn.Conv2d."""
        return self._conv_forward(x, self.kernel(), self.bias)

    def folded(self) -> nn.Conv2d:
        """The plain convolution with this kernel."""
        plain = nn.Conv2d(
            self.in_channels,
            self.out_channels,
            self.kernel_size,
            self.stride,
            self.padding,
            self.dilation,
            self.groups,
            self.bias is not None,
            self.padding_mode,
            device=self.weight.device,
            dtype=self.weight.dtype,
        )
        with torch.no_grad():
            plain.weight.copy_(self.kernel())
            if self.bias is not None:
                plain.bias.copy_(self.bias)
        return plain.train(self.training)


def fuse(model: nn.Module) -> nn.Module:
    """Fold every layer that only trains differently into the plain one that it computes.

    A layer says so by a method `folded()`, which returns its replacement.

    Args:
        model: Changed in place, below its root.
    Returns:
        The model, or what it is folded to if it is such a layer itself.
    """
    if callable(getattr(model, 'folded', None)):
        return model.folded()
    for name, child in model._modules.items():  # named_children leaves out what it has seen
        if child is not None:
            setattr(model, name, fuse(child))
    return model
