"""ITU-R BT.601 colour as the field computes it: luma in 16..235 of 255 ("studio range")."""

from __future__ import annotations

import torch
from torch import Tensor

from restorekit.functional.precision import full_precision

# Rows Y, Cb, Cr, columns R, G, B: from R, G, B in [0, 1] to 8-bit units.
_MATRIX = (
    (65.481, 128.553, 24.966),
    (-37.797, -74.203, 112.0),
    (112.0, -93.786, -18.214),
)
_OFFSET = (16.0, 128.0, 128.0)
GRAY = 128 / 255  # Cb and Cr of what has no colour
_INVERSE = torch.linalg.inv(torch.tensor(_MATRIX, dtype=torch.float64)).tolist()


def rgb_to_y(rgb: Tensor) -> Tensor:
    """BT.601 luma of RGB images: (65.481 R + 128.553 G + 24.966 B + 16) / 255.

    Args:
        rgb: Images, (..., 3, H, W), in [0, 1].
    Returns:
        (..., 1, H, W), in [16/255, 235/255], of the input's dtype, unrounded.
    Raises:
        ValueError: If there are not three channels.
    References:
        MATLAB's `rgb2ycbcr`; ITU-R Recommendation BT.601.

    >>> rgb_to_y(torch.ones(1, 3, 1, 1, dtype=torch.float64)).item() * 255
    235.0
    """
    _check_channels(rgb, 'rgb_to_y')
    red, green, blue = rgb.unbind(-3)
    weight = _MATRIX[0]
    luma = (weight[0] * red + weight[1] * green + weight[2] * blue + _OFFSET[0]) / 255
    return luma.unsqueeze(-3)


@full_precision
def rgb_to_ycbcr(rgb: Tensor) -> Tensor:
    """BT.601 luma and chroma of RGB images.

    Args:
        rgb: Images, (..., 3, H, W), in [0, 1].
    Returns:
        (..., 3, H, W): Y in [16/255, 235/255], Cb and Cr in [16/255, 240/255]; float32 at least.
    Raises:
        ValueError: If there are not three channels.
    """
    _check_channels(rgb, 'rgb_to_ycbcr')
    matrix = rgb.new_tensor(_MATRIX)
    offset = rgb.new_tensor(_OFFSET).view(3, 1, 1)
    return (torch.einsum('dc,...chw->...dhw', matrix, rgb) + offset) / 255


@full_precision
def ycbcr_to_rgb(ycbcr: Tensor) -> Tensor:
    """The inverse of `rgb_to_ycbcr`, unclipped.

    Args:
        ycbcr: Images, (..., 3, H, W), as `rgb_to_ycbcr` gives them.
    Returns:
        (..., 3, H, W) RGB, float32 at least; outside [0, 1] where the luma and chroma belong to no
        colour.
    Raises:
        ValueError: If there are not three channels.
    """
    _check_channels(ycbcr, 'ycbcr_to_rgb')
    inverse = ycbcr.new_tensor(_INVERSE)
    offset = ycbcr.new_tensor(_OFFSET).view(3, 1, 1)
    return torch.einsum('dc,...chw->...dhw', inverse, ycbcr * 255 - offset)


def fuse_chroma(chroma: Tensor) -> Tensor:
    """Cb and Cr of a bracket as one, each weighted by how far it is from gray.

    Args:
        chroma: (N, K, 2, H, W), as `rgb_to_ycbcr` gives them.
    Returns:
        (N, 2, H, W); gray where all frames are gray.
    References:
        Prabhakar et al., "DeepFuse", ICCV 2017.
    """
    apart = chroma - GRAY
    weights = apart.abs() + 1e-8
    return GRAY + (weights * apart).sum(dim=1) / weights.sum(dim=1)


def rgb_to_gray(rgb: Tensor) -> Tensor:
    """Full-range luma, 0.299 R + 0.587 G + 0.114 B, as in MATLAB's `rgb2gray` and in JPEG.

    Args:
        rgb: Images, (..., 3, H, W).
    Returns:
        (..., 1, H, W), in the range of the input.
    Raises:
        ValueError: If there are not three channels.
    """
    _check_channels(rgb, 'rgb_to_gray')
    red, green, blue = rgb.unbind(-3)
    return (0.299 * red + 0.587 * green + 0.114 * blue).unsqueeze(-3)


def _check_channels(image: Tensor, where: str) -> None:
    if not isinstance(image, Tensor):
        raise TypeError(f'{where}: expected a tensor, got {type(image).__name__}')
    if image.ndim < 3 or image.shape[-3] != 3:
        raise ValueError(f'{where}: expected (..., 3, H, W), got {tuple(image.shape)}')
