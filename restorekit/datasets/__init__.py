"""Datasets: folders, brackets, sample photographs and wrappers around datasets."""

from restorekit.datasets.base import DataError, ImageDataset, MissingFolderError, layout
from restorekit.datasets.brackets import BracketDataset, KalantariDataset
from restorekit.datasets.device_images import DeviceImages
from restorekit.datasets.folder import FolderDataset
from restorekit.datasets.pairs import ExposurePairDataset, SICEDataset
from restorekit.datasets.sample_photos import SamplePhotos, sample_photo
from restorekit.datasets.wrappers import SeededDataset, TestSets, TrainSets

__all__ = [
    'BracketDataset',
    'DataError',
    'DeviceImages',
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
    'layout',
    'sample_photo',
]
