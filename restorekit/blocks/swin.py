"""Attention inside shifted windows.

Papers: Liu et al., "Swin transformer", ICCV 2021; Liang et al., "SwinIR: image restoration using
Swin transformer", ICCVW 2021. Reference implementation: https://github.com/JingyunLiang/SwinIR.
Differences: features (N, C, H, W) of any size; no dropout, no stochastic depth.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import Tensor, nn

from restorekit.contracts import Block
from restorekit.options import AtLeast0, AtLeast1, Positive, Width
from restorekit.registry import BLOCKS

APART = -100.0  # added to the logits of positions that are no neighbours


@BLOCKS.register_module()
class SwinBlock(Block):
    """x + attention(norm(x)) inside windows, then x + mlp(norm(x)).

    Inputs whose sides are no multiple of the window are padded by their border.

    Args:
        channels: C, of input and output.
        num_heads: Of the attention; must divide C.
        window: Side of the windows, in pixels.
        shift: How far the windows are shifted, less than a window; what lies on opposite borders
            does not attend to each other.
        mlp_ratio: Width of the hidden layer over C.
    Raises:
        ValueError: If `num_heads` does not divide C, or the shift is not less than a window.
    """

    def __init__(
        self,
        channels: Width,
        *,
        num_heads: AtLeast1 = 4,
        window: AtLeast1 = 8,
        shift: AtLeast0 = 0,
        mlp_ratio: Positive = 2.0,
    ) -> None:
        super().__init__()
        if channels % num_heads:
            raise ValueError(
                f'SwinBlock: num_heads must divide channels, got {num_heads} and {channels}'
            )
        if shift >= window:
            raise ValueError(f'SwinBlock: shift must be less than window={window}, got {shift}')
        self.num_heads, self.window, self.shift = num_heads, window, shift
        self.period = window
        hidden = int(channels * mlp_ratio)
        self.norm_attention = nn.LayerNorm(channels)
        self.qkv = nn.Linear(channels, 3 * channels)
        self.project = nn.Linear(channels, channels)
        self.norm_mlp = nn.LayerNorm(channels)
        self.mlp = nn.Sequential(
            nn.Linear(channels, hidden), nn.GELU(), nn.Linear(hidden, channels)
        )
        side = 2 * window - 1
        self.position_bias = nn.Parameter(torch.empty(side**2, num_heads))
        nn.init.trunc_normal_(self.position_bias, std=0.02)
        places = torch.arange(window)
        apart = places[:, None] - places + window - 1
        index = apart[:, None, :, None] * side + apart[None, :, None, :]
        self.register_buffer('index', index.reshape(window**2, window**2), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to the same shape."""
        height, width = x.shape[-2:]
        x = F.pad(x, (0, -width % self.window, 0, -height % self.window), mode='replicate')
        x = rearrange(x, 'n c h w -> n h w c')
        x = x + self._attend(self.norm_attention(x))
        x = x + self.mlp(self.norm_mlp(x))
        return rearrange(x[:, :height, :width], 'n h w c -> n c h w')

    def _attend(self, x: Tensor) -> Tensor:
        """Attention inside the windows of (N, H, W, C)."""
        height, width = x.shape[1:3]
        bias = self.position_bias[self.index].permute(2, 0, 1)[None]  # 1 heads t t
        if self.shift:
            x = x.roll((-self.shift, -self.shift), dims=(1, 2))
            apart = self._apart(height, width, x)
            bias = (bias + apart).expand(x.shape[0], -1, -1, -1, -1).flatten(0, 1)
        window, heads = self.window, self.num_heads
        q, k, v = rearrange(
            self.qkv(x),
            'n (a h) (b w) (three heads d) -> three (n a b) heads (h w) d',
            three=3,
            heads=heads,
            h=window,
            w=window,
        )
        # Of four dimensions and contiguous, or torch on CPU takes a kernel four times as slow.
        q, k, v = (part.contiguous() for part in (q, k, v))
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=bias.to(q.dtype))
        y = rearrange(
            y,
            '(n a b) heads (h w) d -> n (a h) (b w) (heads d)',
            a=height // window,
            b=width // window,
            h=window,
        )
        y = self.project(y)
        return y.roll((self.shift, self.shift), dims=(1, 2)) if self.shift else y

    def _apart(self, height: int, width: int, like: Tensor) -> Tensor:
        """What is added to the logits in each window of a shifted image: (windows, 1, t, t)."""

        def part(length: int) -> Tensor:
            place = torch.arange(length, device=like.device)
            return (place >= length - self.window).int() + (place >= length - self.shift).int()

        regions = 3 * part(height)[:, None] + part(width)
        regions = rearrange(regions, '(a h) (b w) -> (a b) (h w)', h=self.window, w=self.window)
        apart = regions[:, None, :, None] != regions[:, None, None, :]
        return APART * apart.to(like.dtype)
