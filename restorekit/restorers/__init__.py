"""Models for mmengine's runner."""

from restorekit.restorers.preprocessor import ImagePreprocessor
from restorekit.restorers.restorer import Restorer

__all__ = ['ImagePreprocessor', 'Restorer']
