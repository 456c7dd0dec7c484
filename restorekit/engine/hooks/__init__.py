"""Hooks of the runner."""

from restorekit.engine.hooks.panels import PanelHook, draw_panel
from restorekit.engine.hooks.report import ReportHook, results_table

__all__ = ['PanelHook', 'ReportHook', 'draw_panel', 'results_table']
