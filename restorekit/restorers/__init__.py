"""Models for mmengine's runner."""

from restorekit.restorers.aligned import AlignedRestorer
from restorekit.restorers.base import BaseRestorer
from restorekit.restorers.chain import Chain
from restorekit.restorers.classical import (
    AverageFusion,
    DebevecMerge,
    MertensFusion,
    ReferenceFrame,
)
from restorekit.restorers.decomposed import MGFF, FastSPDMEF
from restorekit.restorers.preprocessor import ExposurePreprocessor, ImagePreprocessor
from restorekit.restorers.rank import RankMinimization
from restorekit.restorers.restorer import Restorer

__all__ = [
    'MGFF',
    'AlignedRestorer',
    'AverageFusion',
    'BaseRestorer',
    'Chain',
    'DebevecMerge',
    'ExposurePreprocessor',
    'FastSPDMEF',
    'ImagePreprocessor',
    'MertensFusion',
    'RankMinimization',
    'ReferenceFrame',
    'Restorer',
]
