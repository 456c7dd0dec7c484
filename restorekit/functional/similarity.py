"""PSNR and SSIM, per image, on tensors of any device, differentiable."""

from __future__ import annotations

import torch
from torch import Tensor

from restorekit.functional.precision import full_precision
from restorekit.functional.windows import gaussian, local_means

STRIP = 2**18  # pixels that are compared at a time on a processor, for its cache


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
    if not data_range > 0:
        raise ValueError(f'psnr: data_range must be > 0, got {data_range}')
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
    pred, gt = pred.double(), gt.double()
    count, channels, height, width = pred.shape
    rows = height
    if pred.device.type == 'cpu':
        rows = max(2 * window, STRIP // max(count * channels * width, 1))
    strips = [
        ssim_map(
            pred[..., top : top + rows + window - 1, :],
            gt[..., top : top + rows + window - 1, :],
            data_range=data_range,
            window=window,
            sigma=sigma,
        )
        for top in range(0, max(height - window, 0) + 1, rows)
    ]
    return torch.cat(strips, dim=-2).mean(dim=(1, 2, 3))


@full_precision
def ssim_map(pred: Tensor, gt: Tensor, *, data_range: float, window: int, sigma: float) -> Tensor:
    """SSIM at every window position, (N, C, H - window + 1, W - window + 1), float32 or float64."""
    if min(pred.shape[-2:]) < window:
        raise ValueError(
            f'ssim: images must be at least {window} x {window}, got {tuple(pred.shape[-2:])}'
        )
    # Of the sum s and the difference d of the two, four local means do instead of five:
    # ms^2 - md^2 = 4 mx my, ms^2 + md^2 = 2 (mx^2 + my^2), and so for variances and covariance.
    both, weights = torch.cat([pred + gt, pred - gt], dim=1), gaussian(window, sigma)
    means, squares = local_means(both, weights), local_means(both.square(), weights)
    means = means.square()
    mean_s, mean_d = means.chunk(2, dim=1)
    var_s, var_d = squares.sub_(means).chunk(2, dim=1)
    c1, c2 = 2 * (0.01 * data_range) ** 2, 2 * (0.03 * data_range) ** 2
    above = (mean_s - mean_d).add_(c1) * (var_s - var_d).add_(c2)
    below = (mean_s + mean_d).add_(c1) * (var_s + var_d).add_(c2)
    return above / below


def check_pair(pred: Tensor, gt: Tensor, where: str) -> None:
    """Raise unless both are tensors, (N, C, H, W), of one shape: TypeError, ValueError."""
    for images in (pred, gt):
        if not isinstance(images, Tensor):
            raise TypeError(f'{where}: expected tensors, got {type(images).__name__}')
    if pred.shape != gt.shape or pred.ndim != 4:
        raise ValueError(
            f'{where}: pred and gt must be (N, C, H, W) of equal shape, got '
            f'{tuple(pred.shape)} and {tuple(gt.shape)}'
        )
