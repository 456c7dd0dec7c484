"""Images as JPEG leaves them, at every place of the codec's grid."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from restorekit.datasets.pixel_pool import PixelPool, as_floats
from restorekit.io import jpeg_round_trip

# What one call of the codec costs besides its pixels, in pixels: 70 us at 7 ns a pixel.
CALL = 10_000


class JPEGShifts:
    """Compressed images, the codec's grid beginning at any of its 8 x 8 places (colour: 16 x 16).

    The patch at (top, left) is that of the image compressed from row top mod 8 and column left mod
    8 on: the grid begins at the patch's corner, and what lies right of it and below is the image,
    where the codec would repeat the border of a patch that was cut first. What a patch holds
    depends on nothing else.

    The compressed images are kept where all of them fit. Each is made patch by patch as it is asked
    for, and as a whole once that has cost as much. Where they do not fit, nothing is kept.

    Args:
        images: uint8, (H, W, C) each, in the memory of the host.
        qualities: The lowest and the highest quality of each.
        device: Where they are kept.
        max_bytes: What all of them may take; None for any size.
    """

    def __init__(
        self,
        images: Sequence[np.ndarray],
        qualities: Sequence[tuple[int, int]],
        *,
        device: torch.device,
        max_bytes: int | None,
    ) -> None:
        self.images = images
        gray = images[0].shape[2] == 1
        # Chroma has half the resolution, and is enlarged across the borders of its blocks.
        self.period, self.margin = (8, 0) if gray else (16, 16)
        self.lowest = [low for low, _ in qualities]
        sizes = [
            image.size * self.period**2 * (high - low + 1)
            for image, (low, high) in zip(images, qualities, strict=True)
        ]
        self.starts = [0, *np.cumsum(sizes).tolist()]
        self.size = self.starts.pop()
        self.device = device
        self.pool: PixelPool | None = None
        if max_bytes is None or self.size <= max_bytes:
            self.pool = PixelPool(self.size, dtype=torch.uint8, device=device)
        self._spent: dict[int, int] = {}  # pixels, by where an image starts in the pool
        self._peak = torch.tensor(255.0, device=device)

    @property
    def description(self) -> str:
        """What is kept, for the log."""
        size = f'JPEG at {self.period**2} shifts {self.size / 2**20:.1f} MiB'
        return size if self.pool else f'{size}, too much: compressed patch by patch'

    def patch(
        self, index: int, top: int, left: int, shape: tuple[int, int], quality: int
    ) -> np.ndarray:
        """What stands for the patch of (H, W) pixels at (top, left) of an image, for `gather`."""
        if self.pool is None:
            return self._compressed(index, top, left, shape, quality)
        image = self.images[index]
        shift = (top % self.period) * self.period + left % self.period
        number = (quality - self.lowest[index]) * self.period**2 + shift
        start = self.starts[index] + number * image.size
        whole = self.pool.view(start, image.shape)
        view = whole[top : top + shape[0], left : left + shape[1]]
        spent, pixels = self._spent.get(start, 0), image.shape[0] * image.shape[1]
        if spent < pixels:
            self._spent[start] = spent + shape[0] * shape[1] + CALL
            if self._spent[start] >= pixels:
                whole = whole[top % self.period :, left % self.period :]
                y, x = top % self.period, left % self.period
                self.pool.write(whole, self._compressed(index, y, x, whole.shape[:2], quality))
            else:
                self.pool.write(view, self._compressed(index, top, left, shape, quality))
        return view

    def gather(self, views: Sequence[np.ndarray]) -> Tensor:
        """The patches, of one shape, that views stand for: (N, C, H, W), float32 in [0, 1]."""
        if self.pool is not None:
            return self.pool.gather(views)
        patches = torch.from_numpy(np.stack(views)).to(self.device)
        return as_floats(patches.permute(0, 3, 1, 2).contiguous(), self._peak)

    def _compressed(
        self, index: int, top: int, left: int, shape: tuple[int, int], quality: int
    ) -> np.ndarray:
        """A patch of an image that was compressed from a corner of the patch's grid on.

        Blocks depend on no others, but for chroma's nearest, so a part of the image is enough.
        """
        y, x = (n - self.margin if n >= self.margin else n % self.period for n in (top, left))
        bottom, right = (
            n + -(-side // self.period) * self.period + self.margin
            for n, side in zip((top, left), shape, strict=True)
        )
        part = jpeg_round_trip(self.images[index][y:bottom, x:right], quality)
        y, x = top - y, left - x
        return part[y : y + shape[0], x : x + shape[1]]
