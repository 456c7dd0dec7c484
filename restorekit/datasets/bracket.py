"""Brackets on disk: HDR scenes, and over- and under-exposed pairs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from restorekit.datasets.base import ImageDataset, raise_problems, require_folder
from restorekit.datasets.folder import by_stem
from restorekit.io import (
    BracketError,
    find_bracket,
    image_size,
    is_image,
    natural_order,
    order_bracket,
)
from restorekit.registry import DATASETS


@DATASETS.register_module()
class BracketDataset(ImageDataset):
    """Scenes, each a folder of exposures with `exposure.txt` or EXIF exposure times.

    A sample has `frame_paths`, dark to bright whatever their order on disk, and `exposures`.

    Args:
        root: Folder of the scenes' folders, or of one scene.
        pipeline, name, degradation, check, test_mode: See ImageDataset; the name defaults to the
            folder's.
        num_frames: How many frames each scene must have.
        gt_name: Name of the ground truth in each scene's folder; None without one.
        need_exposures: Whether exposures must be known; otherwise unknown ones are ordered by mean.
        reduce: The frames, two a scene, are at the size of the result, and the pipeline reduces
            them to the input.
    Raises:
        MissingFolderError: If there is no such folder.
        DataError: Naming every scene whose files do not fit.
    """

    def __init__(
        self,
        root: str,
        *,
        pipeline: list,
        num_frames: int | None = None,
        gt_name: str | None = None,
        need_exposures: bool = True,
        reduce: bool = False,
        name: str | None = None,
        degradation: dict | None = None,
        check: bool = True,
        test_mode: bool = False,
    ) -> None:
        self.root = Path(root)
        self.num_frames = 2 if reduce else num_frames
        self.gt_name = gt_name
        self.need_exposures = need_exposures
        self.reduce = reduce
        super().__init__(
            pipeline,
            name=name or self.root.name,
            degradation=degradation,
            check=check,
            test_mode=test_mode,
        )

    def load_data_list(self) -> list[dict]:
        """Scenes in the order of their names."""
        samples, problems = [], []
        for folder in scene_folders(self.root, self.name):
            try:
                samples.append(self._sample(folder))
            except (ValueError, OSError) as error:
                problems.append(str(error))
        raise_problems(self.name, problems)
        return samples

    def _sample(self, folder: Path) -> dict:
        bracket = find_bracket(
            folder, num_frames=self.num_frames, need_exposures=self.need_exposures
        )
        key = 'gt_frame_paths' if self.reduce else 'frame_paths'
        sample = {
            'name': folder.name,
            'lq_path': str(folder),
            key: [str(frame) for frame in bracket.frames],
            'exposures': list(bracket.exposures),
        }
        if self.gt_name is not None:
            truth = folder / self.gt_name
            if not truth.is_file():
                raise BracketError(f'{folder}: no {self.gt_name}')
            sample['gt_path'] = str(truth)
        return sample


@DATASETS.register_module()
class KalantariDataset(BracketDataset):
    """The published layout of Kalantari and Ramamoorthi's moving scenes.

    A folder per scene with three 16-bit .tif frames of any names, `exposure.txt` (EV, one a line,
    in the order of the names) and `HDRImg.hdr`, aligned with the middle exposure.

    Args:
        root, pipeline, name, check, test_mode: See BracketDataset.
        num_frames: Frames of each scene.
    """

    def __init__(
        self,
        root: str,
        *,
        pipeline: list,
        num_frames: int = 3,
        name: str | None = None,
        check: bool = True,
        test_mode: bool = False,
    ) -> None:
        super().__init__(
            root,
            pipeline=pipeline,
            num_frames=num_frames,
            gt_name='HDRImg.hdr',
            name=name,
            check=check,
            test_mode=test_mode,
        )

    def _sample(self, folder: Path) -> dict:
        if not (folder / 'exposure.txt').is_file():
            raise BracketError(f'{folder}: no exposure.txt')
        return super()._sample(folder)


@DATASETS.register_module()
class ExposurePairDataset(ImageDataset):
    """Prepared pairs: `hr_under`, `hr_over` and the reference `hr`, files of one name in each.

    Where the pipeline does not make the input from the two large frames, `lr_under` and `lr_over`
    are it.

    Args:
        root: Folder of these folders.
        lq_from_files: Take the input from `lr_under` and `lr_over`; otherwise the pipeline reduces
            the large frames.
        pipeline, name, degradation, check, test_mode: See ImageDataset.
    Raises:
        MissingFolderError: If a folder is missing.
        DataError: If a file lacks its counterpart.
    """

    def __init__(
        self,
        root: str,
        *,
        pipeline: list,
        lq_from_files: bool = False,
        name: str | None = None,
        degradation: dict | None = None,
        check: bool = True,
        test_mode: bool = False,
    ) -> None:
        self.root = Path(root)
        self.lq_from_files = lq_from_files
        super().__init__(
            pipeline,
            name=name or self.root.name,
            degradation=degradation,
            check=check,
            test_mode=test_mode,
        )

    def load_data_list(self) -> list[dict]:
        """Pairs in the order of their names."""
        folders = ['hr', 'hr_under', 'hr_over']
        folders += ['lr_under', 'lr_over'] if self.lq_from_files else []
        files = {folder: self._files(folder) for folder in folders}
        names = sorted(files['hr'], key=lambda stem: natural_order(Path(stem)))
        everything = set().union(*files.values())
        raise_problems(
            self.name,
            [
                f'{self.root / folder}: no {stem}.*'
                for stem in sorted(everything)
                for folder in folders
                if stem not in files[folder]
            ],
        )
        samples = []
        for stem in names:
            sample = {
                'name': stem,
                'gt_path': files['hr'][stem],
                'gt_frame_paths': [files['hr_under'][stem], files['hr_over'][stem]],
            }
            if self.lq_from_files:
                sample['frame_paths'] = [files['lr_under'][stem], files['lr_over'][stem]]
            samples.append(sample)
        return samples

    def _files(self, folder: str) -> dict[str, str]:
        return {stem: str(path) for stem, path in by_stem(self.root / folder, self.name).items()}


@DATASETS.register_module()
class SICEDataset(ImageDataset):
    """The published layout of SICE: a folder of exposures per scene, `Label` with the references.

    The pair is the darkest and the brightest frame by mean luminance, or the two of given places
    in the order of the names. Its frames are some 3000 pixels wide: prepare them once with
    `tools/dataset_converters/exposure_pairs.py` and train with ExposurePairDataset.

    Args:
        root: Folder of the scenes' folders and of `Label`.
        pair: 'extremes', or two places (under, over) from 0 in the order of the names; negative
            ones count from the end.
        pipeline, name, degradation, check, test_mode: See ImageDataset.
    Raises:
        MissingFolderError: If there is no such folder.
        DataError: Naming every scene whose files do not fit.
    """

    def __init__(
        self,
        root: str,
        *,
        pipeline: list,
        pair: str | Sequence[int] = 'extremes',
        name: str | None = None,
        degradation: dict | None = None,
        check: bool = True,
        test_mode: bool = False,
    ) -> None:
        if pair != 'extremes' and (isinstance(pair, str) or len(pair) != 2):
            raise ValueError(f"SICEDataset: pair must be 'extremes' or two places, got {pair!r}")
        self.root = Path(root)
        self.pair = pair
        super().__init__(
            pipeline,
            name=name or self.root.name,
            degradation=degradation,
            check=check,
            test_mode=test_mode,
        )

    def load_data_list(self) -> list[dict]:
        """Scenes in the order of their names."""
        samples, problems = [], []
        for folder in scene_folders(self.root, self.name):
            if folder.name.lower() == 'label':
                continue
            try:
                samples.append(self._sample(folder))
            except (ValueError, OSError) as error:
                problems.append(str(error))
        raise_problems(self.name, problems)
        return samples

    def _sample(self, folder: Path) -> dict:
        label = next(
            (p for p in sorted((self.root / 'Label').glob(f'{folder.name}.*')) if is_image(p)), None
        )
        if label is None:
            raise BracketError(f'{folder}: no reference {self.root / "Label" / folder.name}.*')
        frames = sorted((p for p in folder.iterdir() if is_image(p)), key=natural_order)
        if len(frames) < 2:
            raise BracketError(f'{folder}: expected two or more frames, got {len(frames)}')
        if self.pair == 'extremes':
            bracket = order_bracket(frames, name=str(folder), by='mean')
            chosen = [bracket.frames[0], bracket.frames[-1]]
        else:
            try:
                chosen = [frames[int(place)] for place in self.pair]
            except IndexError:
                raise BracketError(
                    f'{folder}: has {len(frames)} frames, no pair {tuple(self.pair)}'
                ) from None
            # Two of one exposure, or in the wrong order, show when they are put in order.
            bracket = order_bracket(chosen, name=str(folder), by='mean')
            if list(bracket.frames) != chosen:
                raise BracketError(
                    f'{folder}: of the pair {tuple(self.pair)} the first is the brighter one'
                )
        sizes = {path: image_size(path) for path in (*chosen, label)}
        if len(set(sizes.values())) > 1:
            listed = ', '.join(f'{path.name} {h} x {w}' for path, (h, w) in sizes.items())
            raise BracketError(f'{folder}: frames and reference must have one size, got {listed}')
        return {
            'name': folder.name,
            'lq_path': str(folder),
            'gt_path': str(label),
            'gt_frame_paths': [str(frame) for frame in chosen],
        }


def scene_folders(root: Path, name: str) -> list[Path]:
    """The folders below `root`, in the order of their names; `root` itself where it has none.

    Raises:
        MissingFolderError: If there is no such folder.
    """
    require_folder(root, name)
    folders = [p for p in root.iterdir() if p.is_dir() and not p.name.startswith('.')]
    return sorted(folders, key=natural_order) or [root]
