"""Guided filtering: a map takes over the edges of an image."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor


def guided_filter(source: Tensor, guide: Tensor, *, radius: int = 1, eps: float = 1e-4) -> Tensor:
    """The local linear model of `source` by `guide`, averaged over all windows of a position.

    Args:
        source: Maps, (N, C, H, W).
        guide: Images of the same shape.
        radius: Of the windows, in pixels: they have 2 radius + 1 a side, less at the border.
        eps: Added to the guide's variance; edges above its root are kept.
    Returns:
        As `source`, in its dtype; computed in float64, since variances are differences.
    References:
        He et al., "Guided image filtering", TPAMI 2013.
    """
    x, y = guide.double(), source.double()
    slope, offset = _linear_model(y, x, radius, eps)
    return (_box_mean(slope, radius) * x + _box_mean(offset, radius)).to(source.dtype)


def fast_guided_filter(
    source: Tensor, guide: Tensor, large_guide: Tensor, *, radius: int = 1, eps: float = 1e-4
) -> Tensor:
    """Small maps enlarged along the edges of a large image, bilinearly elsewhere.

    As the published code of MEF-Net has it, the model is not averaged before it is enlarged.

    Args:
        source: Maps, (N, C, h, w).
        guide: The image at their size, (N, C, h, w).
        large_guide: The same image, (N, C, H, W).
        radius, eps: See `guided_filter`.
    Returns:
        (N, C, H, W), in the dtype of `large_guide`.
    References:
        Wu et al., "Fast end-to-end trainable guided filter", CVPR 2018;
        https://github.com/wuhuikai/DeepGuidedFilter.
    """
    model = _linear_model(source.double(), guide.double(), radius, eps)
    slope, offset = (
        F.interpolate(
            part.to(large_guide.dtype),
            size=large_guide.shape[-2:],
            mode='bilinear',
            align_corners=False,
        )
        for part in model
    )
    return slope * large_guide + offset


def _linear_model(y: Tensor, x: Tensor, radius: int, eps: float) -> tuple[Tensor, Tensor]:
    """Slope and offset of y over x in each window."""
    mean_x, mean_y = _box_mean(x, radius), _box_mean(y, radius)
    covariance = _box_mean(x * y, radius) - mean_x * mean_y
    variance = _box_mean(x * x, radius) - mean_x * mean_x
    slope = covariance / (variance + eps)
    return slope, mean_y - slope * mean_x


def _box_mean(x: Tensor, radius: int) -> Tensor:
    """The mean over each window, cut off at the border."""
    return F.avg_pool2d(x, 2 * radius + 1, 1, radius, count_include_pad=False)
