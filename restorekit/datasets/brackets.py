"""Brackets on disk: scenes with their exposures, each a folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from restorekit.data_sample import Sample
from restorekit.datasets.base import layout, raise_problems, require_folder
from restorekit.io import BracketError, find_bracket, natural_order
from restorekit.options import AtLeast1


def scene_folders(root: str | Path) -> list[Path]:
    """The folders below `root`, in the order of their names; `root` itself where it has none.

    Raises:
        MissingFolderError: If there is no such folder.
    """
    require_folder(root)
    root = Path(root)
    folders = [p for p in root.iterdir() if p.is_dir() and not p.name.startswith('.')]
    return sorted(folders, key=natural_order) or [root]


def list_scenes(folders: list[Path], sample: Callable[[Path], Sample]) -> list[Sample]:
    """The sample of each folder.

    Raises:
        DataError: Naming every folder that is wrong.
    """
    samples, problems = [], []
    for folder in folders:
        try:
            samples.append(sample(folder))
        except (ValueError, OSError) as error:
            problems.append(str(error))
    raise_problems(problems)
    return samples


def brackets(
    root: str,
    *,
    num_frames: AtLeast1 | None = None,
    gt_name: str | None = None,
    need_exposures: bool = True,
    reduce: bool = False,
) -> list[Sample]:
    """Scenes, each a folder of exposures with `exposure.txt` or EXIF exposure times.

    The frames are ordered dark to bright whatever their order on disk.

    Args:
        root: Folder of the scenes' folders, or of one scene.
        num_frames: How many frames each scene must have.
        gt_name: Name of the ground truth in each scene's folder; None without one.
        need_exposures: Whether exposures must be known; otherwise unknown ones are ordered by mean.
        reduce: The frames, two a scene, are at the size of the result, and the pipeline reduces
            them to the input.
    Raises:
        MissingFolderError: If there is no such folder.
        DataError: Naming every scene whose files do not fit.
    """

    def sample(folder: Path) -> Sample:
        bracket = find_bracket(
            folder, num_frames=2 if reduce else num_frames, need_exposures=need_exposures
        )
        files = {'gt_frames' if reduce else 'lq': list(map(str, bracket.frames))}
        if gt_name is not None:
            if not (folder / gt_name).is_file():
                raise BracketError(f'{folder}: no {gt_name}')
            files['gt'] = [str(folder / gt_name)]
        return {'name': folder.name, 'files': files, 'exposures': list(bracket.exposures)}

    return list_scenes(scene_folders(root), sample)


def kalantari(root: str, *, num_frames: AtLeast1 = 3) -> list[Sample]:
    """The published layout of Kalantari and Ramamoorthi's moving scenes.

    A folder per scene with 16-bit .tif frames of any names, `exposure.txt` (EV, one a line, in the
    order of the names) and `HDRImg.hdr`, aligned with the middle exposure.

    Args:
        root: Folder of the scenes' folders.
        num_frames: Frames of each scene.
    Raises:
        MissingFolderError: If there is no such folder.
        DataError: Naming every scene whose files do not fit.
    """

    def sample(folder: Path) -> Sample:
        if not (folder / 'exposure.txt').is_file():
            raise BracketError(f'{folder}: no exposure.txt')
        return brackets(str(folder), num_frames=num_frames, gt_name='HDRImg.hdr')[0]

    return list_scenes(scene_folders(root), sample)


BracketDataset = layout('BracketDataset', brackets)
KalantariDataset = layout('KalantariDataset', kalantari)
