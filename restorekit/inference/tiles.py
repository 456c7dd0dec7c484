"""Images through a restorer in tiles that fit into the memory."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import nullcontext
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from restorekit.functional import receptive_field, tiled_rows
from restorekit.inference.means import means_of_whole
from restorekit.inference.memory import bytes_per_pixel, free_memory
from restorekit.io import BitDepth, to_integers
from restorekit.restorers import BaseRestorer

Tile = int | Literal['auto'] | None

LEAST_TILE = 64  # pixels
WHOLE = 256  # pixels: no side above it, and an image is not worth a look at the memory
MOST = 2**30  # bytes: more is not taken on a CPU, where larger images gain nothing
SHARE = 4  # a divided image takes memory itself, and a tile this part of what there is
# Pixels: of a tile on a CPU, as a row of them is held until it is blended into the next; and of
# what a network that pools is given, since non-local attention takes quadratic time.
LARGEST = 512
REACHES = (64, 128)  # pixels: sides of the images in which is looked how far a network looks
OVERLAPS = (16, 64)  # pixels, at least and at most
REACHED = 4  # times how far a network looks; at 3, AIN differs from the whole by up to 1.5 of 255


class Tiler:
    """Runs restorers on images, dividing what is too large for the memory.

    Args:
        device: Where to compute; what is not computed at the moment is kept on the CPU.
        tile: Side of the tiles, in pixels of the input; 'auto' chooses it by the memory that there
            is; None takes images whole.
        overlap: Of neighbouring tiles; None takes four times as far as the network looks.

    Attributes:
        chosen: What was chosen for an image that was divided, for the user; or ''.
    """

    def __init__(self, device: torch.device, tile: Tile = 'auto', overlap: int | None = None):
        good = tile is None or tile == 'auto' or type(tile) is int
        if not good or type(overlap) not in (int, type(None)):
            raise TypeError(
                f"tile: expected whole pixels, 'auto' or None, got {tile!r} and overlap {overlap!r}"
            )
        if isinstance(tile, int) and not 0 <= (overlap or 0) < tile:
            raise ValueError(f'tile: overlap must be in [0, tile), got {overlap or 0} of {tile}')
        if overlap is not None and overlap < 0:
            raise ValueError(f'tile: overlap must be 0 or more, got {overlap}')
        self.device, self.tile, self.overlap = device, tile, overlap
        self.chosen = ''
        self._needs: dict[tuple, float] = {}
        self._reaches: dict[int, int] = {}
        self._limits: dict[int, int] = {}  # what has fitted after an out-of-memory error

    def run(
        self,
        model: BaseRestorer,
        images: Tensor,
        exposures: Tensor | None,
        bits: BitDepth | None = None,
    ) -> Tensor:
        """The restored images, in smaller tiles where the memory does not suffice.

        Args:
            model: A restorer; its weights are on the device.
            images: (1, C, H, W), or (1, K, C, H, W), on the CPU.
            exposures: As for `BaseRestorer.restore`.
            bits: Clip to [0, 1] and round to 8 or 16 bits, each row of tiles as soon as it is
                finished; None keeps floats.
        Returns:
            (1, C, scale H, scale W) on the CPU.
        Raises:
            ValueError: If memory does not suffice for a small tile either, or the result is not
                finite.
        """
        height, width = images.shape[-2:]
        tile, overlap = None, 0
        while True:
            try:
                tile, overlap = self.split(model, images, exposures)
                rows = self._rows(model, images, exposures, tile, overlap)
                return collected(rows, height * model.scale, bits)
            except (MemoryError, RuntimeError) as error:
                if not is_out_of_memory(error):
                    raise
                longest = max(height, width)
                tried = min(tile or longest, self._limits.get(id(model), longest), longest)
                smaller = tried // 2
                if not model.divisible or smaller < max(LEAST_TILE, 2 * overlap):
                    raise ValueError(
                        f'an image of {height} x {width} does not fit into the memory of '
                        f'{self.device} with this network'
                    ) from None
            self._limits[id(model)] = smaller
            if self.device.type in ('cuda', 'mps'):
                getattr(torch, self.device.type).empty_cache()

    def _rows(
        self,
        model: BaseRestorer,
        images: Tensor,
        exposures: Tensor | None,
        tile: int | None,
        overlap: int,
    ) -> Iterator[Tensor]:
        light = None if exposures is None else exposures.to(self.device)

        def restore(piece: Tensor) -> Tensor:
            return model.restore(piece.contiguous().to(self.device), light).float().cpu()

        if tile is None:
            yield restore(images)
            return
        means = means_of_whole(model, restore, images, tile)
        with means if model.means_of_copy else nullcontext():
            yield from tiled_rows(
                restore,
                images,
                tile=tile,
                overlap=overlap,
                scale=model.scale,
                period=model.period,
            )

    def split(
        self, model: BaseRestorer, images: Tensor, exposures: Tensor | None
    ) -> tuple[int | None, int]:
        """The tile and the overlap that `run` begins with; None and 0 for what is taken whole.

        Args:
            model, images, exposures: As for `run`; of the images the size alone counts.
        """
        tile = self._tile(model, images, exposures)
        if tile is None or max(images.shape[-2:]) <= tile:
            return None, 0
        return tile, self._overlap(model, images, exposures, tile)

    def _tile(self, model: BaseRestorer, images: Tensor, exposures: Tensor | None) -> int | None:
        height, width = images.shape[-2:]
        longest, known = max(height, width), self._limits.get(id(model))
        if not model.divisible:
            return None
        if known is not None:
            self.chosen = f'in tiles of {known}, since larger ones do not fit into the memory'
        if self.tile is None or (self.tile == 'auto' and (known or longest <= WHOLE)):
            return known
        if self.tile != 'auto':
            return min(self.tile, known or self.tile)
        key = (id(model), images.shape[:-2])
        if key not in self._needs:
            self._needs[key] = bytes_per_pixel(model, images, exposures, self.device)
        need, free = self._needs[key], free_memory(self.device)
        budget = free // 2 if self.device.type == 'cuda' else min(free // 2, MOST)
        if height * width * need <= budget and (longest <= LARGEST or not model.pools):
            return None
        tile = max(math.isqrt(int(budget / SHARE / need)), LEAST_TILE)
        if model.pools or self.device.type == 'cpu':
            tile = min(tile, LARGEST)
        self.chosen = (
            f'in tiles of {tile}: {free / 2**30:.1f} GiB are free, {need / 1000:.1f} kB a pixel'
        )
        return tile

    def _overlap(
        self, model: BaseRestorer, images: Tensor, exposures: Tensor | None, tile: int
    ) -> int:
        if self.overlap is not None:
            return min(self.overlap, tile - 1)
        if id(model) not in self._reaches:
            self._reaches[id(model)] = self._reach(model, images, exposures)
        least, most = OVERLAPS
        wanted = min(max(REACHED * self._reaches[id(model)], least), most)
        return min(max(wanted, model.halo), tile // 4)

    def _reach(self, model: BaseRestorer, images: Tensor, exposures: Tensor | None) -> int:
        """How far it looks, in pixels of the input."""
        light = None if exposures is None else exposures.to(self.device)
        for side in REACHES:
            generator = torch.Generator().manual_seed(0)
            sample = torch.rand((*images.shape[:-2], side, side), generator=generator)
            reach = receptive_field(
                lambda piece: model.restore(piece, light),
                sample.to(self.device),
                scale=model.scale,
            )
            if reach is not None:
                return reach
        return OVERLAPS[1]


def is_out_of_memory(error: Exception) -> bool:
    """Whether an error says that memory did not suffice; allocators of devices differ in how."""
    known = (MemoryError, torch.OutOfMemoryError)
    return isinstance(error, known) or 'memory' in str(error)


def collected(rows: Iterator[Tensor], height: int, bits: BitDepth | None) -> Tensor:
    """Rows of a result, (1, C, h, W), as one tensor, (1, C, H, W), of floats or integers.

    Raises:
        ValueError: If a value is not finite.
    """
    result, top = None, 0
    for part in rows:
        if not part.isfinite().all():
            raise ValueError(
                'the network gives values that are not finite; its weights are damaged'
            )
        array = part[0].permute(1, 2, 0).numpy()
        done = array if bits is None else to_integers(array, bits)
        if len(done) == height:
            result = done
            break
        if result is None:
            result = np.empty((height, *done.shape[1:]), done.dtype)
        result[top : top + len(done)] = done
        top += len(done)
    assert result is not None
    return torch.from_numpy(result).permute(2, 0, 1)[None]
