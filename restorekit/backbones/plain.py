"""Convolutions in a row: SRCNN, ESPCN, VDSR, ARCNN and DnCNN are this network in five sizes.

Papers: Dong et al., "Image super-resolution using deep convolutional networks" (SRCNN), TPAMI 2016;
Shi et al., "Real-time single image and video super-resolution using an efficient sub-pixel
convolutional neural network" (ESPCN), CVPR 2016; Kim et al., "Accurate image super-resolution
using very deep convolutional networks" (VDSR), CVPR 2016; Dong et al., "Compression artifacts
reduction by a deep convolutional network" (ARCNN), ICCV 2015; Zhang et al., "Beyond a Gaussian
denoiser: residual learning of deep CNN for image denoising" (DnCNN), TIP 2017.
Reference implementations: https://github.com/twtygqyy/pytorch-vdsr (VDSR),
https://github.com/cszn/KAIR (DnCNN).
Differences: SRCNN's and ARCNN's convolutions pad, so that the image keeps its size.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal

from torch import Tensor, nn

from restorekit.blocks import build_conv, build_norm
from restorekit.contracts import Backbone
from restorekit.options import Scale, Width, Within
from restorekit.registry import BACKBONES

OddSize = Annotated[int, Within(1, 99, odd=True)]  # of a kernel
ACTS = {'relu': nn.ReLU, 'tanh': nn.Tanh}


@BACKBONES.register_module()
class PlainNet(Backbone):
    """Convolutions with an activation after each but the last, and perhaps a skip around them all.

    (N, in_channels, H, W) to the same shape.

    Args:
        in_channels: Of input and output; these networks restore luma.
        widths: Of the features behind each convolution but the last.
        kernel_sizes: One for all convolutions, or one each.
        act: Behind each convolution but the last.
        norm_cfg: A normalisation, as in mmcv, in front of each activation but the first.
        bias: Whether the convolutions have one.
        residual: Whether the last convolution's result is added to the input (VDSR), subtracted
            from it (DnCNN), or the image itself.
    Raises:
        ValueError: If there is not a kernel size each.
    """

    scale = 1
    example: ClassVar[dict] = {'widths': (8, 8)}

    def __init__(
        self,
        *,
        in_channels: Width = 1,
        widths: Sequence[Width] = (64,) * 19,
        kernel_sizes: OddSize | Sequence[OddSize] = 3,
        act: Literal['relu', 'tanh'] = 'relu',
        norm_cfg: dict | None = None,
        bias: bool = True,
        residual: Literal['add', 'subtract', 'none'] = 'add',
    ) -> None:
        super().__init__()
        count = len(widths) + 1
        sizes = [kernel_sizes] * count if isinstance(kernel_sizes, int) else list(kernel_sizes)
        if len(sizes) != count:
            raise ValueError(
                f'PlainNet: kernel_sizes must be one figure, or one for each of {count} '
                f'convolutions, got {kernel_sizes}'
            )
        self.in_channels = in_channels
        self.sign = {'add': 1, 'subtract': -1, 'none': 0}[residual]
        self.body = nn.Sequential(
            *(
                nn.Sequential(
                    build_conv(None, before, after, size, bias=bias),
                    build_norm(norm_cfg if place else None, after),
                    ACTS[act](),
                )
                for place, (before, after, size) in enumerate(
                    zip((in_channels, *widths), widths, sizes, strict=False)
                )
            )
        )
        width = widths[-1] if widths else in_channels
        self.tail = build_conv(None, width, in_channels, sizes[-1], bias=bias)

    def forward(self, inputs: Tensor) -> Tensor:
        result = self.tail(self.body(inputs))
        return inputs + self.sign * result if self.sign else result


@BACKBONES.register_module()
class ESPCN(PlainNet):
    """A PlainNet of three convolutions and tanh, the last of them sub-pixel.

    (N, in_channels, H, W) to (N, in_channels, scale H, scale W).

    Args:
        in_channels: Of input and output.
        widths: Of the features behind the first and the second convolution.
        scale: An integer of 1 or more.
    """

    example: ClassVar[dict] = {'widths': (8, 8), 'scale': 2}

    def __init__(
        self,
        *,
        in_channels: Width = 1,
        widths: tuple[Width, Width] = (64, 32),
        scale: Scale = 2,
    ) -> None:
        super().__init__(
            in_channels=in_channels,
            widths=widths,
            kernel_sizes=(5, 3, 3),
            act='tanh',
            residual='none',
        )
        self.scale = scale
        self.tail = nn.Sequential(
            build_conv(None, widths[-1], in_channels * scale**2, 3), nn.PixelShuffle(scale)
        )
