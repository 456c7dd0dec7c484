"""`restorekit convert`."""

from __future__ import annotations

import argparse
from pathlib import Path

# As in restorekit.convert, which to import takes seconds.
NETWORKS = (
    'ahdrnet',
    'cfnet',
    'dbpn',
    'dncnn',
    'edsr',
    'fsrcnn',
    'imdn',
    'lapsrn',
    'rcan',
    'san',
    'srfbn',
    'swinir',
    'vdsr',
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Whose weights, from where and where to."""
    parser.add_argument('network', choices=NETWORKS, help='whose weights these are')
    parser.add_argument('published', type=Path, metavar='PUBLISHED', help='the published file')
    parser.add_argument('ours', type=Path, metavar='OURS', help='the checkpoint to write')


def run(args: argparse.Namespace) -> None:
    """Convert."""
    from restorekit.convert import convert_checkpoint

    count = convert_checkpoint(args.network, args.published, args.ours)
    print(f'{args.ours}: {count} tensors')
