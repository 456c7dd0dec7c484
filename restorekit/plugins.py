"""Parts of other packages, found by the entry-point group `restorekit.plugins`."""

from __future__ import annotations

import functools
import traceback
import warnings
from importlib.metadata import entry_points

PLUGIN_GROUP = 'restorekit.plugins'


@functools.cache
def load_plugins() -> dict[str, str]:
    """Import every installed plugin once; returns the error of each that could not be imported."""
    errors = {}
    for plugin in entry_points(group=PLUGIN_GROUP):
        try:
            plugin.load()
        except Exception as error:
            name = f'plugin {plugin.name} ({plugin.value})'
            errors[name] = traceback.format_exception_only(error)[-1].strip()
            warnings.warn(f'restorekit {name} could not be imported: {errors[name]}', stacklevel=2)
    return errors
