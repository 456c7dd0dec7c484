"""`restorekit speed`."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to measure, and what to compare it with."""
    parser.description = """Measure on this machine: data, training step, inference, metrics,
        resize, blocks, checkpoints. Cases of a part take turns with a 3x3 convolution, by whose
        rate they are judged. Prints a table."""
    parser.add_argument(
        'parts', nargs='*', metavar='PART', help='which (default: all); an unknown one lists them'
    )
    parser.add_argument('--device', default='cpu', help='of networks and blocks (default: cpu)')
    parser.add_argument(
        '--threads', type=int, default=1, metavar='N', help='of the processor (default: 1)'
    )
    parser.add_argument(
        '--rounds', type=int, default=7, metavar='N', help='calls of each case (default: 7)'
    )
    parser.add_argument('-m', '--model', default='ain-x2', help='to restore with (default: ain-x2)')
    parser.add_argument(
        '--sizes',
        nargs='+',
        default=['96x96', '160x240', '320x480'],
        metavar='HxW',
        help='of the images to restore (default: 96x96 160x240 320x480)',
    )
    parser.add_argument('--compile', action='store_true', help='measure the compiled network too')
    parser.add_argument(
        '--folder', type=Path, metavar='DIR', help='on the disk to be measured (default: temporary)'
    )
    parser.add_argument('--out', type=Path, metavar='JSON', help='write the figures as JSON too')
    parser.add_argument(
        '--compare', type=Path, metavar='JSON', help='figures of another run to compare with'
    )


def run(args: argparse.Namespace) -> None:
    """Measure, print and compare."""
    import tempfile

    import torch

    from restorekit.inference.inferencer import device_of
    from restorekit.io import write_whole
    from restorekit.speed import PARTS, Options, compared, machine, table

    unknown = [part for part in args.parts if part not in PARTS]
    if unknown:
        raise ValueError(f'no part {unknown[0]!r}; accepted: {", ".join(PARTS)}')
    for name in ('threads', 'rounds'):
        if getattr(args, name) < 1:
            raise ValueError(f'--{name} must be >= 1, got {getattr(args, name)}')
    sizes = tuple(parse_size(text) for text in args.sizes)
    other = None if args.compare is None else read_report(args.compare)
    device_of(args.device)
    torch.set_num_threads(args.threads)
    report: dict[str, Any] = {'machine': machine(args.device), 'parts': {}}
    for part in args.parts or PARTS:
        with tempfile.TemporaryDirectory(dir=args.folder) as folder:
            options = Options(
                Path(folder), args.device, args.rounds, args.model, sizes, args.compile
            )
            report['parts'][part] = PARTS[part](options)
    if args.out is not None:
        write_whole(args.out, json.dumps(report, indent=1).encode())
    print(table(report))
    if other is not None:
        print('\n' + compared(report, other))


def parse_size(text: str) -> tuple[int, int]:
    """(H, W) of '320x480'.

    Raises:
        ValueError: If it is not like this.
    """
    height, _, width = text.partition('x')
    if not (height.isdecimal() and width.isdecimal() and int(height) and int(width)):
        raise ValueError(f'--sizes: expected HxW, as in 320x480, got {text!r}')
    return int(height), int(width)


def read_report(path: Path) -> dict[str, Any]:
    """What `--out` has written.

    Raises:
        ValueError: If the file is not that.
    """
    try:
        report = json.loads(path.read_text(encoding='utf-8'))
    except ValueError as error:
        raise ValueError(f'{path}: not a report of `restorekit speed` ({error})') from None
    if not isinstance(report, dict) or not isinstance(report.get('parts'), dict):
        raise ValueError(f'{path}: not a report of `restorekit speed`')
    return report
