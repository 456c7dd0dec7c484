"""Channel attention without memory: of RCAN, and with contrast of IMDN.

Papers: Zhang et al., "Image super-resolution using very deep residual channel attention networks"
(RCAN), ECCV 2018; Hui et al., "Lightweight image super-resolution with information
multi-distillation network" (IMDN), ACM MM 2019.
"""

from __future__ import annotations

from torch import Tensor, nn

from restorekit.contracts import Block
from restorekit.options import AtLeast1, Width
from restorekit.registry import BLOCKS


@BLOCKS.register_module()
class ChannelAttention(Block):
    """x s, where s = sigmoid(W2 relu(W1 v)) and v is the mean of each channel.

    Args:
        channels: C, of input and output.
        reduction: C over the width of the hidden layer.
        contrast: Add the standard deviation of each channel to its mean, as IMDN does.
    Raises:
        ValueError: If nothing is left of C.
    """

    pools = True

    def __init__(
        self, channels: Width, *, reduction: AtLeast1 = 16, contrast: bool = False
    ) -> None:
        super().__init__()
        hidden = channels // reduction
        if hidden < 1:
            raise ValueError(
                f'ChannelAttention: channels must be at least reduction={reduction}, got {channels}'
            )
        self.contrast = contrast
        self.gate = nn.Sequential(
            nn.Conv2d(channels, hidden, 1),
            nn.ReLU(inplace=True),
            nn.Conv2d(hidden, channels, 1),
            nn.Sigmoid(),
        )

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to the same shape."""
        pooled = x.mean(dim=(2, 3), keepdim=True)
        if self.contrast:
            # The bound, which a half can hold, keeps the root's slope finite on flat features.
            variance = (x - pooled).square().mean(dim=(2, 3), keepdim=True)
            pooled = pooled + variance.clamp(min=1e-7).sqrt()
        return x * self.gate(pooled)
