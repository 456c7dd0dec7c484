"""`restorekit export`."""

from __future__ import annotations

import argparse
from pathlib import Path

from restorekit.cli.options import add_weights_options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to export, and where to."""
    add_weights_options(parser, device='cpu')
    parser.add_argument(
        '-o',
        '--out',
        required=True,
        type=Path,
        metavar='FILE',
        help='the program: NAME.pt2 for torch.export.load, NAME.onnx for ONNX Runtime',
    )
    parser.add_argument(
        '--size',
        type=int,
        nargs=2,
        metavar=('H', 'W'),
        help='of all images that the program will get (default: any)',
    )
    parser.add_argument('--overwrite', action='store_true', help='replace a file that exists')


def run(args: argparse.Namespace) -> None:
    """Export, and say how far the program is from the network."""
    from restorekit.inference import export, load_restorer
    from restorekit.inference.inferencer import device_of
    from restorekit.inference.program import check_target
    from restorekit.io import check_writable

    if args.size and min(args.size) < 1:
        raise ValueError(f'--size: expected two lengths >= 1, got {args.size}')
    check_target(args.out)
    if args.out.exists() and not args.overwrite:
        raise ValueError(f'exists already: {args.out}; --overwrite replaces')
    check_writable(args.out.parent)
    model = load_restorer(args.model, args.weights, unsafe_load=args.unsafe_load)
    size = tuple(args.size) if args.size else None
    model = model.to(device_of('cpu' if args.device is None else args.device))
    difference = export(model, args.out, size=size)
    print(f'{args.out}: differs from the network by at most {difference:.1e}')
