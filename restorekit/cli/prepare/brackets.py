"""`restorekit prepare brackets`."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """From what, where to, and what is drawn."""
    parser.description = """Turn static brackets, or maps of radiance, into moving scenes with HDR
        ground truth, in the layout of Kalantari. All is drawn from the seed and the scenes' names,
        so that it repeats."""
    parser.add_argument(
        'brackets',
        type=Path,
        metavar='BRACKETS',
        help='a folder per scene: exposures from a tripod, with exposure.txt or EXIF; or files of '
        'linear radiance (.hdr, .exr)',
    )
    parser.add_argument('out', type=Path, metavar='OUT', help='folder of the moving scenes')
    parser.add_argument(
        '--variants', type=int, default=1, metavar='N', help='motions of each scene (default: 1)'
    )
    parser.add_argument(
        '--exposures',
        type=float,
        nargs='+',
        default=(-2.0, 0.0, 2.0),
        metavar='EV',
        help='exposures of the frames (default: -2 0 2)',
    )
    parser.add_argument(
        '--darker',
        type=float,
        default=0.0,
        metavar='EV',
        help='lower the light of each scene by up to this, at random (default: 0)',
    )
    parser.add_argument(
        '--noise',
        type=float,
        default=0.0,
        metavar='SIGMA',
        help='noise of the frames at white, up to this, at random (default: 0; a good camera: .01)',
    )
    parser.add_argument(
        '--seed', type=int, default=0, metavar='N', help='of all that is drawn (default: 0)'
    )


def run(args: argparse.Namespace) -> None:
    """Make them, naming each scene's folder."""
    from restorekit.prepare import moving_scenes

    scenes = moving_scenes(
        args.brackets,
        args.out,
        variants=args.variants,
        exposures=args.exposures,
        darker=args.darker,
        noise=args.noise,
        seed=args.seed,
    )
    for folder in scenes:
        print(folder)
