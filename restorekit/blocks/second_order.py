"""Second-order channel attention.

Paper: Dai et al., "Second-order attention network for single image super-resolution" (SAN), CVPR
2019. Reference implementation: github.com/daitao/SAN. Differences: the covariance is computed
without an (H W) x (H W) matrix and over the whole input, which is never cropped; constant features
give no NaN.
"""

from __future__ import annotations

from torch import Tensor, nn

from restorekit.contracts import Block
from restorekit.functional import covariance, matrix_sqrt
from restorekit.options import AtLeast1, Width
from restorekit.registry import BLOCKS


@BLOCKS.register_module()
class SOCA(Block):
    """x s, where s = sigmoid(W2 relu(W1 v)) and v is the row mean of the root of the covariance.

    The covariance and its root are computed in float32 at least, also under autocast: products of
    half-precision features lose what the root is taken of. Time and memory are linear in H W.

    Args:
        channels: C, of input and output.
        reduction: C over the width of the hidden layer; must divide C.
        iterations: Newton-Schulz steps of the matrix square root.
    Raises:
        ValueError: If `reduction` does not divide `channels`.
    """

    pools = True

    def __init__(
        self, channels: Width, *, reduction: AtLeast1 = 16, iterations: AtLeast1 = 5
    ) -> None:
        super().__init__()
        if channels % reduction:
            raise ValueError(
                f'SOCA: reduction must divide channels, got {reduction} and {channels}'
            )
        self.iterations = iterations
        self.gate = nn.Sequential(
            nn.Conv2d(channels, channels // reduction, 1),
            nn.ReLU(inplace=True),
            nn.Conv2d(channels // reduction, channels, 1),
            nn.Sigmoid(),
        )

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to the same shape."""
        pooled = matrix_sqrt(covariance(x), iterations=self.iterations).mean(dim=1)
        return x * self.gate(pooled[:, :, None, None].to(x.dtype))
