"""DeepFuse: features of two exposures by shared convolutions, their sum, an image.

Paper: Prabhakar et al., "DeepFuse: a deep unsupervised approach for exposure fusion with extreme
exposure image pairs", ICCV 2017. Reference implementation:
https://github.com/KRamPrabhakar/DeepFuse.
Differences: the published result is stretched once more, so that one pixel in a hundred saturates
at either end; here it is stretched once, to the range of luma.
"""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn

from restorekit.blocks import build_conv
from restorekit.contracts import Backbone
from restorekit.options import Width
from restorekit.registry import BACKBONES

BLACK, WHITE = 16 / 255, 235 / 255  # of BT.601 luma


@BACKBONES.register_module()
class DeepFuse(Backbone):
    """Fuses the luma of two or more exposures: (N, K, 1, H, W) to (N, 1, H, W).

    Convolutions without bias, so that the network does not see the units of its input; the result
    is stretched to the range of BT.601 luma.

    Args:
        num_feats: Width of the network.
    """

    takes_bracket = True
    channels_last = False  # 0.8 of the usual order
    divisible = False
    in_channels = 1
    scale = 1
    example: ClassVar[dict] = {'num_feats': 8}

    def __init__(self, *, num_feats: Width = 64) -> None:
        super().__init__()
        half, quarter = max(num_feats // 2, 1), max(num_feats // 4, 1)
        self.min_size = 2  # one position has no range
        self.encode = nn.Sequential(*_conv_act(1, half, 3), *_conv_act(half, num_feats, 5))
        self.tail = nn.Sequential(
            *_conv_act(num_feats, num_feats, 7),
            *_conv_act(num_feats, half, 5),
            *_conv_act(half, quarter, 5),
            *_conv_act(quarter, 1, 7),
        )

    def forward(self, inputs: Tensor) -> Tensor:
        features = self.encode(inputs.flatten(0, 1)).unflatten(0, inputs.shape[:2])
        result = self.tail(features.sum(dim=1))
        low = result.amin(dim=(2, 3), keepdim=True)
        high = result.amax(dim=(2, 3), keepdim=True)
        return BLACK + (WHITE - BLACK) * (result - low) / (high - low).clamp(min=1e-6)


def _conv_act(in_channels: int, out_channels: int, kernel_size: int) -> tuple[nn.Module, ...]:
    return build_conv(None, in_channels, out_channels, kernel_size, bias=False), nn.LeakyReLU(0.01)
