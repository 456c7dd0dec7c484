"""Losses that hold another loss."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from restorekit.functional import mu_law
from restorekit.losses.pixel import check_shapes
from restorekit.options import Positive
from restorekit.registry import LOSSES


@LOSSES.register_module()
class MultiScaleLoss(nn.Module):
    """The sum of a loss over several sizes of the same pair of images, reduced bilinearly.

    Args:
        loss: Config of the loss.
        scales: The sizes, relative to the images'.
    """

    def __init__(self, loss: dict, scales: Sequence[Positive] = (1, 0.5, 0.25)) -> None:
        super().__init__()
        self.loss = LOSSES.build(loss)
        self.scales = tuple(scales)

    def forward(self, pred: Tensor, target: Tensor) -> Tensor:
        """A scalar, of two tensors of one shape, (N, C, H, W)."""
        check_shapes(pred, target, 'MultiScaleLoss')
        return sum(
            (self.loss(_reduce(pred, s), _reduce(target, s)) for s in self.scales),
            start=pred.new_zeros(()),
        )


def _reduce(image: Tensor, scale: float) -> Tensor:
    if scale == 1:
        return image
    return F.interpolate(image, scale_factor=scale, mode='bilinear', align_corners=False)


@LOSSES.register_module()
class TonemappedLoss(nn.Module):
    """A loss on the mu-law of linear HDR images.

    Args:
        loss: Config of the loss.
        mu: Strength of the compression.
    """

    def __init__(self, loss: dict, mu: Positive = 5000.0) -> None:
        super().__init__()
        self.loss = LOSSES.build(loss)
        self.mu = mu

    def forward(self, pred: Tensor, target: Tensor) -> Tensor:
        """A scalar, of two tensors of one shape, (N, C, H, W)."""
        return self.loss(self._compress(pred), self._compress(target))

    def _compress(self, image: Tensor) -> Tensor:
        # Below zero, where a network without a final activation may go, the curve continues along
        # its tangent at zero: a clamp would leave such a pixel without a gradient.
        tangent = image * (self.mu / math.log1p(self.mu))
        return torch.where(image < 0, tangent, mu_law(image.clamp(min=0), self.mu))
