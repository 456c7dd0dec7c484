"""Options of `restorekit restore`: how it computes, what is written, and what brackets are."""

from __future__ import annotations

import argparse
import re


def add_result_options(parser: argparse.ArgumentParser) -> None:
    """Size, format, depth and quality of results."""
    group = parser.add_argument_group('results')
    sizes = group.add_mutually_exclusive_group()
    sizes.add_argument(
        '--outscale',
        type=float,
        metavar='S',
        help='enlarge S times, 2.5 say: by the model, then by bicubic',
    )
    sizes.add_argument(
        '--size', type=_box, metavar='WxH', help='as large as fits into W x H pixels, likewise'
    )
    group.add_argument(
        '--format',
        metavar='EXT',
        help='of the files, jpg say (default: that of a lossless source, else png)',
    )
    group.add_argument(
        '--bits', type=int, choices=(8, 16), help='depth of the files (default: that of the source)'
    )
    group.add_argument(
        '--quality', type=int, metavar='Q', help='of lossy formats, 1 to 100 (default: 95)'
    )
    group.add_argument(
        '--tonemap',
        choices=('reinhard', 'drago', 'mantiuk', 'mu', 'none'),
        default='reinhard',
        help='how the picture is made that is written beside an HDR result (default: %(default)s)',
    )
    group.add_argument('--overwrite', action='store_true', help='replace files that exist')


def add_bracket_options(parser: argparse.ArgumentParser) -> None:
    """Exposures, and which frames belong together."""
    group = parser.add_argument_group('brackets')
    group.add_argument(
        '--ev',
        type=float,
        nargs='+',
        default=(),
        metavar='EV',
        help='exposures of the frames in the order of their names, -2 0 2 say (default: from '
        'exposure.txt or EXIF)',
    )
    group.add_argument(
        '--bracket-size',
        type=int,
        metavar='N',
        help='a folder holds several brackets of N frames (default: told apart by EXIF)',
    )
    group.add_argument(
        '--align',
        choices=('mtb', 'ecc', 'homography', 'flow'),
        help='align the frames of a hand-held bracket before a method without a network: by median '
        'bitmaps (shift), by correlation (shift and rotation), by matched features (a plane), or '
        'pixel by pixel (optical flow)',
    )


def add_compute_options(parser: argparse.ArgumentParser) -> None:
    """Tiles, precision, and what takes longer."""
    parser.add_argument(
        '--tile',
        type=_tile,
        default='auto',
        metavar='N',
        help='divide larger images into tiles of N pixels, 0: never (default: auto, by the memory '
        'that there is)',
    )
    parser.add_argument(
        '--overlap',
        type=int,
        metavar='N',
        help='of tiles, in pixels (default: by how far the network looks)',
    )
    parser.add_argument(
        '--ensemble',
        action='store_true',
        help='the mean of 8 results, of flipped and turned inputs: slightly better, 8 times slower',
    )
    add_precision_option(parser)


def add_precision_option(parser: argparse.ArgumentParser) -> None:
    """The precision of networks."""
    parser.add_argument(
        '--precision',
        choices=('auto', 'float32', 'bfloat16', 'float16'),
        default='auto',
        help='of the network; auto: bfloat16 where the processor computes it and the model loses '
        'nothing that shows (default: %(default)s)',
    )


def _tile(text: str) -> int | str | None:
    if text != 'auto' and not text.isdecimal():
        raise argparse.ArgumentTypeError(f"expected whole pixels, 'auto' or 0, got {text!r}")
    return text if text == 'auto' else int(text) or None


def _box(text: str) -> tuple[int, int]:
    match = re.fullmatch(r'([1-9]\d{0,5})[xX×]([1-9]\d{0,5})', text)
    if match is None:
        raise argparse.ArgumentTypeError(f'expected width x height, 4000x3000 say, got {text!r}')
    return int(match[1]), int(match[2])
