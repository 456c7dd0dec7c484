"""Every name in a config, checked before anything is built."""

from __future__ import annotations

import functools
import inspect
import typing
from collections.abc import Callable, Iterator

from mmengine.config import Config

from restorekit.config.entries import pipeline_problems, type_problems, typed_entries
from restorekit.config.kinds import TOP, option_problems
from restorekit.options import OptionError, check_options, fits, nearest, written
from restorekit.registry import MODELS, REGISTRIES, SCOPE, UnknownTypeError

# Said once at the top of a config; see `restorekit.config.settings`.
SETTINGS = ('scale', 'quality', 'sigma')

# What the top of a config has beside what mmengine's runner takes.
OWN = (
    'runner_type',
    'custom_imports',
    'unsafe_load',
    'find_unused_parameters',
    'model_wrapper_cfg',
    'sync_bn',
    'compile',
    'activation_checkpointing',
    *SETTINGS,
)

# Keys that are taken out of an entry before its class is built, by the place of the entry.
EXTRA_OPTIONS = {
    'losses': ('weight', 'pred', 'target'),
    'default_hooks': ('priority',),
    'custom_hooks': ('priority',),
    'optim_wrapper': ('constructor', 'paramwise_cfg'),
    'param_scheduler': ('convert_to_iter_based',),
    'norm_cfg': ('requires_grad',),
    'train_cfg': ('by_epoch',),
}


class ConfigError(ValueError):
    """A config that cannot mean what it says."""


@functools.cache
def top_level() -> list[str]:
    """The keys of a config's top."""
    from mmengine.runner import Runner  # takes seconds, and who restores needs no config

    return [*[*inspect.signature(Runner.__init__).parameters][1:], *OWN]


def check_config(config: Config, source: str) -> None:
    """Raise ConfigError for everything that nothing answers to, all at once.

    Checked are the top-level keys, what mmengine and torch take (`restorekit.config.kinds`), that
    each entry has a type, and in every entry with a type, the type and its options, where the class
    does not take any.
    """
    heads = top_level()
    problems = [f'{key!r}: no such key; {nearest(key, heads)}' for key in config if _is_slip(key)]
    values = config._cfg_dict
    problems += [*_entry_problems(values, heads), *pipeline_problems(values)]
    problems += [*_kind_problems(config), *_metric_problems(config), *_scope_problems(config)]
    _raise(problems, source)


def check_model(model: dict, source: str) -> None:
    """`check_config` of the model alone, without what a run needs."""
    _raise([*_entry_problems({'model': model}, ['model'])], source)


def _raise(problems: list[str], source: str) -> None:
    if problems:
        raise ConfigError(f'{source}:' + ''.join(f'\n  {problem}' for problem in problems))


def _entry_problems(values: dict, heads: list[str]) -> Iterator[str]:
    """What is wrong with entries and options below these keys of the top."""
    yield from type_problems(values, heads)
    for key in heads:
        yield from option_problems(values.get(key), (key,))
    for place, entry in typed_entries(values, ()):
        if not place:
            continue
        try:
            _check_entry(place, entry, is_whole=place[0] in heads)
        except (UnknownTypeError, OptionError) as error:
            yield f'{".".join(map(str, place))}: {error}'


def _is_slip(key: str) -> bool:
    """Free variables are allowed at the top level; one letter beside a known key is a slip."""
    return key == 'type' or (
        key not in top_level() and any(_one_slip_apart(key, known) for known in top_level())
    )


def _one_slip_apart(a: str, b: str) -> bool:
    """Whether one letter is added, left out, another, or exchanged with its neighbour."""
    start = next(
        (i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b))
    )
    rest_a, rest_b = a[start:], b[start:]
    swapped = rest_a[:2] == rest_b[:2][::-1] and rest_a[2:] == rest_b[2:]
    return swapped or rest_a[1:] == rest_b[1:] or rest_a[1:] == rest_b or rest_a == rest_b[1:]


