"""Prepare pairs for exposure fusion: `hr_under`, `hr_over` and the reference `hr`, as PNG.

Usage: python tools/dataset_converters/exposure_pairs.py brackets BRACKETS OUT
       python tools/dataset_converters/exposure_pairs.py sice SICE OUT [--max-side 1200]

`brackets`: a folder per scene with its exposures. The pair is the darkest and the brightest frame,
the reference an exposure fusion of all frames (OpenCV's, after Mertens et al.).
`sice`: the published layout; its frames of some 3000 pixels are reduced by MATLAB's bicubic, so
that they are read in a moment. ExposurePairDataset reads the result.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch

from restorekit.datasets.brackets import scene_folders
from restorekit.datasets.pairs import sice
from restorekit.functional import imresize
from restorekit.io import find_bracket, read_image, to_integers, write_image
from restorekit.registry import MODELS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('layout', choices=('brackets', 'sice'))
    parser.add_argument('source', type=Path)
    parser.add_argument('out', type=Path)
    parser.add_argument('--max-side', type=int, metavar='N', help='reduce larger images to this')
    args = parser.parse_args()
    for name, images in {'brackets': from_brackets, 'sice': from_sice}[args.layout](args.source):
        for folder, image in images.items():
            (args.out / folder).mkdir(parents=True, exist_ok=True)
            write_image(args.out / folder / f'{name}.png', reduced(image, args.max_side))
        print(name)


def from_brackets(root: Path):
    fusion = MODELS.build({'type': 'MertensFusion'})
    for folder in scene_folders(root):
        frames = [read_image(frame) for frame in find_bracket(folder).frames]
        bracket = torch.from_numpy(np.stack(frames)).movedim(-1, 1)[None]
        reference = fusion.restore(bracket)[0].movedim(0, -1).numpy()
        yield folder.name, {'hr': reference, 'hr_under': frames[0], 'hr_over': frames[-1]}


def from_sice(root: Path):
    for sample in sice(str(root)):
        paths = (*sample['files']['gt'], *sample['files']['gt_frames'])
        images = dict(zip(('hr', 'hr_under', 'hr_over'), map(read_image, paths), strict=True))
        yield sample['name'], images


def reduced(image: np.ndarray, max_side: int | None) -> np.ndarray:
    """The image with no side above `max_side`, rounded before as files are."""
    if max_side is None or max(image.shape[:2]) <= max_side:
        return image
    pixels = torch.from_numpy(to_integers(image)).movedim(-1, 0)
    small = imresize(pixels, max_side / max(image.shape[:2]))
    return small.movedim(0, -1).numpy()


if __name__ == '__main__':
    main()
