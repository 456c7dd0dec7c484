"""DeepHDR: HDR as translation of an image, without optical flow.

Paper: Wu et al., "Deep high dynamic range imaging with large foreground motions", ECCV 2018.
Reference implementation: https://github.com/elliottwu/DeepHDR.
Differences: any size, padded to a multiple of 8 by repeating the border; convolutions of features
pad by repeating it too, where theirs reflect; frames are aligned outside of the network, by
AlignedRestorer.
"""

from __future__ import annotations

from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from restorekit.blocks import build_norm, cut
from restorekit.contracts import Backbone, check_bracket
from restorekit.options import Depth, Width
from restorekit.registry import BACKBONES

NORM = {'type': 'BN'}
STRIDE = 8  # between the input and the features of the merger


@BACKBONES.register_module()
class DeepHDR(Backbone):
    """An encoder for each frame, a merger of residual blocks, and a decoder that sees all encoders.

    (N, K, 6, H, W), frames with their linear radiance, dark to bright, to (N, 3, H, W) linear
    radiance in [0, 1].

    Args:
        num_feats: Width behind the first convolution of each encoder; doubled with each reduction.
        num_blocks: Residual blocks of the merger.
        num_exposures: K.
        norm_cfg: Normalisation, as in mmcv: `dict(type='SyncBN')`.
    """

    scale = 1
    in_channels = 6
    out_channels = 3
    takes_bracket = True
    example: ClassVar[dict] = {'num_feats': 4, 'num_blocks': 1}

    def __init__(
        self,
        *,
        num_feats: Width = 64,
        num_blocks: Depth = 9,
        num_exposures: Depth = 3,
        norm_cfg: dict | None = None,
    ) -> None:
        super().__init__()
        norm, feats, count = norm_cfg or NORM, num_feats, num_exposures
        self.num_frames = num_exposures
        self.min_size = STRIDE + 1  # more than one position of the merger, which normalises
        self.first = nn.ModuleList(_down(6, feats) for _ in range(count))
        self.second = nn.ModuleList(_down(feats, 2 * feats, norm) for _ in range(count))
        self.merge = _down(2 * feats * count, 4 * feats, norm)
        self.blocks = nn.Sequential(*(_Residual(4 * feats, norm) for _ in range(num_blocks)))
        self.up = nn.ModuleList(
            (
                _Up(8 * feats, 2 * feats, norm),
                _Up(2 * feats * (count + 1), feats, norm),
                _Up(feats * (count + 1), feats, norm),
            )
        )
        self.tail = nn.Conv2d(feats, 3, 5, padding=2, padding_mode='replicate')

    def forward(self, inputs: Tensor) -> Tensor:
        check_bracket(self, inputs)
        height, width = inputs.shape[-2:]
        sides = (0, -width % STRIDE, 0, -height % STRIDE)
        padded = F.pad(inputs.flatten(1, 2), sides, mode='replicate') * 2 - 1
        frames = padded.unflatten(1, (self.num_frames, self.in_channels)).unbind(1)
        first = [encode(frame) for encode, frame in zip(self.first, frames, strict=True)]
        second = [
            encode(F.leaky_relu(x, 0.2)) for encode, x in zip(self.second, first, strict=True)
        ]
        merged = self.merge(F.leaky_relu(torch.cat(second, dim=1), 0.2))
        features = self.up[0](torch.cat([self.blocks(merged), merged], dim=1))
        features = self.up[1](torch.cat([features, *second], dim=1))
        features = self.up[2](torch.cat([features, *first], dim=1))
        return cut((torch.tanh(self.tail(F.relu(features))) + 1) / 2, height, width)


class _Residual(nn.Module):
    def __init__(self, channels: int, norm: dict) -> None:
        super().__init__()
        self.body = nn.Sequential()
        for act in (nn.ReLU(), nn.Identity()):
            self.body.append(nn.Conv2d(channels, channels, 3, padding=1, padding_mode='replicate'))
            self.body.extend([build_norm(norm, channels), act])

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(x)
        return x + self.body(x)


def _down(in_channels: int, out_channels: int, norm: dict | None = None) -> nn.Sequential:
    """A 5x5 convolution at every second position, padded as in the published code."""
    return nn.Sequential(
        nn.ReplicationPad2d((1, 2, 1, 2)),
        nn.Conv2d(in_channels, out_channels, 5, stride=2),
        build_norm(norm, out_channels),
    )


class _Up(nn.Module):
    """ReLU, and a transposed 5x5 convolution to twice the size."""

    def __init__(self, in_channels: int, out_channels: int, norm: dict) -> None:
        super().__init__()
        self.conv = nn.ConvTranspose2d(in_channels, out_channels, 5, stride=2, padding=1)
        self.norm = build_norm(norm, out_channels)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(self.conv(F.relu(x))[..., :-1, :-1])
