"""Losses on corresponding pixels."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from restorekit.options import Positive
from restorekit.registry import LOSSES


def check_shapes(pred: Tensor, target: Tensor, where: str) -> None:
    """Raise ValueError unless the shapes are equal: torch would broadcast."""
    if pred.shape != target.shape:
        raise ValueError(
            f'{where}: pred and target must have one shape, '
            f'got {tuple(pred.shape)} and {tuple(target.shape)}'
        )


@LOSSES.register_module()
class L1Loss(nn.Module):
    """The mean of |pred - target|."""

    def forward(self, pred: Tensor, target: Tensor) -> Tensor:
        """A scalar, of two tensors of one shape, (N, C, H, W)."""
        check_shapes(pred, target, 'L1Loss')
        return F.l1_loss(pred, target)


@LOSSES.register_module()
class MSELoss(nn.Module):
    """The mean of (pred - target)^2."""

    def forward(self, pred: Tensor, target: Tensor) -> Tensor:
        """A scalar, of two tensors of one shape, (N, C, H, W)."""
        check_shapes(pred, target, 'MSELoss')
        return F.mse_loss(pred, target)


@LOSSES.register_module()
class CharbonnierLoss(nn.Module):
    """The mean of sqrt((pred - target)^2 + eps^2), an L1 loss that is smooth at zero.

    Args:
        eps: Half-width of the smooth part around zero, in the units of the images.
    References:
        Charbonnier et al., "Two deterministic half-quadratic regularization algorithms for computed
        imaging", ICIP 1994.
    """

    def __init__(self, eps: Positive = 1e-3) -> None:
        super().__init__()
        self.eps = eps

    def forward(self, pred: Tensor, target: Tensor) -> Tensor:
        """A scalar, of two tensors of one shape, (N, C, H, W)."""
        check_shapes(pred, target, 'CharbonnierLoss')
        return ((pred - target).square() + self.eps**2).sqrt().mean()
