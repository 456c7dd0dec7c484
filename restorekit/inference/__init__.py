"""Restoring images outside a run."""

from restorekit.inference.choice import Choice, choose
from restorekit.inference.door import restore
from restorekit.inference.files import Job, plan_jobs, restore_file
from restorekit.inference.inferencer import TILE, Inferencer
from restorekit.inference.loading import load_restorer
from restorekit.inference.program import ExportError, export

__all__ = [
    'TILE',
    'Choice',
    'ExportError',
    'Inferencer',
    'Job',
    'choose',
    'export',
    'load_restorer',
    'plan_jobs',
    'restore',
    'restore_file',
]
