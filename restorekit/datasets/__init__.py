"""Datasets: folders, sample photographs and wrappers around datasets."""

from restorekit.datasets.base import DataError, ImageDataset, MissingFolderError
from restorekit.datasets.folder import FolderDataset
from restorekit.datasets.sample_photos import SamplePhotos, sample_photo
from restorekit.datasets.wrappers import SeededDataset, TestSets, TrainSets

__all__ = [
    'DataError',
    'FolderDataset',
    'ImageDataset',
    'MissingFolderError',
    'SamplePhotos',
    'SeededDataset',
    'TestSets',
    'TrainSets',
    'sample_photo',
]
