"""MEF-SSIM: how well a fused image keeps the structure of the exposures it was made from."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from restorekit.functional.windows import gaussian, local_means

C1, C2 = 0.01**2, 0.03**2
SIGMA_LUMINANCE = 0.2


def mef_ssim(
    fused: Tensor,
    brackets: Tensor,
    *,
    luminance: bool = False,
    window: int = 11,
    sigma: float = 11 / 6,
) -> Tensor:
    """Structural similarity of fused images to the exposures they were made from; at most 1.

    At each position the exposure with the largest local variance is the reference, and the value is
    (2 cov + C2) / (var fused + var reference + C2), Gaussian-weighted, the border filled with
    zeros; then the mean over positions. With `luminance` it is multiplied, position by position,
    by the agreement of the local means with a mean of the exposures, each weighted by how well it
    is exposed there and as a whole.

    This is the simplified form that MEF-Net is trained with. The form of 2015 compares with a patch
    that exists in no exposure (the largest contrast, in the direction of a weighted mean of all
    structures) and averages over three scales. The figures of the two are not comparable.

    Args:
        fused: Images, (N, C, H, W), in [0, 1], usually luma; the windows span all channels.
        brackets: The exposures, (N, K, C, H, W), in [0, 1].
        luminance: Whether the local means are compared too.
        window: Side of the Gaussian window, in pixels.
        sigma: Its standard deviation, in pixels.
    Returns:
        (N,) float64.
    Raises:
        ValueError: If the shapes do not match.
    References:
        Ma et al., "Deep guided learning for fast multi-exposure image fusion" (MEF-Net), IEEE TIP
        2020, https://github.com/makedede/MEFNet; Ma et al., "Perceptual quality assessment for
        multi-exposure image fusion", IEEE TIP 2015.
    """
    # The published window is rounded to float32, so that its sum is 1 + 2e-8, and the variances,
    # differences of such means, are off by as much; kept, for equal figures.
    kernel = torch.tensor(gaussian(window, sigma), dtype=torch.float64)
    kernel = kernel * torch.outer(kernel, kernel).float().double().sum().sqrt()
    return mef_ssim_map(
        fused.double(), brackets.double(), kernel.tolist(), luminance=luminance
    ).mean(dim=(1, 2, 3))


def mef_ssim_map(
    fused: Tensor, brackets: Tensor, weights: Sequence[float], *, luminance: bool = False
) -> Tensor:
    """The values at all positions whose mean is `mef_ssim`, (N, 1, H, W), in the input's dtype.

    Args:
        fused, brackets, luminance: As for `mef_ssim`.
        weights: Of the window along one axis.
    """
    n, c, h, w = fused.shape
    if brackets.ndim != 5 or (brackets.shape[0], *brackets.shape[2:]) != (n, c, h, w):
        raise ValueError(
            'mef_ssim: fused must be (N, C, H, W) and brackets (N, K, C, H, W), got '
            f'{tuple(fused.shape)} and {tuple(brackets.shape)}'
        )
    mean_x, mean_y, variance_x, variance_y, covariance = _statistics(fused, brackets, weights)
    reference, index = variance_y.max(dim=1, keepdim=True)
    structure = (2 * covariance.gather(1, index) + C2) / (variance_x + reference + C2)
    return structure * _luminance(mean_x, mean_y) if luminance else structure


def _statistics(
    fused: Tensor, brackets: Tensor, weights: Sequence[float]
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Local means, variances and covariances of the fused image and the exposures."""
    count, channels = brackets.shape[1:3]
    # All local means in one filtering: of the images, their squares, and their products.
    stack = torch.cat([brackets, brackets.square(), brackets * fused[:, None]], dim=1)
    stack = torch.cat([stack, fused[:, None], fused[:, None].square()], dim=1)
    means = _local_means(stack.sum(dim=2) / channels, weights)  # (N, 3K + 2, H, W)
    mean_y, square_y, product, mean_x, square_x = means.split([count, count, count, 1, 1], dim=1)
    # The windows span all channels, so their variance includes that between channels.
    variance_x, variance_y = square_x - mean_x.square(), square_y - mean_y.square()
    return mean_x, mean_y, variance_x, variance_y, product - mean_x * mean_y


def _luminance(mean_x: Tensor, mean_y: Tensor) -> Tensor:
    """Agreement of local means, (N, 1, H, W), with the well-exposed ones among (N, K, H, W)."""
    whole = mean_y.mean(dim=(2, 3), keepdim=True)
    distance = (whole - 0.5).square() + (mean_y - 0.5).square()
    weight = torch.exp(-distance / (2 * SIGMA_LUMINANCE**2))
    wanted = (weight * mean_y).sum(dim=1, keepdim=True) / weight.sum(dim=1, keepdim=True)
    return (2 * mean_x * wanted + C1) / (mean_x.square() + wanted.square() + C1)


def _local_means(maps: Tensor, weights: Sequence[float]) -> Tensor:
    """Gaussian-weighted means at every position, the border filled with zeros; separable."""
    half = len(weights) // 2
    padded = F.pad(maps, (half, half, half, half)).flatten(0, 1)
    # Map by map, so that each stays in the processor's cache: ten times as fast as a convolution.
    means = [local_means(item, weights) for item in padded]
    return torch.stack(means).view_as(maps)
