"""HDR by rank minimisation: what most frames agree on."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from restorekit.functional.alignment import Alignment
from restorekit.functional.exposure import GAMMA
from restorekit.options import AtLeast1, Positive
from restorekit.registry import MODELS
from restorekit.restorers.classical import BracketMethod

SHOWN = (8 / 255, 247 / 255)  # values of a frame that say what the radiance is
GROWTH, TOLERANCE = 1.2, 1e-6  # of the penalty, and of what is left between data and parts


@MODELS.register_module()
class RankMinimization(BracketMethod):
    """Linear radiance from the frames' log-irradiance, taken apart into rank one and few outliers.

    The frames of a scene that stands still show one irradiance, so that the matrix with a column
    for each frame has rank one. What moves is in few entries of it; clipped and black pixels say
    nothing. Of D, known at such entries as say something, are found A and E = D - A with the least

        sum of the singular values of A but the first + weight / sqrt(rows) |E|_1,

    by the augmented Lagrangian. Where one frame contradicts the others it is outvoted, the middle
    one too: things that move vanish, where a network keeps them as the middle frame has them.

    Args:
        align: See `BracketMethod`; the paper's alignment is of the whole frame.
        gamma: Of the frames.
        weight: Of an outlier.
        max_steps: Of the search, at most; it ends where parts and data agree.
    References:
        Oh et al., "Robust high dynamic range imaging by rank minimization", IEEE TPAMI 2015.
    """

    linear = True

    def __init__(
        self,
        align: Alignment | None = None,
        gamma: Positive = GAMMA,
        weight: Positive = 1.0,
        max_steps: AtLeast1 = 150,
    ) -> None:
        super().__init__(align)
        self.gamma, self.weight, self.max_steps = gamma, weight, max_steps

    def merge(self, brackets: Tensor, exposures: Tensor | None) -> Tensor:
        values = self.needed(exposures)
        return torch.stack([self._merged(*item) for item in zip(brackets, values, strict=True)])

    def _merged(self, frames: Tensor, exposures: Tensor) -> Tensor:
        """Radiance, (3, H, W), of one bracket, (K, 3, H, W)."""
        pixels = frames.double().flatten(1).T  # (3 H W, K)
        low, high = SHOWN
        known = (pixels > low) & (pixels < high)
        # Of a pixel that no frame shows, the frame that comes nearest to it counts.
        nearest = (pixels - 0.5).abs().argmin(dim=1, keepdim=True)
        known |= (~known).all(dim=1, keepdim=True) & torch.zeros_like(known).scatter(
            1, nearest, True
        )
        logs = self.gamma * pixels.clamp(min=low / 2).log() - exposures.double() * math.log(2)
        # What is not known begins as what is; it is free from then on.
        logs = torch.where(known, logs, (logs * known).sum(1, True) / known.sum(1, True))
        irradiance = rank_one(
            logs, known, weight=self.weight / math.sqrt(len(logs)), max_steps=self.max_steps
        )
        radiance = irradiance.mean(dim=1).exp()
        return radiance.view(frames.shape[1:]).to(frames.dtype)


def rank_one(data: Tensor, known: Tensor, *, weight: float, max_steps: int) -> Tensor:
    """The part of a matrix that has rank one all but for noise, without its outliers.

    Args:
        data: (M, K) float64, M >= K.
        known: Which entries say something; the others are free.
        weight: Of the sum of absolute outliers, beside the sum of all singular values but the
            first.
        max_steps: Of the alternating search.
    Returns:
        (M, K).
    """
    size = data.norm().clamp(min=1e-12)
    largest = torch.linalg.eigvalsh(data.T @ data)[-1].sqrt()
    penalty = 1.25 / largest.clamp(min=1e-12)
    outliers, multiplier = torch.zeros_like(data), torch.zeros_like(data)
    part = data
    for _ in range(max_steps):
        part = _shrunk_but_first(data - outliers + multiplier / penalty, 1 / penalty)
        rest = data - part + multiplier / penalty
        shrunk = rest.sign() * (rest.abs() - weight / penalty).clamp(min=0)
        outliers = torch.where(known, shrunk, rest)
        left = data - part - outliers
        if left.norm() < TOLERANCE * size:
            break
        multiplier = multiplier + penalty * left
        penalty = penalty * GROWTH
    return part


def _shrunk_but_first(matrix: Tensor, threshold: Tensor) -> Tensor:
    """The matrix with all singular values but the largest lessened by a threshold, to 0 at most."""
    # Of (M, K) with few columns, by the K x K matrix of their products.
    squares, vectors = torch.linalg.eigh(matrix.T @ matrix)
    values = squares.clamp(min=0).sqrt()
    kept = (values - threshold).clamp(min=0)
    kept[-1] = values[-1]
    factors = kept / values.clamp(min=1e-300)
    return matrix @ (vectors * factors @ vectors.T)
