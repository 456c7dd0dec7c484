"""Restoring images outside a run."""

from restorekit.inference.export import export
from restorekit.inference.inferencer import Inferencer
from restorekit.inference.loading import load_restorer

__all__ = ['Inferencer', 'export', 'load_restorer']
