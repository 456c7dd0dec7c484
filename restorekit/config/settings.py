"""What a config says once, at its top, for everything that goes by it.

`scale = 3`, or `quality = 20`, reaches every data loader, and the scale also the network or the
restorer around it. It is handed on after all overrides, so that `--cfg-options scale=3` is enough;
then it is gone from the top, and a config that is written out says everything in its place.
"""

from __future__ import annotations

from collections.abc import Iterator

from mmengine.config import Config

from restorekit.config.checking import SETTINGS, ConfigError
from restorekit.config.entries import LOADERS, typed_entries
from restorekit.options import options_of
from restorekit.registry import BACKBONES, DATASETS, TRANSFORMS, Registry, UnknownTypeError


def spread_settings(config: Config, source: str) -> None:
    """Hand the settings at the top of a config to its parts; changes the config.

    A dataset's own `degradation` stays where it names the setting itself.

    Args:
        config: With all overrides, not checked yet.
        source: The file, for messages.
    Raises:
        ConfigError: If nothing goes by a setting, or the model has another scale of its own.
    """
    for setting in SETTINGS:
        value = config.pop(setting, None)
        if value is None:
            continue
        datasets = [d for name in LOADERS for d in _datasets(config.get(name, {}).get('dataset'))]
        restorers = list(_restorers(config.get('model'))) if setting == 'scale' else []
        if not restorers and not any(_goes_by(entry, setting) for entry in datasets):
            raise ConfigError(f'{source}: {setting} = {value!r}: nothing in the config goes by it')
        for entry in datasets:
            entry['degradation'] = {setting: value, **(entry.get('degradation') or {})}
        for entry, key in restorers:
            if entry.setdefault(key, value) != value:
                raise ConfigError(
                    f'{source}: scale = {value!r}, but {key} of the model is {entry[key]!r}; '
                    'leave one of them out'
                )


def _datasets(node: object) -> Iterator[dict]:
    """The entries below a loader's dataset that take a `degradation`, or share one."""
    if not isinstance(node, dict):
        return
    for child in [node.get('dataset'), *(() if 'shared' in node else node.get('datasets') or ())]:
        yield from _datasets(child)
    if isinstance(node.get('shared'), dict):
        yield node['shared']
    elif _takes(DATASETS, node, 'degradation'):
        yield node


def _restorers(node: object) -> Iterator[tuple[dict, str]]:
    """Where a model keeps its scale: the entry and the key in it, for each step of a chain."""
    if not isinstance(node, dict):
        return
    for step in node.get('steps') or ():
        yield from _restorers(step)
    backbone = node.get('backbone')
    if isinstance(backbone, dict):
        own = _takes(BACKBONES, backbone, 'scale')
        yield (backbone, 'scale') if own else (node, 'pre_upscale')


def _takes(registry: Registry, entry: dict, option: str) -> bool:
    try:
        found = registry.get(entry['type'])
        return found is not None and option in options_of(found)
    except (KeyError, UnknownTypeError):  # the check that follows names it
        return False


def _goes_by(dataset: dict, setting: str) -> bool:
    """Whether a transform in a dataset's pipeline makes the input by a setting."""
    for _, entry in typed_entries(dataset, ()):
        try:
            if getattr(TRANSFORMS.get(entry['type']), 'setting', None) == setting:
                return True
        except UnknownTypeError:
            continue
    return False
