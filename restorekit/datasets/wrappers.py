"""Datasets around datasets."""

from __future__ import annotations

import logging
from typing import Any

from mmengine.dataset import BaseDataset, ConcatDataset
from mmengine.logging import print_log
from torch.utils.data import Dataset

from restorekit.datasets.base import DataError, ImageDataset, MissingFolderError
from restorekit.io import ImageReadError
from restorekit.registry import DATASETS
from restorekit.transforms import sample_stream, seeded_globals


@DATASETS.register_module()
class SeededDataset(Dataset):
    """The outermost wrapper: opens each sample's random stream from (seed, position).

    Args:
        dataset: The dataset, or its config.
        seed: The run's seed.
        skip_unreadable: Take the next sample instead of one whose file cannot be read; the errors
            are then in its `unreadable`.

    Indexed by (index, position), as a restorekit sampler hands them out, or by a plain index, which
    is then its own position (so that a random degradation at validation is the same each time).
    """

    def __init__(
        self,
        dataset: BaseDataset | ConcatDataset | dict,
        seed: int,
        *,
        skip_unreadable: bool = False,
    ) -> None:
        self.dataset = DATASETS.build(dataset) if isinstance(dataset, dict) else dataset
        self.seed = seed
        self.skip_unreadable = skip_unreadable
        parts = leaf_datasets(self.dataset)
        # Ours wrap the transforms that are not.
        self._is_foreign = not parts or not all(isinstance(part, ImageDataset) for part in parts)

    @property
    def metainfo(self) -> dict:
        return getattr(self.dataset, 'metainfo', {})

    def full_init(self) -> None:
        """List and check the samples of the dataset below."""
        if hasattr(self.dataset, 'full_init'):
            self.dataset.full_init()

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, key: int | tuple[int, int]) -> Any:
        index, position = key if isinstance(key, tuple) else (key, key)
        errors: list[str] = []
        while True:
            try:
                sample = self._sample((index + len(errors)) % len(self), position)
            except (OSError, ImageReadError) as error:
                if not self.skip_unreadable:
                    raise
                errors.append(str(error))
                if len(errors) == len(self):
                    raise DataError(f'no file can be read any more; the last: {error}') from error
            else:
                if errors:
                    sample['data_samples'].set_metainfo({'unreadable': errors})
                return sample

    def _sample(self, index: int, position: int) -> Any:
        with sample_stream(self.seed, position):
            if not self._is_foreign:
                return self.dataset[index]
            with seeded_globals():
                return self.dataset[index]


def leaf_datasets(dataset: object) -> list:
    """The datasets that hold files, below wrappers."""
    children = getattr(dataset, 'datasets', None) or [getattr(dataset, 'dataset', None)]
    if children[0] is None:
        return [dataset] if hasattr(dataset, 'get_data_info') else []
    return [leaf for child in children for leaf in leaf_datasets(child)]


@DATASETS.register_module()
class TrainSets(ConcatDataset):
    """Several training sets as one, all of which must be there.

    Args:
        datasets: Configs of the sets.
        shared: What all of them have in common, such as `pipeline` and `degradation`; a set's own
            options come first.
    """

    def __init__(self, datasets: list[dict], shared: dict | None = None) -> None:
        super().__init__([DATASETS.build({**(shared or {}), **config}) for config in datasets])


@DATASETS.register_module()
class TestSets(ConcatDataset):
    """Several test sets in one pass; one that is absent on disk is skipped, saying so.

    Args:
        datasets: Configs of the sets.
        shared: What all of them have in common, such as `pipeline` and `degradation`; a set's own
            options come first.
    Raises:
        MissingFolderError: If all of them are absent.
    """

    __test__ = False  # not a test, whatever pytest thinks of the name

    def __init__(self, datasets: list[dict], shared: dict | None = None) -> None:
        present, absent = [], []
        for config in datasets:
            try:
                dataset = DATASETS.build({**(shared or {}), **config})
            except MissingFolderError as error:
                absent.append(str(error))
                print_log(f'Skipped: {error}', logger='current', level=logging.WARNING)
            else:
                present.append(dataset)
        if not present:
            raise MissingFolderError(
                'TestSets: none of the test sets is there:\n  ' + '\n  '.join(absent)
            )
        super().__init__(present)
