"""Losses and the wrappers around them."""

from restorekit.losses.frequency import EdgeLoss, FrequencyLoss
from restorekit.losses.pixel import CharbonnierLoss, L1Loss, MSELoss
from restorekit.losses.similarity import MEFSSIMLoss, SSIMLoss
from restorekit.losses.wrappers import MultiScaleLoss, TonemappedLoss

__all__ = [
    'CharbonnierLoss',
    'EdgeLoss',
    'FrequencyLoss',
    'L1Loss',
    'MEFSSIMLoss',
    'MSELoss',
    'MultiScaleLoss',
    'SSIMLoss',
    'TonemappedLoss',
]
