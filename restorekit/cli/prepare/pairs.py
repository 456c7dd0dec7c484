"""`restorekit prepare pairs`."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """From what, and where to."""
    parser.description = """Make pairs for exposure fusion: hr_under, hr_over and the reference hr.
        Of brackets (a folder per scene) the pair is the darkest and the brightest frame, the
        reference a fusion of all; SICE is taken as published."""
    parser.add_argument('layout', choices=('brackets', 'sice'), help='what SOURCE holds')
    parser.add_argument('source', type=Path, metavar='SOURCE', help='folder of the scenes')
    parser.add_argument('out', type=Path, metavar='OUT', help='folder of the pairs')
    parser.add_argument('--max-side', type=int, metavar='N', help='reduce larger images to this')


def run(args: argparse.Namespace) -> None:
    """Make them, naming each scene."""
    from restorekit.prepare import exposure_pairs

    for name in exposure_pairs(args.layout, args.source, args.out, max_side=args.max_side):
        print(name)
