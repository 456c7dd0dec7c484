"""Pairs for exposure fusion: `hr_under`, `hr_over` and the reference `hr`, as PNG."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from restorekit.datasets.brackets import scene_folders
from restorekit.datasets.pairs import sice
from restorekit.functional import imresize
from restorekit.io import find_bracket, read_image, to_integers, write_image
from restorekit.prepare.folders import check_folders
from restorekit.registry import MODELS

Images = dict[str, np.ndarray]


def exposure_pairs(
    layout: str, source: Path, out: Path, *, max_side: int | None = None
) -> Iterator[str]:
    """Write the pair and the reference of each scene, as ExposurePairDataset reads them.

    Args:
        layout: 'brackets', a folder per scene with its exposures, of which the pair is the darkest
            and the brightest frame and the reference OpenCV's fusion of all, after Mertens et al.;
            or 'sice', the published layout.
        source: Folder of the scenes.
        out: Folder for the three folders of images, made where it is missing.
        max_side: Images with a longer side are reduced to this one, in pixels, by MATLAB's bicubic.
    Yields:
        The name of each scene that is done.
    Raises:
        ValueError: If the layout is unknown, `max_side` no size, or a scene not as it must be.
        OSError: If a folder is missing or cannot be written.
    """
    if layout not in LAYOUTS:
        raise ValueError(f'layout must be one of {", ".join(LAYOUTS)}, got {layout!r}')
    if max_side is not None and max_side < 1:
        raise ValueError(f'--max-side must be >= 1, got {max_side}')
    check_folders(source, out)
    for name, images in LAYOUTS[layout](source):
        for folder, image in images.items():
            (out / folder).mkdir(exist_ok=True)
            write_image(out / folder / f'{name}.png', _reduced(image, max_side))
        yield name


def _from_brackets(root: Path) -> Iterator[tuple[str, Images]]:
    fusion = MODELS.build({'type': 'MertensFusion'})
    for folder in scene_folders(root):
        frames = [read_image(frame) for frame in find_bracket(folder).frames]
        bracket = torch.from_numpy(np.stack(frames)).movedim(-1, 1)[None]
        reference = fusion.restore(bracket)[0].movedim(0, -1).numpy()
        yield folder.name, {'hr': reference, 'hr_under': frames[0], 'hr_over': frames[-1]}


def _from_sice(root: Path) -> Iterator[tuple[str, Images]]:
    for sample in sice(str(root)):
        paths = (*sample['files']['gt'], *sample['files']['gt_frames'])
        images = dict(zip(('hr', 'hr_under', 'hr_over'), map(read_image, paths), strict=True))
        yield sample['name'], images


LAYOUTS = {'brackets': _from_brackets, 'sice': _from_sice}


def _reduced(image: np.ndarray, max_side: int | None) -> np.ndarray:
    """The image with no side above `max_side`, rounded before as files are."""
    if max_side is None or max(image.shape[:2]) <= max_side:
        return image
    pixels = torch.from_numpy(to_integers(image)).movedim(-1, 0)
    small = imresize(pixels, max_side / max(image.shape[:2]))
    return small.movedim(0, -1).numpy()
