"""Blocks of coupled feedback: projections between two resolutions, and a gate with memory.

Papers: Deng et al., "Deep coupled feedback network for joint exposure fusion and image
super-resolution" (CF-Net), IEEE TIP 2021, https://github.com/ytZhang99/CF-Net; and "Coupled
feedback attention networks" (CFAN), which adds the gate. The projections are those of Li et al.,
"Feedback network for image super-resolution" (SRFBN), CVPR 2019.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor, nn

from restorekit.contracts import Block, StatefulBlock
from restorekit.options import AtLeast1, Depth, Scale, Width
from restorekit.registry import BLOCKS

# Kernel, padding and output padding of the projections, by scale.
CFNET_PROJECTIONS = {2: (6, 2, 0), 3: (7, 2, 0), 4: (8, 2, 0)}


def projection_options(scale: int, projection: Sequence[int] | None) -> tuple[int, int, int]:
    """Kernel size, padding and output padding of the (de)convolutions of stride `scale`.

    Raises:
        ValueError: If they are not given and the scale has no default, or if they do not lead back
            to the size they start from.
    """
    if projection is None:
        if scale not in CFNET_PROJECTIONS:
            raise ValueError(
                f'projection: scale must be one of {tuple(CFNET_PROJECTIONS)} where (kernel_size, '
                f'padding, output_padding) are not given, got {scale!r}'
            )
        return CFNET_PROJECTIONS[scale]
    kernel, padding, extra = projection
    if kernel - 2 * padding + extra != scale or not 0 <= extra < scale:
        raise ValueError(
            'projection: kernel_size - 2 padding + output_padding must be the scale, '
            f'{scale}, got {tuple(projection)}'
        )
    return kernel, padding, extra


def enlarge_conv(in_channels: int, out_channels: int, scale: int, options: tuple) -> nn.Module:
    """A transposed convolution to `scale` times the size, and PReLU."""
    kernel, padding, extra = options
    return nn.Sequential(
        nn.ConvTranspose2d(in_channels, out_channels, kernel, scale, padding, extra), nn.PReLU()
    )


class _Merge(nn.Module):
    """PReLU of a 1x1 convolution over several maps of C channels, without concatenating them."""

    def __init__(self, count: int, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(count * channels, channels, 1)
        self.act = nn.PReLU()

    def forward(self, maps: list[Tensor]) -> Tensor:
        weights = self.conv.weight.chunk(len(maps), dim=1)
        total = F.conv2d(maps[0], weights[0], self.conv.bias)
        for features, weight in zip(maps[1:], weights[1:], strict=True):
            total += F.conv2d(features, weight)  # in place: at x4 a map is half a GiB
        return self.act(total)


class Projections(Block):
    """Groups of projections up to `scale` times the size and down again, densely connected.

    Args:
        channels: C, of every map.
        num_inputs: Maps that come in.
        scale: Between the two resolutions.
        num_groups: N.
        projection: Kernel size, padding and output padding; CF-Net's by default.
        re_guide: After this group, counted from 1, the low-resolution map is merged with the last
            map that comes in; None leaves it out.
    """

    def __init__(
        self,
        channels: Width,
        *,
        num_inputs: int,
        scale: Scale,
        num_groups: Depth,
        projection: tuple[int, int, int] | None,
        re_guide: AtLeast1 | None = None,
    ) -> None:
        super().__init__()
        options = projection_options(scale, projection)
        kernel, padding, _ = options
        self.compress = _Merge(num_inputs, channels)
        self.up = nn.ModuleList(
            enlarge_conv(channels, channels, scale, options) for _ in range(num_groups)
        )
        self.down = nn.ModuleList(
            nn.Sequential(nn.Conv2d(channels, channels, kernel, scale, padding), nn.PReLU())
            for _ in range(num_groups)
        )
        self.merge_low = nn.ModuleList(_Merge(n, channels) for n in range(2, num_groups + 1))
        self.merge_high = nn.ModuleList(_Merge(n, channels) for n in range(2, num_groups + 1))
        self.expand = _Merge(num_groups, channels)
        # The published code has it after the third group, and in a network of fewer not at all.
        used = re_guide is not None and re_guide <= num_groups
        self.re_guide = _Merge(2, channels) if used else None
        self.guided_group = re_guide

    def project(self, inputs: list[Tensor]) -> Tensor:
        """One map, (N, C, H, W), of the maps that come in."""
        low, high = [self.compress(inputs)], []
        for group, (up, down) in enumerate(zip(self.up, self.down, strict=True)):
            high.append(up(self.merge_low[group - 1](low) if group else low[0]))
            result = down(self.merge_high[group - 1](high) if group else high[0])
            if self.re_guide is not None and group + 1 == self.guided_group:
                result = self.re_guide([result, inputs[-1]])
            low.append(result)
        return self.expand(low[1:])


@BLOCKS.register_module()
class SRB(Projections):
    """Super-resolution block: 1x1, then N groups of projection up and down, then 1x1.

    Each group sees the low-resolution maps of all groups before, and its downward projection all
    high-resolution maps so far. Every convolution is followed by PReLU.

    Args:
        channels: C, of input and output.
        scale: Of the projections; the result is at the size of the input again.
        num_groups: N.
        projection: Kernel size, padding and output padding of the projections; 6, 2, 0 at x2, 7, 2,
            0 at x3 and 8, 2, 0 at x4 by default, as in CF-Net.
    """

    def __init__(
        self,
        channels: Width,
        *,
        scale: Scale = 2,
        num_groups: Depth = 6,
        projection: tuple[int, int, int] | None = None,
    ) -> None:
        super().__init__(
            channels, num_inputs=1, scale=scale, num_groups=num_groups, projection=projection
        )

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to the same shape."""
        return self.project([x])


