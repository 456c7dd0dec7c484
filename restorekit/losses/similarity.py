"""Losses on structure, with a reference and without."""

from __future__ import annotations

from torch import Tensor, nn

from restorekit.functional import full_precision, mef_ssim_map, ssim_map
from restorekit.functional.windows import gaussian
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

    @full_precision
    def forward(self, pred: Tensor, target: Tensor) -> Tensor:
        """A scalar, of two tensors of one shape, (N, C, H, W)."""
        check_shapes(pred, target, 'SSIMLoss')
        similarity = ssim_map(
            pred, target, data_range=self.data_range, window=self.window, sigma=self.sigma
        )
        return 1 - similarity.mean()


@LOSSES.register_module()
class MEFSSIMLoss(nn.Module):
    """1 - MEF-SSIM of fused images and the exposures they were made from: needs no reference.

    In a Restorer its entry says `target='gt_frames'`. See `mef_ssim`.

    Args:
        luminance: Whether local means are compared too. Without, a network whose result may be of
            any brightness is not told which; one that weights its frames needs no telling.
        window: Side of the Gaussian window, in pixels.
        sigma: Its standard deviation, in pixels.
        black, white: Values of the images that stand for 0 and 1: 16 / 255 and 235 / 255 of BT.601
            luma.
    Raises:
        ValueError: If white is not above black.
    """

    def __init__(
        self,
        luminance: bool = False,
        window: AtLeast1 = 11,
        sigma: Positive = 11 / 6,
        black: float = 0.0,
        white: float = 1.0,
    ) -> None:
        super().__init__()
        if not black < white:
            raise ValueError(f'MEFSSIMLoss: white must be above black={black}, got {white}')
        self.luminance, self.window, self.sigma = luminance, window, sigma
        self.black, self.white = black, white

    @full_precision
    def forward(self, pred: Tensor, target: Tensor) -> Tensor:
        """A scalar, of fused images, (N, C, H, W), and exposures, (N, K, C, H, W)."""
        fused, brackets = ((x - self.black) / (self.white - self.black) for x in (pred, target))
        weights = gaussian(self.window, self.sigma)
        values = mef_ssim_map(fused, brackets, weights, luminance=self.luminance)
        return 1 - values.mean()
