"""Means over the whole of an image, for networks that get it in tiles."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import torch
from torch import Tensor, nn

from restorekit.functional import imresize

SHORTEST = 64  # pixels: a shorter side is not reduced


@contextmanager
def means_of_whole(
    network: nn.Module, function: Callable[[Tensor], object], images: Tensor, tile: int
) -> Iterator[None]:
    """Within it, pools of a network give for every tile what they give for the whole image.

    The pools are `torch.nn.AdaptiveAvgPool2d(1)`. Their means are taken once, of a copy reduced to
    the area of a tile. That serves where features tell of brightness, as those of CFAN's gates: the
    result is within 0.1 of 255 of what means of the whole give. Those that remove a JPEG's blocks,
    which a reduced copy has not, it would lead astray by up to 1 dB.

    Args:
        network: Whose pools are meant.
        function: Passes images of any size through the network.
        images: (..., H, W), the whole.
        tile: Side, in pixels; as large an area is known to fit into the memory.
    """
    pools = [
        part
        for part in network.modules()
        if isinstance(part, nn.AdaptiveAvgPool2d) and part.output_size in (1, (1, 1))
    ]
    means: dict[nn.AdaptiveAvgPool2d, list[Tensor]] = {pool: [] for pool in pools}
    if pools:
        with ExitStack() as hooks:
            for pool in pools:
                hooks.callback(pool.register_forward_hook(_keep(means[pool])).remove)
            function(_reduced(images, tile))
    with ExitStack() as hooks:
        for pool, kept in means.items():
            if kept:
                hooks.callback(pool.register_forward_hook(_give(kept)).remove)
        yield


def _keep(kept: list[Tensor]) -> Callable[..., None]:
    """A hook that remembers what a pool gives; a network may use one several times."""
    return lambda _pool, _inputs, mean: kept.append(mean)


def _give(kept: list[Tensor]) -> Callable[..., Tensor]:
    """A hook that gives, in turn, what was remembered."""
    turns = itertools.cycle(kept)
    return lambda *_: next(turns)


def _reduced(images: Tensor, tile: int) -> Tensor:
    height, width = images.shape[-2:]
    factor = max(math.sqrt(height * width) / tile, 1)
    size = (
        max(round(height / factor), min(height, SHORTEST)),
        max(round(width / factor), min(width, SHORTEST)),
    )
    small = imresize(images, size=size)
    return torch.clamp(small, images.amin(), images.amax())
