"""DeepFuse: features of two exposures by shared convolutions, their sum, an image.

Paper: Prabhakar et al., "DeepFuse: a deep unsupervised approach for exposure fusion with extreme
exposure image pairs", ICCV 2017. Reference implementation:
https://github.com/KRamPrabhakar/DeepFuse.
Differences: the published result is stretched once more, so that one pixel in a hundred saturates
at either end; here it is stretched once, to the range of luma, or not at all.
"""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn

from restorekit.blocks import build_conv
from restorekit.contracts import Backbone
from restorekit.options import Width
from restorekit.registry import BACKBONES

BLACK, WHITE = 16 / 255, 235 / 255  # of BT.601 luma
SLOPE = 0.01  # of LeakyReLU


@BACKBONES.register_module()
class DeepFuse(Backbone):
    """Fuses the luma of two or more exposures: (N, K, 1, H, W) to (N, 1, H, W).

    Convolutions without bias, so that the network does not see the units of its input.

    Args:
        num_feats: Width of the network.
        stretch: Whether the result is stretched to the range of BT.601 luma, as for the published
            weights. In training it is not: the range of a patch says nothing of the image's.
    """

    takes_bracket = True
    channels_last = False  # 0.8 of the usual order
    divisible = False
    in_channels = 1
    scale = 1
    example: ClassVar[dict] = {'num_feats': 8}

    def __init__(self, *, num_feats: Width = 64, stretch: bool = True) -> None:
        super().__init__()
        self.stretch = stretch
        half, quarter = max(num_feats // 2, 1), max(num_feats // 4, 1)
        self.min_size = 2 if stretch else 1  # one position has no range
        self.encode = nn.Sequential(*_conv_act(1, half, 3), *_conv_act(half, num_feats, 5))
        self.tail = nn.Sequential(
            *_conv_act(num_feats, num_feats, 7),
            *_conv_act(num_feats, half, 5),
            *_conv_act(half, quarter, 5),
            *_conv_act(quarter, 1, 7),
        )
        for module in self.modules():
            if isinstance(module, nn.Conv2d):  # with torch's own figures hardly a signal arrives
                nn.init.kaiming_normal_(module.weight, a=SLOPE)

    def forward(self, inputs: Tensor) -> Tensor:
        features = self.encode(inputs.flatten(0, 1)).unflatten(0, inputs.shape[:2])
        result = self.tail(features.sum(dim=1))
        if not self.stretch:
            return result
        low = result.amin(dim=(2, 3), keepdim=True)
        high = result.amax(dim=(2, 3), keepdim=True)
        return BLACK + (WHITE - BLACK) * (result - low) / (high - low).clamp(min=1e-6)


def _conv_act(in_channels: int, out_channels: int, kernel_size: int) -> tuple[nn.Module, ...]:
    return build_conv(None, in_channels, out_channels, kernel_size, bias=False), nn.LeakyReLU(SLOPE)
