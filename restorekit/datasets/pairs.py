"""Over- and under-exposed pairs on disk, for exposure fusion."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from restorekit.data_sample import Sample
from restorekit.datasets.base import layout, raise_problems, require_folder
from restorekit.datasets.brackets import list_scenes, scene_folders
from restorekit.datasets.folder import by_stem
from restorekit.io import BracketError, image_size, is_image, natural_order, order_bracket


def exposure_pairs(root: str, *, lq_from_files: bool = False) -> list[Sample]:
    """Prepared pairs: `hr_under`, `hr_over` and the reference `hr`, files of one name in each.

    Args:
        root: Folder of these folders.
        lq_from_files: Take the input from `lr_under` and `lr_over`; otherwise the pipeline reduces
            the large frames.
    Raises:
        MissingFolderError: If a folder is missing.
        DataError: If a file lacks its counterpart.
    """
    roles = {'gt': ['hr'], 'gt_frames': ['hr_under', 'hr_over']}
    if lq_from_files:
        roles['lq'] = ['lr_under', 'lr_over']
    folders = [folder for folders in roles.values() for folder in folders]
    require_folder(root)
    files = {folder: by_stem(Path(root, folder)) for folder in folders}
    everything = set().union(*files.values())
    raise_problems(
        [
            f'{Path(root, folder)}: no {stem}.*'
            for stem in sorted(everything)
            for folder in folders
            if stem not in files[folder]
        ]
    )
    return [
        {
            'name': stem,
            'files': {role: [str(files[f][stem]) for f in names] for role, names in roles.items()},
        }
        for stem in sorted(files['hr'], key=lambda stem: natural_order(Path(stem)))
    ]


def sice(root: str, *, pair: Sequence[int] = (0, -1)) -> list[Sample]:
    """The published layout of SICE: a folder of exposures per scene, `Label` with the references.

    Its frames are some 3000 pixels wide: prepare them once with `restorekit prepare pairs` and
    train with ExposurePairDataset.

    Args:
        root: Folder of the scenes' folders and of `Label`.
        pair: Places of the under- and the over-exposed frame among those of a scene, from the
            darkest by mean luminance, 0; negative ones count from the brightest, -1.
    Raises:
        MissingFolderError: If there is no such folder.
        DataError: Naming every scene whose files do not fit.
    """
    if len(pair) != 2:
        raise ValueError(f'SICEDataset: pair must be two places, got {pair!r}')
    labels = Path(root, 'Label')

    def sample(folder: Path) -> Sample:
        candidates = sorted(labels.glob(f'{folder.name}.*'))
        label = next((path for path in candidates if is_image(path)), None)
        if label is None:
            raise BracketError(f'{folder}: no reference {labels / folder.name}.*')
        chosen = _pair(folder, pair)
        sizes = {path: image_size(path) for path in (*chosen, label)}
        if len(set(sizes.values())) > 1:
            listed = ', '.join(f'{path.name} {h} x {w}' for path, (h, w) in sizes.items())
            raise BracketError(f'{folder}: frames and reference must have one size, got {listed}')
        files = {'gt': [str(label)], 'gt_frames': list(map(str, chosen))}
        return {'name': folder.name, 'files': files}

    folders = [folder for folder in scene_folders(root) if folder.name.lower() != 'label']
    return list_scenes(folders, sample)


def _pair(folder: Path, pair: Sequence[int]) -> list[Path]:
    """The darker and the brighter frame of a scene."""
    frames = sorted((p for p in folder.iterdir() if is_image(p)), key=natural_order)
    count = len(frames)
    if count < 2:
        raise BracketError(f'{folder}: expected two or more frames, got {count}')
    if not all(-count <= place < count for place in pair):
        raise BracketError(f'{folder}: has {count} frames, no pair {tuple(pair)}')
    under, over = (place % count for place in pair)
    if under >= over:
        raise BracketError(f'{folder}: of the pair {tuple(pair)} the first is not the darker one')
    frames = list(order_bracket(frames, name=str(folder), by='mean').frames)
    return [frames[under], frames[over]]


ExposurePairDataset = layout('ExposurePairDataset', exposure_pairs)
SICEDataset = layout('SICEDataset', sice)
