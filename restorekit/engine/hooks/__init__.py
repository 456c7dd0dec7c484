"""Hooks of the runner."""

from restorekit.engine.hooks.checkpoint import CheckpointHook
from restorekit.engine.hooks.guard import (
    NonFiniteError,
    NonFiniteHook,
    PreemptionHook,
    UnreadableHook,
)
from restorekit.engine.hooks.logger import LoggerHook
from restorekit.engine.hooks.panels import PanelHook, draw_panel
from restorekit.engine.hooks.record import RecordHook
from restorekit.engine.hooks.report import ReportHook

__all__ = [
    'CheckpointHook',
    'LoggerHook',
    'NonFiniteError',
    'NonFiniteHook',
    'PanelHook',
    'PreemptionHook',
    'RecordHook',
    'ReportHook',
    'UnreadableHook',
    'draw_panel',
]
