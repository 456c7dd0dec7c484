"""`restorekit prepare pack`."""

from __future__ import annotations

import argparse
from pathlib import Path

from restorekit.progress import Progress


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to pack, and where to."""
    parser.description = """Decode a dataset's files once into one file that is mapped into memory.
        A config takes it by one line, packed='OUT', and gives the same samples, without decoding.
        An interrupted call is repeated, and goes on."""
    parser.add_argument(
        'layout',
        metavar='DATASET',
        help='FolderDataset, ExposurePairDataset, SICEDataset, BracketDataset, KalantariDataset, …',
    )
    parser.add_argument('out', type=Path, metavar='OUT', help='folder of the pack')
    parser.add_argument(
        'options',
        nargs='*',
        metavar='KEY=VALUE',
        help='options of the dataset, as its config has them: gt_dir=data/sr/BSD200 min_size=192',
    )
    parser.add_argument(
        '--check',
        action='store_true',
        help='see whether OUT is whole and its sources are as they were',
    )


def run(args: argparse.Namespace) -> None:
    """Pack, showing how far it is, or check."""
    from restorekit.cli.options import parse_overrides
    from restorekit.prepare import check_pack, pack_dataset

    if args.check:
        samples, images = check_pack(args.out)
        print(f'{args.out}: whole, {samples} samples, {images} images')
        return
    progress = None
    for done, total in pack_dataset(args.layout, args.out, parse_overrides(args.options)):
        progress = progress or Progress('Packing', total, say=print)
        progress.update(done)
    print(f'{total} images in {args.out}')
