"""Large images, piece by piece."""

from __future__ import annotations

from collections.abc import Callable, Iterator

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
    period: int = 1,
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
        period: Tiles begin at multiples of it, as what the network does repeats itself.
    Returns:
        (N, C, scale H, scale W).
    Raises:
        ValueError: If the overlap is negative, or not less than `tile`.
    """
    result, done = None, 0
    options = {'tile': tile, 'overlap': overlap, 'scale': scale, 'period': period}
    for rows in tiled_rows(function, images, **options):
        if rows.shape[-2] == images.shape[-2] * scale:
            return rows
        if result is None:
            result = rows.new_empty((*rows.shape[:2], images.shape[-2] * scale, rows.shape[-1]))
        result[..., done : done + rows.shape[-2], :] = rows
        done += rows.shape[-2]
    assert result is not None
    return result


def tiled_rows(
    function: Callable[[Tensor], Tensor],
    images: Tensor,
    *,
    tile: int,
    overlap: int = 32,
    scale: int = 1,
    period: int = 1,
) -> Iterator[Tensor]:
    """What `tiled` gives, from top to bottom, so that never more than a row of tiles is held.

    Args:
        function, images, tile, overlap, scale, period: As for `tiled`.
    Yields:
        (N, C, h, scale W), finished; together scale H rows.
    Raises:
        ValueError: As `tiled`.
    """
    if not 0 <= overlap < tile:
        raise ValueError(f'tiled: overlap must be in [0, tile), got {overlap} of {tile}')
    height, width = images.shape[-2:]
    downwards, sideways = (_spans(side, tile, overlap, period) for side in (height, width))
    if len(downwards) == len(sideways) == 1:
        yield function(images)
        return
    across = [_ramp(span, width, overlap, scale) for span in sideways]
    total = weights = torch.empty(0)
    for rows, following in zip(downwards, [*downwards[1:], range(height, height)], strict=True):
        down = _ramp(rows, height, overlap, scale)
        for columns, ramp in zip(sideways, across, strict=True):
            piece = images[..., rows.start : rows.stop, columns.start : columns.stop]
            result = function(piece)
            missing = len(rows) * scale - weights.shape[0]
            if missing:  # rows that no tile above has begun
                blank = result.new_zeros((missing, width * scale))
                weights = torch.cat([weights, blank]) if weights.numel() else blank
                blank = result.new_zeros((*result.shape[:2], *blank.shape))
                total = torch.cat([total, blank], dim=-2) if total.numel() else blank
            weight = torch.outer(down, ramp).to(result)
            x = slice(columns.start * scale, columns.stop * scale)
            total[..., x] += result * weight
            weights[:, x] += weight
        done = (following.start - rows.start) * scale
        yield total[..., :done, :].div_(weights[:done])
        total, weights = total[..., done:, :].clone(), weights[done:].clone()


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


def _spans(length: int, tile: int, overlap: int, period: int = 1) -> list[range]:
    """Where the tiles are along one side, beginning at multiples of the period.

    They are as few as possible, then as short as possible, and evenly spread.
    """
    if length <= tile:
        return [range(length)]
    if tile - overlap < 3 * period:  # two tiles would begin at one place
        period = 1
    tile -= period - 1
    count = -(-(length - overlap) // (tile - overlap))
    size = -(-(length + (count - 1) * overlap) // count)
    even = [round(index * (length - size) / max(count - 1, 1)) for index in range(count)]
    starts = [start // period * period for start in even]
    return [range(start, min(start + size + period - 1, length)) for start in starts]


def _ramp(span: range, length: int, overlap: int, scale: int) -> Tensor:
    """Weights along one side of a tile: ramps over the overlaps, none at the image's border."""
    position = torch.arange(len(span) * scale) + 0.5
    border = torch.full_like(position, torch.inf)
    up = position if span.start else border
    down = position.flip(0) if span.stop < length else border
    return (torch.minimum(up, down) / max(overlap * scale, 1)).clamp(max=1)
