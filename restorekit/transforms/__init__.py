"""Transforms: mmcv style, random only through the sample's own generator."""

from restorekit.transforms.alignment import AlignFrames
from restorekit.transforms.augmentation import (
    PairedRandomCrop,
    RandomChannelOrder,
    RandomFlipRotate,
)
from restorekit.transforms.blur import GaussianBlur
from restorekit.transforms.composition import RandomOrder
from restorekit.transforms.degradation import BicubicDownscale, JPEGCompress
from restorekit.transforms.loading import Cache, LoadImages, build_transforms, plan_sizes
from restorekit.transforms.noise import GaussianNoise, PoissonNoise
from restorekit.transforms.packing import PackInputs, to_tensor
from restorekit.transforms.stream import Seeded, generator, sample_stream, seeded_globals

__all__ = [
    'AlignFrames',
    'BicubicDownscale',
    'Cache',
    'GaussianBlur',
    'GaussianNoise',
    'JPEGCompress',
    'LoadImages',
    'PackInputs',
    'PairedRandomCrop',
    'PoissonNoise',
    'RandomChannelOrder',
    'RandomFlipRotate',
    'RandomOrder',
    'Seeded',
    'build_transforms',
    'generator',
    'plan_sizes',
    'sample_stream',
    'seeded_globals',
    'to_tensor',
]
