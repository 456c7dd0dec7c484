"""`restorekit restore`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from restorekit.cli.options import add_weights_options, check_writable
from restorekit.io import (
    EXTENSIONS,
    BitDepth,
    ToneMap,
    find_bracket,
    read_image,
    tonemap,
    write_hdr,
    write_image,
)

if TYPE_CHECKING:
    from restorekit.inference import Inferencer

DEEP = ('.png', '.tif', '.tiff')  # formats of 16 bits
HDR_TARGETS = ('.hdr', '.exr', '.tif', '.tiff')


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
    from restorekit.inference import Inferencer

    restore = Inferencer(
        args.model,
        args.weights,
        device=args.device,
        tile=args.tile,
        overlap=args.overlap,
        unsafe_load=args.unsafe_load,
    )
    model = restore.model
    jobs = plan(
        args.images,
        args.out,
        args.bits,
        args.overwrite,
        brackets=model.takes_bracket,
        linear=model.linear,
    )
    failures = []
    for source, target in jobs:
        try:
            if model.takes_bracket:
                restored = merge_bracket(restore, source)
            else:
                restored = restore(read_image(source))
            write_result(target, restored, linear=model.linear, bits=args.bits, tone=args.tonemap)
        except (ValueError, OSError, ModuleNotFoundError) as error:
            message = str(error)
            failures.append(message if str(source) in message else f'{source}: {message}')
        else:
            print(f'{source} -> {target}')
    if failures:
        print(f'{len(jobs) - len(failures)} of {len(jobs)} images restored', file=sys.stderr)
        raise ValueError('\n  '.join(failures))


def merge_bracket(restore: Inferencer, folder: Path) -> np.ndarray:
    """The image of the bracket in a folder."""
    model = restore.model
    bracket = find_bracket(folder, need_exposures=model.needs_exposures)
    frames, exposures = list(bracket.frames), list(bracket.exposures)
    wanted = model.num_frames
    if wanted is not None and wanted < len(frames):
        chosen = [round(i * (len(frames) - 1) / (wanted - 1)) for i in range(wanted)]
        frames = [frames[index] for index in chosen]
        exposures = [exposures[index] - exposures[chosen[0]] for index in chosen if exposures]
        print(f'{folder}: of {len(bracket.frames)} frames', *(frame.name for frame in frames))
    images = [read_image(frame) for frame in frames]
    images = [np.repeat(image, 3, axis=2) if image.shape[2] == 1 else image for image in images]
    return restore(images, exposures or None)


def write_result(
    target: Path, image: np.ndarray, *, linear: bool, bits: BitDepth, tone: ToneMap | None
) -> None:
    """An image, or radiance and, where asked for, a picture of it beside."""
    if not linear:
        write_image(target, image, bits=bits)
        return
    write_hdr(target, image)
    if tone is not None:
        write_image(target.with_name(f'{target.stem}_{tone}.png'), tonemap(image, tone), bits=bits)


def plan(
    images: list[str],
    out: str,
    bits: int,
    overwrite: bool = False,
    *,
    brackets: bool = False,
    linear: bool = False,
) -> list[tuple[Path, Path]]:
    """Source and target of each image, or every reason why it cannot be, before any work.

    Raises:
        FileNotFoundError, ValueError, OSError: All missing files; targets that coincide, or are
            their own source.
    """
    sources = [Path(image) for image in images]
    missing = [str(source) for source in sources if not source.exists()]
    if missing:
        raise FileNotFoundError('no such file: ' + ', '.join(missing))
    wrong = [str(source) for source in sources if source.is_dir() != brackets]
    if wrong:
        what = (
            'a file; this network takes folders of exposures'
            if brackets
            else 'a folder, not an image'
        )
        raise ValueError(f'{what}: {", ".join(wrong)}')
    target = Path(out)
    kinds = HDR_TARGETS if linear else EXTENSIONS
    if target.suffix.lower() in kinds and not target.is_dir():
        if len(sources) > 1:
            raise ValueError(f'-o {out}: a file for {len(sources)} images; name a folder')
        targets = [target]
        if bits == 16 and not linear and target.suffix.lower() not in DEEP:
            raise ValueError(f'-o {out}: 16 bits need {", ".join(DEEP)}')
    elif target.suffix.lower() in (*HDR_TARGETS, *EXTENSIONS) and not target.is_dir():
        raise ValueError(f'-o {out}: this network gives {", ".join(kinds)}')
    else:
        targets = [target / _target_name(source, bits, brackets, linear) for source in sources]
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


def _target_name(source: Path, bits: int, brackets: bool, linear: bool) -> str:
    if brackets:
        return f'{source.resolve().name}{".hdr" if linear else ".png"}'
    # A restored image is not compressed again: lossy formats become PNG.
    keep = DEEP if bits == 16 else (*DEEP, '.bmp')
    return source.name if source.suffix.lower() in keep else f'{source.stem}.png'
