"""Cut the images of a folder into overlapping tiles, once, so that training reads small files.

    python tools/dataset_converters/cut_tiles.py DIV2K/DIV2K_train_HR DIV2K/DIV2K_train_HR_tiles

Tiles are PNG of the source's depth, named <image>_s<number>. The last row and column of tiles end
at the image's border; images smaller than a tile are kept whole. A tile that exists is not written
again, so an interrupted run can be repeated.
"""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np

from restorekit.cli.options import check_writable
from restorekit.io import is_image, read_image, write_image


def starts(length: int, size: int, step: int) -> list[int]:
    """Where tiles of `size` begin along a side; the last ends at the border."""
    if length <= size:
        return [0]
    return [*range(0, length - size, step), length - size]


def cut(path: Path, out: Path, size: int, step: int) -> int:
    """Write the tiles of one image; returns how many there are."""
    image = read_image(path)
    # Sixteen bits show as values that eight bits cannot hold.
    eight_bit = np.abs(image * 255 - np.round(image * 255)).max() < 1e-3
    corners = [
        (y, x)
        for y in starts(image.shape[0], size, step)
        for x in starts(image.shape[1], size, step)
    ]
    for number, (y, x) in enumerate(corners, 1):
        target = out / f'{path.stem}_s{number:03d}.png'
        if not target.exists():
            write_image(target, image[y : y + size, x : x + size], bits=8 if eight_bit else 16)
    return len(corners)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument('source', type=Path, help='folder of images')
    parser.add_argument('out', type=Path, help='folder of the tiles')
    parser.add_argument('--size', type=int, default=480, help='side of a tile (default: 480)')
    parser.add_argument(
        '--step', type=int, default=240, help='from one tile to the next (default: 240)'
    )
    parser.add_argument(
        '--workers', type=int, default=None, help='processes (default: one per core)'
    )
    args = parser.parse_args()
    images = sorted(path for path in args.source.glob('*') if is_image(path))
    if not images:
        sys.exit(f'{args.source}: no images')
    stems = [path.stem for path in images]
    twice = [path.name for path in images if stems.count(path.stem) > 1]
    if twice:
        sys.exit(f'{args.source}: tiles of {", ".join(twice)} would have one name; rename them')
    if not 0 < args.step <= args.size:
        sys.exit(f'--step must be in 1..{args.size}, got {args.step}')
    check_writable(args.out)
    with ProcessPoolExecutor(args.workers) as pool:
        job = partial(cut, out=args.out, size=args.size, step=args.step)
        counts = list(pool.map(job, images))
    print(f'{len(images)} images, {sum(counts)} tiles in {args.out}')


if __name__ == '__main__':
    main()
