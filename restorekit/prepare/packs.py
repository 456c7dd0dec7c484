"""Packs of datasets: what training reads, decoded once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from restorekit.datasets import ImageDataset
from restorekit.datasets.base import listing_of
from restorekit.io import Pack, PackError, write_pack
from restorekit.registry import DATASETS


def pack_dataset(
    layout: str, out: Path, options: Mapping[str, Any] | None = None
) -> Iterator[tuple[int, int]]:
    """Pack all that a dataset reads; repeated after an interruption, it goes on where it stopped.

    Args:
        layout: Name of the dataset: 'FolderDataset', 'ExposurePairDataset', 'KalantariDataset', ….
        out: Folder of the pack, made where it is missing.
        options: Of the dataset, as the config that is to use the pack has them, but for what only
            concerns reading (pipeline, degradation, name, check).
    Yields:
        How many images are packed, and of how many.
    Raises:
        ValueError: If it is no dataset of image files, if its files do not fit, or if there is a
            whole pack already.
        OSError: If a file or folder is missing, the pack cannot be written, or the disk is full.
    """
    config = {'type': layout, **(options or {}), 'pipeline': [{'type': 'LoadImages'}]}
    dataset = DATASETS.build(config)
    if not isinstance(dataset, ImageDataset) or listing_of(dataset.samples) is None:
        raise ValueError(f'{layout}: cannot be packed; accepted are datasets of image files')
    dataset.full_init()
    return write_pack(out, list(dataset.samples()), listing=listing_of(dataset.samples))


def check_pack(out: Path) -> tuple[int, int]:
    """Read a pack whole, and compare it with what was packed and with its sources.

    Returns:
        How many samples and images it has.
    Raises:
        PackError: Naming what is damaged or has changed.
    """
    pack = Pack(out)
    problems = [f'{path}: its pixels are damaged in the pack' for path in pack.damaged()]
    problems += [f'{path}: is not as it was when it was packed' for path in pack.changed()]
    if problems:
        raise PackError(f'{out}: pack again:' + ''.join(f'\n  {problem}' for problem in problems))
    return len(pack.samples()), len(pack.images)
