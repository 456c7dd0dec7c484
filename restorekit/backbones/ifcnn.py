"""IFCNN: features of each frame, the largest of all frames, an image.

Paper: Zhang et al., "IFCNN: a general image fusion framework based on convolutional neural
network", Information Fusion 2020. Reference implementation: https://github.com/uzeful/IFCNN.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from torch import Tensor, nn

from restorekit.contracts import Backbone
from restorekit.options import Width
from restorekit.registry import BACKBONES


@BACKBONES.register_module()
class IFCNN(Backbone):
    """Fuses any number of frames: (N, K, in_channels, H, W) to (N, in_channels, H, W).

    Args:
        in_channels: Of each frame and of the result.
        num_feats: Width of the network.
        merge: Of the features of all frames: their 'max' (IFCNN-MAX), 'mean' or 'sum'.
    """

    takes_bracket = True
    channels_last = False  # 0.9 of the usual order
    scale = 1
    example: ClassVar[dict] = {'num_feats': 8}

    def __init__(
        self,
        *,
        in_channels: Width = 3,
        num_feats: Width = 64,
        merge: Literal['max', 'mean', 'sum'] = 'max',
    ) -> None:
        super().__init__()
        self.in_channels = in_channels
        self.merge = merge
        self.encode = nn.Sequential(_conv(in_channels, num_feats, 7), *_conv_norm_act(num_feats))
        self.tail = nn.Sequential(*_conv_norm_act(num_feats), nn.Conv2d(num_feats, in_channels, 1))

    def forward(self, inputs: Tensor) -> Tensor:
        features = self.encode(inputs.flatten(0, 1)).unflatten(0, inputs.shape[:2])
        if self.merge == 'max':
            return self.tail(features.amax(dim=1))
        return self.tail(features.mean(dim=1) if self.merge == 'mean' else features.sum(dim=1))


def _conv_norm_act(channels: int) -> tuple[nn.Module, ...]:
    return _conv(channels, channels, 3), nn.BatchNorm2d(channels), nn.ReLU()


def _conv(in_channels: int, out_channels: int, kernel_size: int) -> nn.Module:
    return nn.Conv2d(
        in_channels,
        out_channels,
        kernel_size,
        padding=kernel_size // 2,
        padding_mode='replicate',
        bias=False,
    )
