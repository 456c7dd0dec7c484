"""Fusion of exposures that are taken apart into scales: MGFF and Fast SPD-MEF."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from restorekit.functional import guided_filter
from restorekit.functional.dtypes import in_float64
from restorekit.options import AtLeast1, Positive
from restorekit.registry import MODELS
from restorekit.restorers.classical import BracketMethod

TINY = 1e-12


@MODELS.register_module()
class MGFF(BracketMethod):
    """Multi-scale guided fusion of two frames: details by their strength, the rest in equal parts.

    At each level each frame guides the filtering of the other; what it differs from the result is
    its detail, and the result its next level.

    Args:
        radius, eps: Of the guided filter; the authors' are 9 and 1000, of 8-bit images.
        num_levels: Levels of detail.
    References:
        Bavirisetti et al., "Multi-scale guided image and video fusion: a fast and efficient
        approach", Circuits, Systems and Signal Processing 2019; the form of
        https://github.com/xingchenzhang/VIFB.
    """

    num_frames = 2

    def __init__(
        self, radius: AtLeast1 = 9, eps: Positive = 1000 / 255**2, num_levels: AtLeast1 = 4
    ) -> None:
        super().__init__()
        self.radius, self.eps, self.num_levels = radius, eps, num_levels

    def merge(self, brackets: Tensor, exposures: Tensor | None) -> Tensor:
        if brackets.shape[1] != 2:
            raise ValueError(f'MGFF: expected pairs (N, 2, 3, H, W), got {tuple(brackets.shape)}')
        frames = in_float64(brackets)
        fused = torch.zeros_like(frames[:, 0])
        for _ in range(self.num_levels):
            others = frames.flip(1).flatten(0, 1)
            filtered = guided_filter(
                others, frames.flatten(0, 1), radius=self.radius, eps=self.eps
            ).view_as(frames)
            details = frames - filtered
            strength = details.abs() + TINY
            fused += (strength * details).sum(dim=1) / strength.sum(dim=1)
            frames = filtered
        return (fused + frames.mean(dim=1)).to(brackets)


@MODELS.register_module()
class FastSPDMEF(BracketMethod):
    """Structural patch decomposition over several scales, for scenes that stand still.

    A patch is its mean, its strength (the norm of what remains) and its structure. At each scale
    the structures are mixed by powers of their strengths and given the largest strength; the means,
    halved, are the frames of the next scale, and at the last are mixed by contrast and exposure.

    Args:
        radius: Of the patches, in pixels: they have 2 radius + 1 a side, less at the border.
        power: Of the strengths.
    References:
        Li et al., "Fast multi-scale structural patch decomposition for multi-exposure image
        fusion", IEEE TIP 2020; https://github.com/xiaohuiben/fmmef-TIP-2020, which also aligns
        moving scenes.
    """

    def __init__(self, radius: AtLeast1 = 4, power: Positive = 4.0) -> None:
        super().__init__()
        self.radius, self.power = radius, power

    def merge(self, brackets: Tensor, exposures: Tensor | None) -> Tensor:
        frames = in_float64(brackets)
        least = min(frames.shape[-2:])
        details = []
        for _ in range(max(math.floor(math.log2(least)) - 5, 0) + 1):
            detail, means = self._detail(frames)
            details.append(detail)
            frames = means[..., ::2, ::2]
        coarsest, means = self._detail(frames)
        weights = _importance(frames)
        fused = coarsest + self._mean(weights * means).sum(dim=1)
        for detail in reversed(details):
            fused = detail + self._enlarged(fused, detail.shape[-2:])
        return fused.to(brackets)

    def _detail(self, frames: Tensor) -> tuple[Tensor, Tensor]:
        """The mixed structures of (N, K, C, H, W), and the means of all patches, with C = 1."""
        channels = frames.shape[2]
        means = self._mean(frames).mean(dim=2, keepdim=True)
        squares = self._mean(frames.square()).mean(dim=2, keepdim=True)
        deviation = (squares - means.square()).clamp(min=0).sqrt()
        strength = deviation * math.sqrt(channels) * (2 * self.radius + 1) + TINY
        total = strength.pow(self.power).sum(dim=1, keepdim=True) + TINY
        weights = strength.pow(self.power - 1) / total * strength.amax(dim=1, keepdim=True)
        # Patches overlap: each position gets the mean of all that cover it.
        detail = self._mean(weights) * frames - self._mean(weights * means)
        return detail.sum(dim=1), means

    def _enlarged(self, image: Tensor, size: torch.Size) -> Tensor:
        """An image at every second position of a larger one, and means of those in between."""
        spread, known = image.new_zeros(*image.shape[:2], *size), image.new_zeros(1, 1, *size)
        spread[..., ::2, ::2] = image
        known[..., ::2, ::2] = 1
        return self._mean(spread) / self._mean(known)

    def _mean(self, x: Tensor) -> Tensor:
        """The mean over each patch, cut off at the border, of (..., H, W)."""
        side = 2 * self.radius + 1
        flat = x.reshape(-1, 1, *x.shape[-2:])
        pooled = F.avg_pool2d(flat, side, 1, self.radius, count_include_pad=False)
        return pooled.view(x.shape)


def _importance(frames: Tensor) -> Tensor:
    """Weights of (N, K, 1, H, W), one in sum over K: contrast, and how far from black and white."""
    kernel = frames.new_tensor([[0, 1, 0], [1, -4, 1], [0, 1, 0]])[None, None]
    padded = F.pad(frames.flatten(0, 1), (1, 1, 1, 1), mode='replicate')
    contrast = F.conv2d(padded, kernel).abs().view_as(frames)
    exposed = 2 / math.pi * torch.atan(20 * torch.minimum(frames, 1 - frames))
    weights = contrast * exposed + TINY
    return weights / weights.sum(dim=1, keepdim=True)
