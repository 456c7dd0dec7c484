"""Losses on edges and frequencies."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from restorekit.losses.pixel import check_shapes
from restorekit.options import Positive
from restorekit.registry import LOSSES


@LOSSES.register_module()
class EdgeLoss(nn.Module):
    """Charbonnier loss of the Laplacians: mean sqrt(laplacian(pred - target)^2 + eps^2).

    The Laplacian is the image minus its 5x5 Gaussian reconstruction from every second pixel. It is
    linear, so the Laplacian of the difference is the difference of the Laplacians.

    Args:
        eps: Half-width of the smooth part around zero, in the units of the images.
    References:
        Jiang et al., "Multi-scale progressive fusion network for single image deraining" (MSPFN),
        CVPR 2020; Mao et al. (DeepRFT), AAAI 2023.
    """

    kernel: Tensor

    def __init__(self, eps: Positive = 1e-3) -> None:
        super().__init__()
        self.eps = eps
        taps = torch.tensor([0.05, 0.25, 0.4, 0.25, 0.05], dtype=torch.float64)
        self.register_buffer('kernel', torch.outer(taps, taps), persistent=False)

    def forward(self, pred: Tensor, target: Tensor) -> Tensor:
        """A scalar, of two tensors of one shape, (N, C, H, W)."""
        check_shapes(pred, target, 'EdgeLoss')
        edges = self._laplacian(pred - target)
        return (edges.square() + self.eps**2).sqrt().mean()

    def _laplacian(self, image: Tensor) -> Tensor:
        kept = torch.zeros_like(image)
        kept[..., ::2, ::2] = 4 * self._blur(image)[..., ::2, ::2]
        return image - self._blur(kept)

    def _blur(self, image: Tensor) -> Tensor:
        channels = image.shape[1]
        kernel = self.kernel.to(image).expand(channels, 1, 5, 5)
        return F.conv2d(F.pad(image, (2, 2, 2, 2), mode='replicate'), kernel, groups=channels)


@LOSSES.register_module()
class FrequencyLoss(nn.Module):
    """Mean magnitude of the two-dimensional Fourier transform of pred - target.

    The transform is not normalised, so the value grows with the size of the images.

    References:
        Mao et al., "Intriguing findings of frequency selection for image deblurring" (DeepRFT),
        AAAI 2023.
    """

    def forward(self, pred: Tensor, target: Tensor) -> Tensor:
        """A scalar, of two tensors of one shape, (N, C, H, W)."""
        check_shapes(pred, target, 'FrequencyLoss')
        width = pred.shape[-1]
        magnitude = torch.fft.rfft2(pred - target).abs()
        # Each column stands for two of the full spectrum, except the first, and the last if the
        # width is even.
        twice = magnitude[..., 1 : (width + 1) // 2].sum()
        return (magnitude.sum() + twice) / pred.numel()