@BLOCKS.register_module()
class CFB(Projections):
    """Coupled feedback block: an SRB that also takes both branches' features of the step before.

    Args:
        channels, scale, num_groups, projection: As for SRB.
        re_guide: After this group, counted from 1, the low-resolution map is merged with the other
            branch's features by a 1x1 convolution; None, as in CFAN, leaves it out; 3 in CF-Net.
    """

    num_inputs = 3

    def __init__(
        self,
        channels: Width,
        *,
        scale: Scale = 2,
        num_groups: Depth = 6,
        projection: tuple[int, int, int] | None = None,
        re_guide: AtLeast1 | None = None,
    ) -> None:
        super().__init__(
            channels,
            num_inputs=3,
            scale=scale,
            num_groups=num_groups,
            projection=projection,
            re_guide=re_guide,
        )

    def forward(self, first: Tensor, own: Tensor, other: Tensor) -> Tensor:
        """The branch's features after one more step.

        Args:
            first: The branch's first features, F_in, (N, C, H, W).
            own, other: Features of this branch and of the other after the step before.
        """
        return self.project([first, own, other])


@BLOCKS.register_module()
class ChannelGate(StatefulBlock):
    """Channel attention with memory: x (s + 1), plus x times the weights of the step before.

    s = sigmoid(W2 relu(W1 gap(x))).

    Args:
        channels: C, of input and output.
        reduction: C over the width of the hidden layer.
    Raises:
        ValueError: If nothing is left of C.
    """

    pools = True

    def __init__(self, channels: Width, *, reduction: AtLeast1 = 16) -> None:
        super().__init__()
        hidden = channels // reduction
        if hidden < 1:
            raise ValueError(
                f'ChannelGate: channels must be at least reduction={reduction}, got {channels}'
            )
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.body = nn.Sequential(
            nn.Conv2d(channels, hidden, 1),
            nn.ReLU(inplace=True),
            nn.Conv2d(hidden, channels, 1),
            nn.Sigmoid(),
        )

    def forward_with(self, x: Tensor, state: Tensor | None) -> tuple[Tensor, Tensor]:
        """The gate with the weights of the step before, (N, C, 1, 1), or None at the first.

        Returns:
            The gated features, (N, C, H, W), and this step's weights, (N, C, 1, 1).
        """
        weights = self.body(self.pool(x))
        total = weights + 1 if state is None else weights + 1 + state
        return x * total, weights
