"""Restoring images outside a run."""

from restorekit.inference.inferencer import Inferencer
from restorekit.inference.loading import load_restorer
from restorekit.inference.program import ExportError, export

__all__ = ['ExportError', 'Inferencer', 'export', 'load_restorer']
