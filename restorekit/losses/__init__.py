"""Losses and the wrappers around them."""

from restorekit.losses.pixel import CharbonnierLoss, L1Loss, MSELoss
from restorekit.losses.wrappers import MultiScaleLoss, TonemappedLoss

__all__ = ['CharbonnierLoss', 'L1Loss', 'MSELoss', 'MultiScaleLoss', 'TonemappedLoss']
