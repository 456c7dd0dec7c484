"""Images in folders."""

from __future__ import annotations

from pathlib import Path

from mmengine.logging import print_log

from restorekit.data_sample import Sample
from restorekit.datasets.base import DataError, layout, raise_problems, require_folder
from restorekit.io import EXTENSIONS, image_size, is_image
from restorekit.options import AtLeast1


def folders(
    gt_dir: str | None = None,
    lq_dir: str | None = None,
    *,
    lq_template: str = '{}',
    min_size: AtLeast1 = 1,
) -> list[Sample]:
    """Ground truth and degraded images in two folders, matched by stem; or one of them.

    Args:
        gt_dir: Folder of the ground truth, searched with its subfolders; None for images without
            one.
        lq_dir: Folder of the degraded images; None where the pipeline makes them.
        lq_template: The stem of a degraded image, `{}` standing for the ground truth's: '{}x2'.
            Extensions may differ.
        min_size: Leave out ground truth with a side below this, in pixels, saying how many.
    Raises:
        MissingFolderError: If a folder is not there.
        DataError: If a folder holds no image, or if an image lacks its counterpart.
    """
    if gt_dir is None and lq_dir is None:
        raise ValueError('FolderDataset: give gt_dir, lq_dir or both')
    if min_size > 1 and gt_dir is None:
        raise ValueError('FolderDataset: min_size is of the ground truth; give gt_dir')
    if lq_template.count('{}') != 1:
        raise ValueError(f"FolderDataset: lq_template must hold '{{}}' once, got {lq_template!r}")
    gt = {} if gt_dir is None else by_stem(gt_dir)
    lq = {} if lq_dir is None else by_stem(lq_dir)
    if gt_dir is None:
        return [{'name': stem, 'files': {'lq': [str(path)]}} for stem, path in lq.items()]
    partner = {stem: _fill(lq_template, stem) for stem in gt} if lq_dir is not None else {}
    wanted = set(partner.values())
    problems = [
        f'{gt[stem]}: no {lq_dir}/{own}.*' for stem, own in partner.items() if own not in lq
    ]
    problems += [
        f'{path}: no ground truth in {gt_dir}' for stem, path in lq.items() if stem not in wanted
    ]
    raise_problems(problems)
    samples: list[Sample] = []
    for stem, path in _large_enough(gt, min_size, gt_dir).items():
        files = {'gt': [str(path)]}
        if stem in partner:
            files['lq'] = [str(lq[partner[stem]])]
        samples.append({'name': stem, 'files': files})
    return samples


def _large_enough(files: dict[str, Path], min_size: AtLeast1, folder: str) -> dict[str, Path]:
    if min_size <= 1:
        return files
    kept = {stem: path for stem, path in files.items() if min(image_size(path)) >= min_size}
    print_log(
        f'{folder}: {len(files) - len(kept)} of {len(files)} images are left out, '
        f'a side is below {min_size} pixels',
        logger='current',
    )
    raise_problems([] if kept else [f'no image of {min_size} pixels a side'])
    return kept


def _fill(template: str, stem: str) -> str:
    folder, _, last = stem.rpartition('/')
    return f'{folder}/{template.format(last)}' if folder else template.format(last)


def by_stem(folder: str | Path) -> dict[str, Path]:
    """Images of a folder by their path in it without extension, sorted."""
    require_folder(folder)
    folder = Path(folder)
    files: dict[str, Path] = {}
    for path in sorted(folder.rglob('*')):
        relative = path.relative_to(folder)
        if not is_image(path) or any(part.startswith('.') for part in relative.parts):
            continue
        stem = relative.with_suffix('').as_posix()
        if stem in files:
            raise DataError(f'{files[stem]} and {path} have the same stem')
        files[stem] = path
    if not files:
        raise DataError(f'no image in {folder.absolute()}; accepted: {", ".join(EXTENSIONS)}')
    return files


FolderDataset = layout('FolderDataset', folders)
