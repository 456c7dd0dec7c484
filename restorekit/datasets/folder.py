"""Images in folders."""

from __future__ import annotations

from pathlib import Path

from mmengine.logging import print_log

from restorekit.datasets.base import (
    DataError,
    ImageDataset,
    raise_problems,
    require_folder,
)
from restorekit.io import EXTENSIONS, image_size, is_image
from restorekit.registry import DATASETS


@DATASETS.register_module()
class FolderDataset(ImageDataset):
    """Ground truth and degraded images in two folders, matched by stem; or one of them.

    Args:
        gt_dir: Folder of the ground truth, searched with its subfolders; None for images without
            one.
        lq_dir: Folder of the degraded images; None where the pipeline makes them.
        lq_template: The stem of a degraded image, `{}` standing for the ground truth's: '{}x2'.
            Extensions may differ.
        min_size: Leave out ground truth with a side below this, in pixels, saying how many.
        pipeline, name, degradation, check, test_mode: See ImageDataset; the name defaults to the
            folder's.
    Raises:
        MissingFolderError: If a folder is not there.
        DataError: If a folder holds no image, if an image lacks its counterpart, or a check fails.
    """

    def __init__(
        self,
        gt_dir: str | None = None,
        lq_dir: str | None = None,
        *,
        pipeline: list,
        lq_template: str = '{}',
        min_size: int = 1,
        name: str | None = None,
        degradation: dict | None = None,
        check: bool = True,
        test_mode: bool = False,
    ) -> None:
        if gt_dir is None and lq_dir is None:
            raise ValueError('FolderDataset: give gt_dir, lq_dir or both')
        if min_size > 1 and gt_dir is None:
            raise ValueError('FolderDataset: min_size is of the ground truth; give gt_dir')
        if lq_template.count('{}') != 1:
            raise ValueError(
                f"FolderDataset: lq_template must hold '{{}}' once, got {lq_template!r}"
            )
        self.gt_dir = None if gt_dir is None else Path(gt_dir)
        self.lq_dir = None if lq_dir is None else Path(lq_dir)
        self.lq_template = lq_template
        self.min_size = min_size
        named_after = gt_dir or lq_dir
        assert named_after is not None
        super().__init__(
            pipeline,
            name=name or Path(named_after).name,
            degradation=degradation,
            check=check,
            test_mode=test_mode,
        )

    def load_data_list(self) -> list[dict]:
        """Samples in the order of their stems."""
        gt = None if self.gt_dir is None else by_stem(self.gt_dir, self.name)
        lq = None if self.lq_dir is None else by_stem(self.lq_dir, self.name)
        if gt is None or lq is None:
            key, files = ('lq_path', lq) if gt is None else ('gt_path', self._large_enough(gt))
            assert files is not None
            return [{'name': stem, key: str(path)} for stem, path in files.items()]

        partner = {stem: _fill(self.lq_template, stem) for stem in gt}
        wanted = set(partner.values())
        problems = [
            f'{gt[stem]}: no {self.lq_dir}/{name}.*'
            for stem, name in partner.items()
            if name not in lq
        ]
        problems += [
            f'{path}: no ground truth in {self.gt_dir}'
            for stem, path in lq.items()
            if stem not in wanted
        ]
        raise_problems(self.name, problems)
        return [
            {'name': stem, 'gt_path': str(path), 'lq_path': str(lq[partner[stem]])}
            for stem, path in self._large_enough(gt).items()
        ]

    def _large_enough(self, files: dict[str, Path]) -> dict[str, Path]:
        if self.min_size <= 1:
            return files
        kept = {
            stem: path for stem, path in files.items() if min(image_size(path)) >= self.min_size
        }
        left_out = len(files) - len(kept)
        print_log(
            f'{self.name}: {left_out} of {len(files)} images are left out, '
            f'a side is below {self.min_size} pixels',
            logger='current',
        )
        raise_problems(self.name, [] if kept else [f'no image of {self.min_size} pixels a side'])
        return kept


def _fill(template: str, stem: str) -> str:
    folder, _, last = stem.rpartition('/')
    return f'{folder}/{template.format(last)}' if folder else template.format(last)


def by_stem(folder: Path, name: str) -> dict[str, Path]:
    """Images of a folder by their path in it without extension, sorted."""
    require_folder(folder, name)
    files: dict[str, Path] = {}
    for path in sorted(folder.rglob('*')):
        relative = path.relative_to(folder)
        if not is_image(path) or any(part.startswith('.') for part in relative.parts):
            continue
        stem = relative.with_suffix('').as_posix()
        if stem in files:
            raise DataError(f'{name}: {files[stem]} and {path} have the same stem')
        files[stem] = path
    if not files:
        raise DataError(
            f'{name}: no image in {folder.absolute()}; accepted: {", ".join(EXTENSIONS)}'
        )
    return files
