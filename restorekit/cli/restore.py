"""`restorekit restore`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from restorekit.cli.options import add_weights_options

if TYPE_CHECKING:
    from restorekit.inference import Inferencer

TASKS = ('sr', 'jpeg', 'hdr', 'fusion')


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to restore, with what, and where to."""
    parser.description = """Restore image files. Where no model is named, a picture is enlarged
        twice, one from a lossy JPEG after its artifacts are removed, and a folder with the
        exposures of a scene is merged."""
    parser.add_argument(
        'images',
        nargs='+',
        metavar='IMAGE',
        help='image files, or folders that hold the exposures of one scene each',
    )
    parser.add_argument(
        '--task',
        choices=TASKS,
        help='what to do where no model is named: super-resolution, JPEG artifact removal, HDR or '
        'a fused picture from a bracket (default: by the file)',
    )
    parser.add_argument(
        '--scale',
        type=int,
        metavar='N',
        help='enlarge N times where no model is named (default: 2, and 1 of brackets)',
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
        '--tile',
        type=int,
        metavar='N',
        help='divide larger images into tiles of N pixels, 0: never (default: 512)',
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
    from restorekit.inference import plan_jobs, restore_file

    inferencers = _inferencers(args)
    jobs = plan_jobs(
        args.images,
        args.out,
        [restore.model for restore in inferencers],
        bits=args.bits,
        tone=args.tonemap,
        overwrite=args.overwrite,
    )
    failures = []
    for job, restore in zip(jobs, inferencers, strict=True):
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


def _inferencers(args: argparse.Namespace) -> list[Inferencer]:
    """One for each source; sources with equal needs share theirs."""
    from restorekit.inference import TILE, Inferencer, choose

    tile = TILE if args.tile is None else args.tile or None
    options = {'device': args.device, 'tile': tile, 'overlap': args.overlap}
    if args.model or args.weights:
        if args.task or args.scale:
            raise ValueError('--task and --scale choose a model; one is named already')
        named = Inferencer(args.model, args.weights, unsafe_load=args.unsafe_load, **options)
        return [named] * len(args.images)
    missing = [path for path in args.images if not Path(path).exists()]
    if missing:
        raise FileNotFoundError('no such file: ' + ', '.join(missing))
    choices = [choose(path, args.task, args.scale) for path in args.images]
    for path, choice in zip(args.images, choices, strict=True):
        print(f'{path}: {choice}')
    built = {models: Inferencer(models, **options) for models in {c.models for c in choices}}
    return [built[choice.models] for choice in choices]
