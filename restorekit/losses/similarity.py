"""Losses on structure."""

from __future__ import annotations

from torch import Tensor, nn

from restorekit.functional import ssim_map
from restorekit.losses.pixel import check_shapes
from restorekit.options import AtLeast1, Positive
from restorekit.registry import LOSSES


@LOSSES.register_module()
class SSIMLoss(nn.Module):
    """1 - SSIM, the mean over images, channels and window positions inside the image.

    Args:
        window: Side of the Gaussian window, in pixels.
        sigma: Its standard deviation, in pixels.
        data_range: Peak of the signal.
    """

    def __init__(
        self, window: AtLeast1 = 11, sigma: Positive = 1.5, data_range: Positive = 1.0
    ) -> None:
        super().__init__()
        self.window = window
        self.sigma = sigma
        self.data_range = data_range

    def forward(self, pred: Tensor, target: Tensor) -> Tensor:
        """A scalar, of two tensors of one shape, (N, C, H, W)."""
        check_shapes(pred, target, 'SSIMLoss')
        similarity = ssim_map(
            pred, target, data_range=self.data_range, window=self.window, sigma=self.sigma
        )
        return 1 - similarity.mean()