def _check_entry(place: tuple, entry: dict, *, is_whole: bool) -> None:
    found = _find_type(entry['type'], place)
    extra = next((EXTRA_OPTIONS[key] for key in reversed(place) if key in EXTRA_OPTIONS), ())
    taken = ('type', '_scope_', *extra)
    options = {key: value for key, value in entry.items() if key not in taken}
    # A variable of the file's own may be a template that is completed elsewhere.
    complete = is_whole and any(found in REGISTRIES[name].module_dict.values() for name in COMPLETE)
    check_options(found, options, complete=complete)


def _kind_problems(config: Config) -> Iterator[str]:
    """Top-level entries that are not a dict, say, where the runner takes one."""
    from mmengine.runner import Runner

    hints = {**typing.get_type_hints(Runner.__init__), **TOP}
    for key, value in config.items():
        if key in hints and value is not None and not fits(value, hints[key]):
            yield f'{key}: must be {written(hints[key])}, got {value!r}'
    evaluators = [(key, config.get(key)) for key in ('val_evaluator', 'test_evaluator')]
    hooks = [('custom_hooks', config.get('custom_hooks'))]
    for key, entries in (*evaluators, *hooks):
        for entry in entries if isinstance(entries, list | tuple) else ():
            if not fits(entry, dict):
                yield f'{key}: each entry must be a dict, got {entry!r}'


def _scope_problems(config: Config) -> Iterator[str]:
    """A scope under which mmengine's runner would not find the model."""
    scope, model = config.get('default_scope', SCOPE), config.get('model')
    kind = model.get('type') if isinstance(model, dict) else None
    if scope is None:
        yield f'default_scope: must be str, got None; {SCOPE!r} is ours'
    elif isinstance(scope, str) and isinstance(kind, str) and kind in MODELS:
        registries: list[typing.Any] = [MODELS.parent]
        found: dict[str, typing.Any] = {}
        while registries:
            registry = registries.pop()
            found[registry.scope] = registry
            registries += registry.children.values()
        if scope not in found or found[scope].get(kind) is None:
            yield f'default_scope: {scope!r} has no {kind!r}; {SCOPE!r} has it'


def _metric_problems(config: Config) -> Iterator[str]:
    """Metrics that would be reported under one name."""
    for place in ('val_evaluator', 'test_evaluator'):
        entries = config.get(place) or []
        entries = entries if isinstance(entries, list | tuple) else [entries]
        names = [e.get('name') or e.get('type') for e in entries if isinstance(e, dict)]
        for name in sorted({str(name) for name in names if names.count(name) > 1}):
            yield f'{place}: several metrics are called {name}; give each a name of its own'


# The registry that answers for an entry, by the nearest key above it; others are asked in turn.
HOME = {
    'backbone': 'BACKBONES',
    'block': 'BLOCKS',
    'losses': 'LOSSES',
    'loss': 'LOSSES',
    'dataset': 'DATASETS',
    'datasets': 'DATASETS',
    'pipeline': 'TRANSFORMS',
    'transforms': 'TRANSFORMS',
    'sampler': 'DATA_SAMPLERS',
    'val_evaluator': 'METRICS',
    'test_evaluator': 'METRICS',
    'default_hooks': 'HOOKS',
    'custom_hooks': 'HOOKS',
    'optim_wrapper': 'OPTIM_WRAPPERS',
    'optimizer': 'OPTIMIZERS',
    'param_scheduler': 'PARAM_SCHEDULERS',
    'model': 'MODELS',
}


# Registries whose parts get what stands in the config and no more.
COMPLETE = ('BACKBONES', 'HOOKS', 'LOSSES', 'METRICS', 'TRANSFORMS')


def _find_type(name: str, place: tuple) -> Callable:
    home = next((HOME[key] for key in reversed(place) if key in HOME), 'MODELS')
    for key in (home, *(key for key in REGISTRIES if key != home)):
        try:
            found = REGISTRIES[key].get(name)
        except UnknownTypeError:
            continue
        if found is not None:
            return found
    return REGISTRIES[home].get(name)  # type: ignore[return-value]  # raises, naming it
