"""DBPN's projections: what is lost by going up and down again is brought back.

Paper: Haris et al., "Deep back-projection networks for super-resolution" (DBPN), CVPR 2018.
Reference implementation: https://github.com/alterzero/DBPN-Pytorch.
"""

from __future__ import annotations

from torch import Tensor, nn

from restorekit.blocks.feedback import enlarge_conv, projection_options
from restorekit.contracts import Block
from restorekit.options import Scale, Width
from restorekit.registry import BLOCKS


class Projection(nn.Module):
    """A projection to the other resolution, and of its error: first + correct(back(first) - x).

    Args:
        channels: C, of input and output.
        scale: Between the two resolutions.
        up: From low to high resolution, or from high to low.
        projection: Kernel size, padding and output padding; those of SRB by default.
        num_inputs: Maps that come in, concatenated; more than one pass a 1x1 convolution first.
    """

    def __init__(
        self,
        channels: int,
        *,
        scale: int,
        up: bool,
        projection: tuple[int, int, int] | None = None,
        num_inputs: int = 1,
    ) -> None:
        super().__init__()
        options = projection_options(scale, projection)
        kernel, padding, _ = options

        def part(enlarge: bool) -> nn.Module:
            if enlarge:
                return enlarge_conv(channels, channels, scale, options)
            return nn.Sequential(nn.Conv2d(channels, channels, kernel, scale, padding), nn.PReLU())

        self.compress: nn.Module = nn.Identity()
        if num_inputs > 1:
            self.compress = nn.Sequential(nn.Conv2d(num_inputs * channels, channels, 1), nn.PReLU())
        self.project = part(up)
        self.back = part(not up)
        self.correct = part(up)

    def forward(self, x: Tensor) -> Tensor:
        """(N, num_inputs C, H, W) to (N, C, scale H, scale W), or divided by scale."""
        x = self.compress(x)
        first = self.project(x)
        return first + self.correct(self.back(first) - x)


@BLOCKS.register_module()
class BackProjection(Block):
    """A projection up and one down again.

    Args:
        channels: C, of input and output.
        scale: Of the projections; the result is at the size of the input again.
        projection: Kernel size, padding and output padding; those of SRB by default.
    """

    def __init__(
        self,
        channels: Width,
        *,
        scale: Scale = 2,
        projection: tuple[int, int, int] | None = None,
    ) -> None:
        super().__init__()
        self.up = Projection(channels, scale=scale, up=True, projection=projection)
        self.down = Projection(channels, scale=scale, up=False, projection=projection)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to the same shape."""
        return self.down(self.up(x))
