"""The attentive inception module of AIN, and the plain bottleneck it is compared with.

Paper: "Attentive Inception Module based Convolutional Neural Network for Image Enhancement". No
reference code is published. The paper does not say how the first module's attention reaches the
later ones; here it is added to theirs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import torch
from torch import Tensor, nn

from restorekit.blocks.layers import build_conv, build_norm, may_overwrite
from restorekit.contracts import Block, StatefulBlock
from restorekit.functional.pooling import CELLS, cell_of, spread, window_means
from restorekit.options import AtLeast1, Positive, Width, Within
from restorekit.registry import BLOCKS

BATCH_NORM = {'type': 'BN'}


@BLOCKS.register_module()
class AttentiveInception(StatefulBlock):
    """Parallel dilated 3x3 convolutions, weighted per channel by an attention vector.

    Each branch is a dilated 3x3 convolution and a plain one of the same width, each followed by
    normalisation. Their concatenation X (2C channels for the paper's widths) goes through ReLU,
    then two ways: pooled to the attention vector s = sigmoid(W2 relu(W1 gap(X))), and through a 3x3
    convolution back to C channels, Y. The result is Y s, plus the input.

    Args:
        channels: C, of input and output.
        dilations: PyTorch dilation of each branch; the paper's "0, 1, 2, 4" skipped pixels are 1,
            2, 3, 5.
        widths: Filters of each branch, in C.
        norm_cfg: Normalisation after the branches' convolutions; None leaves it out and gives them
            a bias.
        attention: Whether there is an attention vector.
        window: Side, in pixels, of the square around each pixel whose mean becomes its attention
            vector, a multiple of 3. A window of the size of the patches in training or somewhat
            more treats images of any size, and tiles of them, alike. None pools the whole input, as
            published.
        hidden: Width of the attention's hidden layer, in C.
        short_skip: Whether the input is added to the result.
        conv_cfg: Kind of convolution, as in mmcv.
    """

    def __init__(
        self,
        channels: Width,
        *,
        dilations: Sequence[AtLeast1] = (1, 2, 3, 5),
        widths: Sequence[Positive] = (1, 0.5, 0.25, 0.25),
        norm_cfg: dict | None = BATCH_NORM,
        attention: bool = True,
        window: Annotated[int, Within(CELLS, 4096)] | None = None,
        hidden: AtLeast1 = 4,
        short_skip: bool = True,
        conv_cfg: dict | None = None,
    ) -> None:
        super().__init__()
        if len(dilations) != len(widths):
            raise ValueError(
                'AttentiveInception: dilations and widths must be equally many, '
                f'got {tuple(dilations)} and {tuple(widths)}'
            )
        self.filters = filters = [round(channels * width) for width in widths]
        if min(filters) < 1:
            raise ValueError(
                'AttentiveInception: a branch has no filters with '
                f'channels={channels}, widths={tuple(widths)}'
            )
        bias = norm_cfg is None
        self.branches = nn.ModuleList(
            nn.Sequential(
                build_conv(conv_cfg, channels, width, 3, dilation=dilation, bias=bias),
                build_norm(norm_cfg, width),
                build_conv(conv_cfg, width, width, 3, bias=bias),
                build_norm(norm_cfg, width),
            )
            for dilation, width in zip(dilations, filters, strict=True)
        )
        self.act = nn.ReLU(inplace=True)
        self.project = build_conv(conv_cfg, sum(filters), channels, 3)
        sizes = (sum(filters), hidden * channels, channels)
        self.attention = _two_layers(*sizes) if attention else None
        self.window = window
        self.pools = attention and window is None
        if attention and window is not None:
            self.period = cell_of(window)
            self.halo = window + self.period
        self.short_skip = short_skip

    def forward_with(self, x: Tensor, state: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """The block with an attention vector from outside added to its own.

        Args:
            x: (N, C, H, W).
            state: The first block's attention, (N, C, 1, 1), or (N, C, h, w) for the cells of
                windows; or None.
        Returns:
            The result, (N, C, H, W), and this block's own attention, as above; `state` where it has
            none.
        """
        features = self.act(self._features(x))
        own = state if self.attention is None else self._attend(features)
        result = self.project(features)
        del features  # twice as large as x: memory for what follows
        if self.attention is None:
            return (result + x if self.short_skip else result), own
        assert own is not None
        weight = own if state is None else own + state
        if self.window is not None:
            weight = spread(weight, self.window, (x.shape[-2], x.shape[-1]))
        if not self.short_skip:
            return result * weight, own
        alike = x.dtype == result.dtype == weight.dtype
        room = result if alike and may_overwrite() else None
        return torch.addcmul(x, result, weight, out=room), own

    def _features(self, x: Tensor) -> Tensor:
        """The branches' results, (N, sum of widths, H, W)."""
        if not may_overwrite():
            return torch.cat([branch(x) for branch in self.branches], dim=1)
        # Of a large image there is no room for all of them twice. The first is the largest.
        result = self.branches[0](x)
        last = result.is_contiguous(memory_format=torch.channels_last)
        features = torch.empty(
            (len(x), sum(self.filters), *x.shape[-2:]),
            dtype=result.dtype,
            device=result.device,
            memory_format=torch.channels_last if last else torch.contiguous_format,
        )
        parts = features.split(self.filters, dim=1)
        parts[0].copy_(result)
        del result
        for part, branch in zip(parts[1:], self.branches[1:], strict=True):
            part.copy_(branch(x))
        return features

    def _attend(self, features: Tensor) -> Tensor:
        """The attention vectors of (N, C, H, W): (N, C', h, w), one for each cell or for all."""
        assert self.attention is not None
        if self.window is None:
            return self.attention(features.mean(dim=(2, 3)))[:, :, None, None]
        means = window_means(features, self.window).permute(0, 2, 3, 1)
        return self.attention(means).permute(0, 3, 1, 2)


def _two_layers(given: int, hidden: int, channels: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(given, hidden), nn.ReLU(inplace=True), nn.Linear(hidden, channels), nn.Sigmoid()
    )


@BLOCKS.register_module()
class Bottleneck(Block):
    """x + three 3x3 convolutions that widen the features and narrow them again (AIN's Arch1).

    The paper gives no widths; C -> 2C -> C -> C makes a module about as large as Arch2's.

    Args:
        channels: C, of input and output.
        expansion: Width between the first two convolutions, in C.
        norm_cfg: Normalisation after the first two convolutions; None leaves it out and gives them
            a bias.
        conv_cfg: Kind of convolution, as in mmcv.
    """

    def __init__(
        self,
        channels: Width,
        *,
        expansion: Positive = 2,
        norm_cfg: dict | None = BATCH_NORM,
        conv_cfg: dict | None = None,
    ) -> None:
        super().__init__()
        wide = round(expansion * channels)
        bias = norm_cfg is None
        self.body = nn.Sequential(
            build_conv(conv_cfg, channels, wide, 3, bias=bias),
            build_norm(norm_cfg, wide),
            nn.ReLU(inplace=True),
            build_conv(conv_cfg, wide, channels, 3, bias=bias),
            build_norm(norm_cfg, channels),
            nn.ReLU(inplace=True),
            build_conv(conv_cfg, channels, channels, 3),
        )

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to the same shape."""
        return x + self.body(x)
