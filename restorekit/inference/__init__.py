"""Restoring images outside a run."""

from restorekit.inference.choice import Choice, choose
from restorekit.inference.door import restore
from restorekit.inference.inferencer import Inferencer
from restorekit.inference.jobs import Job, Output, plan_jobs
from restorekit.inference.loading import load_restorer
from restorekit.inference.program import ExportError, export
from restorekit.inference.running import Outcome, Size, run_jobs
from restorekit.inference.sources import Source, find_sources

__all__ = [
    'Choice',
    'ExportError',
    'Inferencer',
    'Job',
    'Outcome',
    'Output',
    'Size',
    'Source',
    'choose',
    'export',
    'find_sources',
    'load_restorer',
    'plan_jobs',
    'restore',
    'run_jobs',
]
