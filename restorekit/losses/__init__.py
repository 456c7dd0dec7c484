"""Losses and the wrappers around them."""

from restorekit.losses.frequency import EdgeLoss, FrequencyLoss
from restorekit.losses.pixel import CharbonnierLoss, L1Loss, MSELoss
from restorekit.losses.similarity import SSIMLoss
from restorekit.losses.wrappers import MultiScaleLoss, TonemappedLoss

__all__ = [
    'CharbonnierLoss',
    'EdgeLoss',
    'FrequencyLoss',
    'L1Loss',
    'MSELoss',
    'MultiScaleLoss',
    'SSIMLoss',
    'TonemappedLoss',
]
