"""Residual block with a second branch in the frequency domain."""

from __future__ import annotations

from typing import Annotated

import torch
from torch import Tensor, nn

from restorekit.blocks.layers import build_conv
from restorekit.contracts import Block
from restorekit.functional.tiling import join_windows, split_windows
from restorekit.options import Width, Within
from restorekit.registry import BLOCKS


@BLOCKS.register_module()
class RFFTBlock(Block):
    """x + conv3x3(relu(conv3x3(x))) + irfft2(conv1x1(relu(conv1x1(rfft2(x))))).

    In the frequency domain the real parts of all channels stand before the imaginary ones, 2C
    channels for the two 1x1 convolutions. Nothing has a bias. The transform is taken over the whole
    input, or over windows of it, in float32 at least.

    It is orthonormal: otherwise the sum of a map, its zero frequency, soon is more than float16
    holds. Published weights were trained with transforms that divide by H W on the way back alone;
    as what stands between is homogeneous, f(a x) = a f(x) for a > 0, they give the same result.

    Args:
        channels: C, of input and output.
        conv_cfg: Kind of the 3x3 convolutions: `dict(type='DOConv2d')` gives LFFNet's block. The
            1x1 ones are plain (over-parameterising those changes nothing).
        window: Side of windows, in pixels, that overlap by a quarter and are transformed one by
            one; smaller inputs are padded to it. Best the side of the patches in training, so that
            images of any size are treated alike. None transforms the whole input, as published.
    References:
        Mao et al., "Intriguing findings of frequency selection for image deblurring" (DeepRFT),
        AAAI 2023; https://github.com/INVOKERer/DeepRFT.
    """

    def __init__(
        self,
        channels: Width,
        *,
        conv_cfg: dict | None = None,
        window: Annotated[int, Within(8, 4096)] | None = None,
    ) -> None:
        super().__init__()
        self.window = window
        self.pools = window is None
        if window is not None:
            self.min_size = window // 4 + 1
            self.period = window - window // 4
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
        if self.window is None:
            return self._transformed(wide).to(x.dtype)
        overlap = self.window // 4
        windows = split_windows(wide, self.window, overlap)
        grid = (windows.shape[0], *windows.shape[2:4])
        single = windows.permute(0, 2, 3, 1, 4, 5).flatten(0, 2)
        done = self._transformed(single).unflatten(0, grid)
        joined = join_windows(done.permute(0, 3, 1, 2, 4, 5), x.shape[-2], x.shape[-1], overlap)
        return joined.to(x.dtype)

    def _transformed(self, x: Tensor) -> Tensor:
        spectrum = torch.fft.rfft2(x, norm='ortho')
        parts = torch.cat([spectrum.real, spectrum.imag], dim=1).to(self.frequency[0].weight.dtype)
        real, imaginary = self.frequency(parts).to(x.dtype).chunk(2, dim=1)
        return _inverse(torch.complex(real, imaginary), x.shape[-1])


def _inverse(spectrum: Tensor, width: int) -> Tensor:
    """irfft2 of a spectrum, (N, C, H, W // 2 + 1), as a CPU takes it, on any device.

    Behind the ReLU it is no longer that of a real image, for which irfft2 promises nothing: GPUs
    symmetrise the first column, and at some lengths take in the imaginary parts that the last
    transform has no use for (pytorch/pytorch#154496). So the columns are transformed first, and
    of frequency 0, and W / 2 of an even width, the real parts alone are kept.
    """
    columns = torch.fft.ifft(spectrum, dim=-2, norm='ortho')
    middle = width // 2 * (1 - width % 2)  # 0 again of an odd width; a program knows no `if` here
    with torch.no_grad():  # the last transform gives these no gradient as it is
        for place in (0, middle):
            columns.imag.narrow(-1, place, 1).zero_()
    return torch.fft.irfft(columns, n=width, dim=-1, norm='ortho')
