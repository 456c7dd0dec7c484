"""Overlapping tiles of large images, so that training reads small files."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np

from restorekit.io import image_size, is_image, read_image, write_image
from restorekit.prepare.folders import check_folders


def cut_tiles(
    source: Path, out: Path, *, size: int = 480, step: int = 240, workers: int | None = None
) -> tuple[int, int]:
    """Cut every image of a folder into PNG tiles of its depth, named <image>_s<number>.

    The last row and column of tiles end at the image's border; images smaller than a tile are kept
    whole. A tile that exists is not written again, so that an interrupted run can be repeated.

    Args:
        source: Folder of images.
        out: Folder of the tiles, made where it is missing.
        size: Side of a tile, in pixels.
        step: From one tile to the next, in pixels, in 1..size.
        workers: Processes; one per core where it is None.
    Returns:
        The number of images and of tiles.
    Raises:
        ValueError: If `step` or `workers` are out of range, if two images would give tiles of one
            name, if an image cannot be read, or if `out` holds a tile of another size.
        OSError: If `source` is missing or holds no image, or if `out` cannot be written.
    """
    if not 0 < step <= size:
        raise ValueError(f'--step must be in 1..{size}, got {step}')
    if workers is not None and workers < 1:
        raise ValueError(f'--workers must be >= 1, got {workers}')
    check_folders(source, out)
    images = _images(source)
    with ProcessPoolExecutor(workers) as pool:
        counts = list(pool.map(partial(_cut, out=out, size=size, step=step), images))
    return len(images), sum(counts)


def _images(source: Path) -> list[Path]:
    images = sorted(path for path in source.iterdir() if is_image(path))
    if not images:
        raise FileNotFoundError(f'{source}: no images')
    stems = [path.stem for path in images]
    twice = [path.name for path in images if stems.count(path.stem) > 1]
    if twice:
        raise ValueError(f'{source}: tiles of {", ".join(twice)} would have one name; rename them')
    return images


def _cut(path: Path, out: Path, size: int, step: int) -> int:
    """Write the tiles of one image; returns how many there are."""
    image = read_image(path)
    # Sixteen bits show as values that eight bits cannot hold.
    eight_bit = np.abs(image * 255 - np.round(image * 255)).max() < 1e-3
    corners = [
        (y, x)
        for y in _starts(image.shape[0], size, step)
        for x in _starts(image.shape[1], size, step)
    ]
    for number, (y, x) in enumerate(corners, 1):
        target = out / f'{path.stem}_s{number:03d}.png'
        tile = image[y : y + size, x : x + size]
        if not target.exists():
            write_image(target, tile, bits=8 if eight_bit else 16)
        elif image_size(target) != tile.shape[:2]:
            raise ValueError(f'{target}: is there already, in another size; name another folder')
    return len(corners)


def _starts(length: int, size: int, step: int) -> list[int]:
    """Where tiles of `size` begin along a side; the last ends at the border."""
    if length <= size:
        return [0]
    return [*range(0, length - size, step), length - size]
