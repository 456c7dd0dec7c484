"""`restorekit restore`."""

from __future__ import annotations

import argparse
import sys

from restorekit.cli.options import add_weights_options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to restore, with what, and where to."""
    parser.add_argument(
        'images',
        nargs='+',
        metavar='IMAGE',
        help='image files; for a network that takes brackets, folders of one scene each',
    )
    add_weights_options(parser, device='a GPU if there is one')
    parser.add_argument(
        '-o', '--out', required=True, metavar='OUT', help='a folder, or for one image a file'
    )
    parser.add_argument(
        '--bits',
        type=int,
        choices=(8, 16),
        default=8,
        help='depth of the files written (default: 8)',
    )
    parser.add_argument(
        '--tile', type=int, metavar='N', help='divide larger images into tiles of N pixels'
    )
    parser.add_argument(
        '--overlap', type=int, default=32, metavar='N', help='of tiles (default: %(default)s)'
    )
    parser.add_argument(
        '--tonemap',
        choices=('mu', 'reinhard', 'drago'),
        help='write a picture of an HDR result beside it',
    )
    parser.add_argument('--overwrite', action='store_true', help='replace files that exist')


def run(args: argparse.Namespace) -> None:
    """Restore; every image that fails is named, the others are done."""
    from restorekit.inference import Inferencer, plan_jobs, restore_file

    restore = Inferencer(
        args.model,
        args.weights,
        device=args.device,
        tile=args.tile,
        overlap=args.overlap,
        unsafe_load=args.unsafe_load,
    )
    jobs = plan_jobs(
        args.images,
        args.out,
        restore.model,
        bits=args.bits,
        tone=args.tonemap,
        overwrite=args.overwrite,
    )
    failures = []
    for job in jobs:
        try:
            taken = restore_file(restore, job, bits=args.bits, tone=args.tonemap)
        except (ValueError, OSError, ModuleNotFoundError) as error:
            message = str(error)
            failures.append(message if str(job.source) in message else f'{job.source}: {message}')
        else:
            frames = f' (of its frames {", ".join(taken)})' if taken else ''
            print(f'{job.source} -> {job.target}{frames}')
    if failures:
        print(f'{len(jobs) - len(failures)} of {len(jobs)} images restored', file=sys.stderr)
        raise ValueError('\n  '.join(failures))
