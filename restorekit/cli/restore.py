"""`restorekit restore`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

DEEP = ('.png', '.tif', '.tiff')  # formats of 16 bits


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to restore, with what, and where to."""
    parser.add_argument('images', nargs='+', metavar='IMAGE', help='image files')
    parser.add_argument(
        '-m', '--model', required=True, metavar='CONFIG', help='the config of the network'
    )
    parser.add_argument('-w', '--weights', metavar='CHECKPOINT', help='its checkpoint')
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
    parser.add_argument('--overwrite', action='store_true', help='replace files that exist')
    parser.add_argument(
        '--device', metavar='DEVICE', help='cpu, cuda, cuda:1, … (default: a GPU if there is one)'
    )
    parser.add_argument(
        '--unsafe-load',
        action='store_true',
        help='unpickle the checkpoint without restriction: it can run any code',
    )


def run(args: argparse.Namespace) -> None:
    """Restore; every image that fails is named, the others are done."""
    from restorekit.inference import Inferencer
    from restorekit.io import read_image, write_image

    jobs = plan(args.images, args.out, args.bits, args.overwrite)
    restore = Inferencer(args.model, args.weights, device=args.device, unsafe_load=args.unsafe_load)
    failures = []
    for source, target in jobs:
        try:
            write_image(target, restore(read_image(source)), bits=args.bits)
        except (ValueError, OSError) as error:
            message = str(error)
            failures.append(message if str(source) in message else f'{source}: {message}')
        else:
            print(f'{source} -> {target}')
    if failures:
        print(f'{len(jobs) - len(failures)} of {len(jobs)} images restored', file=sys.stderr)
        raise ValueError('\n  '.join(failures))


def plan(
    images: list[str], out: str, bits: int, overwrite: bool = False
) -> list[tuple[Path, Path]]:
    """Source and target of each image, or every reason why it cannot be, before any work.

    Raises:
        FileNotFoundError, ValueError, OSError: All missing files; targets that coincide, or are
            their own source.
    """
    from restorekit.cli.options import check_writable
    from restorekit.io import is_image

    sources = [Path(image) for image in images]
    folders = [str(source) for source in sources if source.is_dir()]
    if folders:
        raise ValueError(f'a folder, not an image: {", ".join(folders)}')
    missing = [str(source) for source in sources if not source.is_file()]
    if missing:
        raise FileNotFoundError('no such file: ' + ', '.join(missing))
    target = Path(out)
    if is_image(target) and not target.is_dir():
        if len(sources) > 1:
            raise ValueError(f'-o {out}: a file for {len(sources)} images; name a folder')
        targets = [target]
        if bits == 16 and target.suffix.lower() not in DEEP:
            raise ValueError(f'-o {out}: 16 bits need {", ".join(DEEP)}')
    else:
        keep = DEEP if bits == 16 else (*DEEP, '.bmp')
        # A restored image is not compressed again: lossy formats become PNG.
        targets = [
            target / (s.name if s.suffix.lower() in keep else f'{s.stem}.png') for s in sources
        ]
    if len(set(targets)) < len(targets):
        twice = sorted({str(t) for t in targets if targets.count(t) > 1})
        raise ValueError(f'several images would be written to {", ".join(twice)}')
    for source, path in zip(sources, targets, strict=True):
        if source.resolve() == path.resolve():
            raise ValueError(
                f'{source}: would be overwritten by its own result; choose another folder'
            )
    existing = [str(path) for path in targets if path.exists()]
    if existing and not overwrite:
        raise ValueError(f'exists already: {", ".join(existing)}; --overwrite replaces')
    check_writable(targets[0].parent)
    return list(zip(sources, targets, strict=True))
