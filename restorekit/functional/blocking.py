"""PSNR-B: PSNR that also counts the visible grid of block-coded images."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from restorekit.functional.similarity import check_pair


def blocking_effect(image: Tensor, *, block: int = 8) -> Tensor:
    """Blocking effect factor of each channel of each image: how much block borders stand out.

    Args:
        image: (N, C, H, W), each side larger than `block`.
        block: Side of the codec's blocks, in pixels.
    Returns:
        (N, C): max(0, t (D_border - D_inside)), where D are the mean squared differences of
        neighbouring pixels across block borders and inside blocks, horizontal and vertical ones
        together, and t = log2(block) / log2(min(H, W)).
    Raises:
        ValueError: If a side is not larger than `block`.
    References:
        Yim and Bovik, "Quality assessment of deblocked images", IEEE TIP 2011.
    """
    height, width = image.shape[-2:]
    if min(height, width) <= block:
        raise ValueError(
            f'psnr_b: images must be larger than {block} x {block}, got {height} x {width}'
        )
    horizontal = (image[..., :, 1:] - image[..., :, :-1]).square().sum(dim=-2)  # (N, C, W - 1)
    vertical = (image[..., 1:, :] - image[..., :-1, :]).square().sum(dim=-1)  # (N, C, H - 1)
    columns = torch.arange(block - 1, width - 1, block, device=image.device)
    rows = torch.arange(block - 1, height - 1, block, device=image.device)
    on_border = horizontal[..., columns].sum(-1) + vertical[..., rows].sum(-1)
    inside = horizontal.sum(-1) + vertical.sum(-1) - on_border

    border_pairs = height * len(columns) + width * len(rows)
    inside_pairs = height * (width - 1) + width * (height - 1) - border_pairs
    excess = on_border / border_pairs - inside / inside_pairs
    weight = math.log2(block) / math.log2(min(height, width))
    return (weight * excess).clamp(min=0)


def psnr_b(pred: Tensor, gt: Tensor, *, data_range: float = 1.0, block: int = 8) -> Tensor:
    """PSNR with the blocking effect factor of `pred` added to the error, in dB; higher is better.

    The measure is not symmetric: the factor is that of `pred`, the restored image, only. For colour
    images, error and factor are averaged over the channels before the logarithm.

    On gray images whose sides are multiples of `block`, the published codes agree with one another
    and with this one. Elsewhere they differ. Where a side is not a multiple, KAIR, SwinIR and FBCNN
    each miscount the pairs of neighbours, by up to 0.1 dB; here they are counted as they are. For
    colour, KAIR averages the decibels of the channels instead (on one image 20.7609 dB, against
    20.7494 here).

    Args:
        pred: Restored images, (N, C, H, W), in [0, data_range].
        gt: Ground truth, same shape and range.
        data_range: Peak of the signal, > 0.
        block: Side of the codec's blocks, in pixels, counted from the top left corner.
    Returns:
        (N,) float64, in dB; inf where the two are equal and no block border stands out.
    Raises:
        ValueError: If the shapes differ, or a side is not larger than `block`.
    References:
        Yim and Bovik, "Quality assessment of deblocked images", IEEE TIP 2011.
    """
    check_pair(pred, gt, 'psnr_b')
    pred, gt = pred.double(), gt.double()
    error = (pred - gt).square().mean(dim=(1, 2, 3))
    return 10 * torch.log10(data_range**2 / (error + blocking_effect(pred, block=block).mean(1)))
