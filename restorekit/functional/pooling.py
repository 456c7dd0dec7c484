"""Means over the neighbourhood of a pixel, where networks take them over all that they see.

A mean over the whole input is another one for a photograph than for the patches of the training,
and another one for each tile. Over a window of their size it is the same for all (Chu et al.,
"Improving image restoration by revisiting global information aggregation", ECCV 2022).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

CELLS = 3  # of a window, along each side


def cell_of(window: int) -> int:
    """The side of a window's cells.

    Raises:
        ValueError: If the window is no multiple of 3.
    """
    if window < CELLS or window % CELLS:
        raise ValueError(f'window must be a multiple of {CELLS}, got {window}')
    return window // CELLS


def window_means(images: Tensor, window: int) -> Tensor:
    """The mean over the window around each cell, a square of a third of the window's side.

    Where the window reaches beyond the border, the mean is taken over what lies inside; of images
    whose sides are no longer than two cells that is all of them.

    Args:
        images: (N, C, H, W), floating point.
        window: Side of the windows, in pixels, a multiple of 3.
    Returns:
        (N, C, h, w), a mean for each cell, the first of which begins in the upper left corner.
    Raises:
        ValueError: If the window is no multiple of 3.
    """
    cell = cell_of(window)
    means = F.avg_pool2d(images, cell, ceil_mode=True)
    # Of cells cut by the border a part lies inside.
    sides = [_parts(side, cell, images) for side in images.shape[-2:]]
    inside = torch.outer(*sides)[None, None]
    return _around(means * inside) / _around(inside)


def spread(grid: Tensor, window: int, size: tuple[int, int]) -> Tensor:
    """What `window_means` gave, or has become, for each pixel: linearly between the cells' centres.

    Args:
        grid: (N, C, h, w), a value for each cell.
        window: As for `window_means`.
        size: H and W of the images.
    Returns:
        (N, C, H, W).
    """
    # Not F.interpolate, whose result would have to be cropped: torch.export takes the sizes of its
    # example for all then. In this order the result is laid out in channels-last.
    columns = _hats(size[1], window, grid) @ grid.permute(0, 2, 3, 1)
    rows = _hats(size[0], window, grid) @ columns.flatten(2)
    return rows.unflatten(2, columns.shape[2:]).permute(0, 3, 1, 2)


def _hats(side: int, window: int, like: Tensor) -> Tensor:
    """How much each cell along a side counts for each pixel: (side, cells)."""
    cell = cell_of(window)
    cells = torch.arange((side + cell - 1) // cell, device=like.device)
    places = (torch.arange(side, device=like.device) + 0.5) / cell - 0.5
    places = places.clamp(min=0).minimum(cells[-1])
    return (1 - (places[:, None] - cells).abs()).clamp(min=0).to(like.dtype)


def _parts(side: int, cell: int, like: Tensor) -> Tensor:
    """Which part of each cell along a side lies inside the image."""
    starts = torch.arange(0, side, cell, device=like.device)
    return ((side - starts) / cell).clamp(max=1).to(like.dtype)


def _around(cells: Tensor) -> Tensor:
    """Mean over each cell and its neighbours, with zeros beyond the border."""
    return F.avg_pool2d(cells, CELLS, stride=1, padding=CELLS // 2)
