"""`restorekit convert`."""

from __future__ import annotations

import argparse
from pathlib import Path

# As in restorekit.convert, which to import takes seconds.
NETWORKS = (
    'ahdrnet',
    'cfnet',
    'dbpn',
    'deepfuse',
    'dncnn',
    'edsr',
    'fsrcnn',
    'ifcnn',
    'imdn',
    'lapsrn',
    'mefnet',
    'rcan',
    'san',
    'srfbn',
    'swinir',
    'u2fusion',
    'vdsr',
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Whose weights, from where and where to."""
    parser.add_argument('network', choices=NETWORKS, help='whose weights these are')
    parser.add_argument('published', type=Path, metavar='PUBLISHED', help='the published file')
    parser.add_argument('ours', type=Path, metavar='OURS', help='the checkpoint to write')
    parser.add_argument(
        '--unsafe-load',
        action='store_true',
        help='unpickle the published file without restriction: it can run any code',
    )


def run(args: argparse.Namespace) -> None:
    """Convert."""
    from restorekit.convert import convert_checkpoint

    count = convert_checkpoint(args.network, args.published, args.ours, unsafe=args.unsafe_load)
    print(f'{args.ours}: {count} tensors')
