"""Residual block with a second branch in the frequency domain."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from restorekit.blocks.layers import build_conv
from restorekit.contracts import Block
from restorekit.options import Width
from restorekit.registry import BLOCKS


@BLOCKS.register_module()
class RFFTBlock(Block):
    """x + conv3x3(relu(conv3x3(x))) + irfft2(conv1x1(relu(conv1x1(rfft2(x))))).

    In the frequency domain the real parts of all channels stand before the imaginary ones, 2C
    channels for the two 1x1 convolutions. Nothing has a bias. The transform is taken over the whole
    input, in float32 at least.

    Args:
        channels: C, of input and output.
        norm: Normalisation of the transform, as in torch.fft.
        conv_cfg: Kind of the 3x3 convolutions: `dict(type='DOConv2d')` gives LFFNet's block. The
            1x1 ones are plain (over-parameterising those changes nothing).
    References:
        Mao et al., "Intriguing findings of frequency selection for image deblurring" (DeepRFT),
        AAAI 2023; https://github.com/INVOKERer/DeepRFT.
    """

    def __init__(
        self,
        channels: Width,
        *,
        norm: Literal['backward', 'ortho', 'forward'] = 'backward',
        conv_cfg: dict | None = None,
    ) -> None:
        super().__init__()
        self.norm = norm
        self.spatial = nn.Sequential(
            build_conv(conv_cfg, channels, channels, 3, bias=False),
            nn.ReLU(inplace=True),
            build_conv(conv_cfg, channels, channels, 3, bias=False),
        )
        self.frequency = nn.Sequential(
            nn.Conv2d(2 * channels, 2 * channels, 1, bias=False),
            nn.ReLU(inplace=True),
            nn.Conv2d(2 * channels, 2 * channels, 1, bias=False),
        )

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to the same shape."""
        return self._frequency(x).add_(x).add_(self.spatial(x))  # in this order nothing is copied

    def _frequency(self, x: Tensor) -> Tensor:
        wide = x if x.dtype in (torch.float32, torch.float64) else x.float()
        spectrum = torch.fft.rfft2(wide, norm=self.norm)
        parts = torch.cat([spectrum.real, spectrum.imag], dim=1).to(self.frequency[0].weight.dtype)
        real, imaginary = self.frequency(parts).to(wide.dtype).chunk(2, dim=1)
        result = torch.fft.irfft2(torch.complex(real, imaginary), s=x.shape[-2:], norm=self.norm)
        return result.to(x.dtype)
