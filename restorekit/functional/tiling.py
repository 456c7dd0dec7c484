"""Large images, piece by piece."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor


def tiled(
    function: Callable[[Tensor], Tensor],
    images: Tensor,
    *,
    tile: int,
    overlap: int = 32,
    scale: int = 1,
) -> Tensor:
    """Apply a function to overlapping tiles and blend the results.

    Within an overlap one tile passes linearly into the next, so that no seam shows. Images that fit
    into one tile are passed on as they are; of larger ones the tiles shrink to fit.

    Args:
        function: Maps (..., h, w) to (N, C, scale h, scale w).
        images: (..., H, W).
        tile: Largest side of the tiles, in pixels of the input; shorter sides are not divided.
        overlap: Of neighbouring tiles, in pixels of the input; it should cover how far the network
            looks past a tile's border, see `receptive_field`.
        scale: Output size over input size.
    Returns:
        (N, C, scale H, scale W).
    Raises:
        ValueError: If the overlap is negative, or not less than `tile`.
    """
    if not 0 <= overlap < tile:
        raise ValueError(f'tiled: overlap must be in [0, tile), got {overlap} of {tile}')
    height, width = images.shape[-2:]
    tile_height, rows = _starts(height, tile, overlap)
    tile_width, columns = _starts(width, tile, overlap)
    if len(rows) == len(columns) == 1:
        return function(images)
    total = weights = None
    for top, left in itertools.product(rows, columns):
        piece = images[..., top : top + tile_height, left : left + tile_width]
        result = function(piece)
        down = _ramp(tile_height, top, height, overlap, scale)
        across = _ramp(tile_width, left, width, overlap, scale)
        weight = torch.outer(down, across).to(result)
        if total is None or weights is None:
            size = (height * scale, width * scale)
            total = result.new_zeros((*result.shape[:2], *size))
            weights = result.new_zeros(size)
        y = slice(top * scale, top * scale + weight.shape[0])
        x = slice(left * scale, left * scale + weight.shape[1])
        total[..., y, x] += result * weight
        weights[y, x] += weight
    assert total is not None
    assert weights is not None
    return total.div_(weights)


def receptive_field(
    function: Callable[[Tensor], Tensor],
    images: Tensor,
    *,
    scale: int = 1,
    tolerance: float = 1e-3,
) -> int | None:
    """How far a network looks, in pixels of its input, measured on images.

    One pixel in the middle is changed. As far as the result changes by more than `tolerance` of its
    largest change, a tile's border shows; that is what the overlap of tiles is for.

    Args:
        function: Maps (N, ..., h, w) to (N, C, scale h, scale w).
        images: (N, ..., H, W) in [0, 1], several of them, since an activation may be silent in one.
        scale: Output size over input size.
        tolerance: 0 counts every dependency that shows in the last bit.
    Returns:
        The distance; None where it is not less than the images show, as where a network takes a
        mean over the whole image.

    >>> receptive_field(torch.nn.Conv2d(1, 1, 5, padding=2), torch.rand(1, 1, 15, 15))
    2
    """
    height, width = images.shape[-2:]
    middle = (height // 2, width // 2)
    changed = images.clone()
    changed[..., middle[0], middle[1]] = (images[..., middle[0], middle[1]] < 0.5).to(images)
    with torch.no_grad():
        change = (function(changed) - function(images)).abs().amax(dim=(0, 1))
    touched = change > tolerance * change.max()
    reach = 0
    for side, centre, dim in ((height, middle[0], 1), (width, middle[1], 0)):
        places = touched.any(dim).nonzero().flatten() // scale
        if len(places):
            first, last = int(places[0]), int(places[-1])
            if first == 0 or last == side - 1:
                return None
            reach = max(reach, centre - first, last - centre)
    return reach


def split_windows(images: Tensor, size: int, overlap: int) -> Tensor:
    """Windows of equal size that cover images, each taken `size - overlap` after the last.

    Where they do not fit, the last row and column are repeated beyond the border.

    Args:
        images: (N, C, H, W), sides longer than `overlap`.
        size: Side of the windows, in pixels.
        overlap: Of neighbouring windows, in pixels, 0 to `size` - 1.
    Returns:
        (N, C, rows, columns, size, size).
    """
    step = size - overlap
    padded = F.pad(images, (0, size, 0, size), mode='replicate')
    for dim in (-2, -1):
        count = (images.shape[dim] - overlap - 1) // step + 1
        padded = padded.narrow(dim, 0, (count - 1) * step + size)
    return padded.unfold(-2, size, step).unfold(-2, size, step)


def join_windows(windows: Tensor, height: int, width: int, overlap: int) -> Tensor:
    """Images from the windows that `split_windows` made of them, blended where they overlap.

    Args:
        windows: (N, C, rows, columns, size, size).
        height, width: Of the images.
        overlap: As it was split.
    Returns:
        (N, C, height, width).
    """
    rows, columns, size = windows.shape[2:5]
    step = size - overlap
    position = torch.arange(size, device=windows.device) + 0.5
    ramp = (torch.minimum(position, size - position) / max(overlap, 1)).clamp(max=1)
    weight = torch.outer(ramp, ramp).to(windows)
    whole = (step * (rows - 1) + size, step * (columns - 1) + size)

    def overlaid(pieces: Tensor) -> Tensor:
        flat = pieces.permute(0, 1, 4, 5, 2, 3).reshape(pieces.shape[0], -1, rows * columns)
        return F.fold(flat, whole, size, stride=step)

    total = overlaid(windows * weight)
    weights = overlaid(weight.expand(1, 1, rows, columns, size, size))
    return (total / weights)[..., :height, :width]


def _starts(length: int, tile: int, overlap: int) -> tuple[int, list[int]]:
    """How long the tiles are along one side and where they begin.

    They are as few as possible, then as short as possible, and evenly spread.
    """
    if length <= tile:
        return length, [0]
    count = -(-(length - overlap) // (tile - overlap))
    size = -(-(length + (count - 1) * overlap) // count)
    return size, [round(index * (length - size) / (count - 1)) for index in range(count)]


def _ramp(size: int, start: int, length: int, overlap: int, scale: int) -> Tensor:
    """Weights along one side of a tile: ramps over the overlaps, none at the image's border."""
    position = torch.arange(size * scale) + 0.5
    up = position if start else torch.full_like(position, torch.inf)
    down = position.flip(0) if start + size < length else torch.full_like(position, torch.inf)
    return (torch.minimum(up, down) / max(overlap * scale, 1)).clamp(max=1)
