"""Blocks and formulas as their papers write them, to be compared with ours."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from restorekit.blocks import SOCA, NonLocal, RFFTBlock
from restorekit.blocks.feedback import _Merge
from restorekit.functional import matrix_sqrt


class PublishedSOCA(SOCA):
    """Covariance through the (H W) x (H W) centring matrix of all positions."""

    def forward(self, x: Tensor) -> Tensor:
        flat = x.flatten(2)
        positions = flat.shape[2]
        mean = torch.ones(positions, positions) / positions**2
        centring = torch.eye(positions) / positions - mean
        cov = flat @ centring.expand(len(x), -1, -1) @ flat.transpose(1, 2)
        pooled = matrix_sqrt(cov, iterations=self.iterations).mean(1)
        return x * self.gate(pooled[:, :, None, None])


class PublishedNonLocal(NonLocal):
    """Weights of all pairs of positions as one (H W) x (H W / 4) matrix."""

    def _attend(self, x: Tensor) -> Tensor:
        pool = F.max_pool2d
        query, key, value = self.theta(x), pool(self.phi(x), 2), pool(self.g(x), 2)
        weight = (query.flatten(2).transpose(1, 2) @ key.flatten(2)).softmax(-1)
        return (weight @ value.flatten(2).transpose(1, 2)).transpose(1, 2).reshape(query.shape)


class PublishedRFFT(nn.Module):
    """Two 1x1 convolutions on the concatenated halves, complex() and irfft2."""

    def __init__(self, block: RFFTBlock) -> None:
        super().__init__()
        self.spatial, self.frequency = block.spatial, block.frequency

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[-2:]
        spectrum = torch.fft.rfft2(x, norm='backward')
        halves = self.frequency(torch.cat([spectrum.real, spectrum.imag], dim=1))
        real, imaginary = torch.chunk(halves, 2, dim=1)
        restored = torch.fft.irfft2(torch.complex(real, imaginary), s=(height, width))
        return self.spatial(x) + x + restored


class PublishedMerge(nn.Module):
    """A 1x1 convolution over concatenated maps."""

    def __init__(self, merge: _Merge) -> None:
        super().__init__()
        self.conv, self.act = merge.conv, merge.act

    def forward(self, maps: list[Tensor]) -> Tensor:
        return self.act(self.conv(torch.cat(maps, dim=1)))


def published_cfnet(network: nn.Module) -> nn.Module:
    """The same network with every merge of maps by concatenation."""
    for module in list(network.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, _Merge):
                setattr(module, name, PublishedMerge(child))
    return network


def published_mef_ssim(fused: Tensor, exposures: Tensor) -> Tensor:
    """Two-dimensional windows, a filtering for each of the means. (1, 1, H, W), (K, 1, H, W)."""
    line = torch.arange(11, dtype=fused.dtype) - 5
    line = torch.exp(-line.square() / (2 * (11 / 6) ** 2))
    line = line / line.sum()
    window = torch.outer(line, line)[None, None]

    def mean(image: Tensor) -> Tensor:
        return F.conv2d(image, window, padding=5)

    means = mean(exposures)
    variances = mean(exposures * exposures) - means * means
    index = variances.argmax(dim=0, keepdim=True)
    mean_fused = mean(fused)
    variance = mean(fused * fused) - mean_fused * mean_fused
    covariances = mean(fused.expand_as(exposures) * exposures) - mean_fused * means
    similarities = (2 * covariances + 9e-4) / (variance + variances + 9e-4)
    return similarities.gather(0, index).mean()
