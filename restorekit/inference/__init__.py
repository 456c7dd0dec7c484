"""Restoring images outside a run."""

from restorekit.inference.files import Job, plan_jobs, restore_file
from restorekit.inference.inferencer import Inferencer
from restorekit.inference.loading import load_restorer
from restorekit.inference.program import ExportError, export

__all__ = [
    'ExportError',
    'Inferencer',
    'Job',
    'export',
    'load_restorer',
    'plan_jobs',
    'restore_file',
]
