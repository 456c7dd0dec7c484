"""PSNR and SSIM, per image, on tensors of any device, differentiable."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from restorekit.functional.precision import full_precision
from restorekit.functional.windows import constant, gaussian


def psnr(pred: Tensor, gt: Tensor, *, data_range: float = 1.0) -> Tensor:
    """Peak signal-to-noise ratio of each image, in dB; higher is better.

    10 log10(data_range^2 / mean((pred - gt)^2)), the mean over channels and pixels.

    Args:
        pred: Restored images, (N, C, H, W), in [0, data_range].
        gt: Ground truth, same shape and range.
        data_range: Peak of the signal, > 0.
    Returns:
        (N,) float64, in dB; inf where the two are equal.
    Raises:
        ValueError: If the shapes differ.

    >>> psnr(torch.zeros(1, 1, 2, 2), torch.full((1, 1, 2, 2), 0.1, dtype=torch.float64)).item()
    20.0
    """
    check_pair(pred, gt, 'psnr')
    error = (pred.double() - gt.double()).square().mean(dim=(1, 2, 3))
    return 10 * torch.log10(data_range**2 / error)


def ssim(
    pred: Tensor, gt: Tensor, *, data_range: float = 1.0, window: int = 11, sigma: float = 1.5
) -> Tensor:
    """Structural similarity of each image; 1 where the two are equal.

    The mean, over the channels and the window positions that lie wholly inside the image, of
    (2 mx my + C1)(2 cov + C2) / ((mx^2 + my^2 + C1)(vx + vy + C2)) with Gaussian-weighted means,
    variances and covariance, C1 = (0.01 data_range)^2, C2 = (0.03 data_range)^2.

    Args:
        pred: Restored images, (N, C, H, W), in [0, data_range].
        gt: Ground truth, same shape and range.
        data_range: Peak of the signal, > 0.
        window: Side of the Gaussian window, in pixels.
        sigma: Its standard deviation, in pixels.
    Returns:
        (N,) float64, at most 1.
    Raises:
        ValueError: If the shapes differ, or the images are smaller than the window.
    References:
        Wang et al., "Image quality assessment: from error visibility to structural similarity",
        IEEE TIP 2004.
    """
    check_pair(pred, gt, 'ssim')
    return ssim_map(
        pred.double(), gt.double(), data_range=data_range, window=window, sigma=sigma
    ).mean(dim=(1, 2, 3))


@full_precision
def ssim_map(pred: Tensor, gt: Tensor, *, data_range: float, window: int, sigma: float) -> Tensor:
    """SSIM at every window position, (N, C, H - window + 1, W - window + 1), float32 or float64."""
    if min(pred.shape[-2:]) < window:
        raise ValueError(
            f'ssim: images must be at least {window} x {window}, got {tuple(pred.shape[-2:])}'
        )
    channels = pred.shape[1]
    kernel = constant(gaussian(window, sigma), pred)

    # The five local means in one filtering, separable.
    stack = torch.cat([pred, gt, pred * pred, gt * gt, pred * gt], dim=1)
    rows = kernel.view(1, 1, -1, 1).expand(5 * channels, -1, -1, -1)
    columns = kernel.view(1, 1, 1, -1).expand(5 * channels, -1, -1, -1)
    stack = F.conv2d(F.conv2d(stack, rows, groups=5 * channels), columns, groups=5 * channels)
    mean_p, mean_g, square_p, square_g, product = stack.chunk(5, dim=1)

    c1, c2 = (0.01 * data_range) ** 2, (0.03 * data_range) ** 2
    mean_pg = mean_p * mean_g
    mean_pp, mean_gg = mean_p.square(), mean_g.square()
    luminance = (2 * mean_pg + c1) / (mean_pp + mean_gg + c1)
    structure = (2 * (product - mean_pg) + c2) / (square_p - mean_pp + square_g - mean_gg + c2)
    return luminance * structure


def check_pair(pred: Tensor, gt: Tensor, where: str) -> None:
    """Raise ValueError unless both are (N, C, H, W) of one shape."""
    if pred.shape != gt.shape or pred.ndim != 4:
        raise ValueError(
            f'{where}: pred and gt must be (N, C, H, W) of equal shape, got '
            f'{tuple(pred.shape)} and {tuple(gt.shape)}'
        )
