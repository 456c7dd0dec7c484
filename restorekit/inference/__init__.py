"""Restoring images outside a run."""

from restorekit.inference.inferencer import Inferencer

__all__ = ['Inferencer']
