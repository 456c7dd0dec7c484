"""`restorekit prepare tiles`."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to cut, and how."""
    parser.description = """Cut the images of a folder into overlapping tiles, once, so that
        training reads small files. Tiles are PNG of the source's depth, named <image>_s<number>;
        one that exists is not written again, so that an interrupted run can be repeated."""
    parser.add_argument('source', type=Path, metavar='SOURCE', help='folder of images')
    parser.add_argument('out', type=Path, metavar='OUT', help='folder of the tiles')
    parser.add_argument(
        '--size', type=int, default=480, metavar='N', help='side of a tile (default: %(default)s)'
    )
    parser.add_argument(
        '--step',
        type=int,
        default=240,
        metavar='N',
        help='from one tile to the next (default: %(default)s)',
    )
    parser.add_argument(
        '--workers', type=int, metavar='N', help='processes (default: one per core)'
    )


def run(args: argparse.Namespace) -> None:
    """Cut."""
    from restorekit.prepare import cut_tiles

    images, tiles = cut_tiles(
        args.source, args.out, size=args.size, step=args.step, workers=args.workers
    )
    print(f'{images} images, {tiles} tiles in {args.out}')
