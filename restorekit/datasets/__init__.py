"""Datasets: folders, brackets, sample photographs and wrappers around datasets."""

from restorekit.datasets.base import DataError, ImageDataset, MissingFolderError
from restorekit.datasets.bracket import (
    BracketDataset,
    ExposurePairDataset,
    KalantariDataset,
    SICEDataset,
)
from restorekit.datasets.folder import FolderDataset
from restorekit.datasets.sample_photos import SamplePhotos, sample_photo
from restorekit.datasets.wrappers import SeededDataset, TestSets, TrainSets

__all__ = [
    'BracketDataset',
    'DataError',
    'ExposurePairDataset',
    'FolderDataset',
    'ImageDataset',
    'KalantariDataset',
    'MissingFolderError',
    'SICEDataset',
    'SamplePhotos',
    'SeededDataset',
    'TestSets',
    'TrainSets',
    'sample_photo',
]
