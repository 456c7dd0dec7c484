"""Configs that come inside checkpoints, from whoever made the file: read as data, never run."""

from __future__ import annotations

import ast
import math
from typing import Any

from mmengine.config import Config

from restorekit.config.checking import ConfigError, check_model
from restorekit.config.entries import typed_entries
from restorekit.options import nearest
from restorekit.registry import BACKBONES, BLOCKS, LOSSES, MODELS, REGISTRIES

SCOPES = ('restorekit', 'mmengine', 'mmcv')
PARTS = (BACKBONES, BLOCKS, LOSSES, MODELS)
NUMBERS = {'inf': math.inf, 'nan': math.nan}
LOADERS = ('Pretrained', 'PretrainedInit')  # weight initializers that load a file
FILES = ('checkpoint', 'pretrained')  # options that name a file to load
MAX_VALUES, MAX_LEVELS = 10_000, 50


def embedded_config(checkpoint: dict, source: str) -> Config:
    """The config of the model that a checkpoint holds, with `model` alone in it.

    It stands in `meta['model']` as plain data, as `plain_data` gives it. Older files have the text
    of the run's whole config in `meta['cfg']`. A config file is a program; this one comes with
    weights, from anywhere, so that only literals are accepted in it and `custom_imports` is
    dropped. Every `type` must be registered already: mmengine would import a dotted name and call
    it.

    Args:
        checkpoint: As `read_checkpoint` gives it.
        source: The file, for messages.
    Raises:
        ConfigError: If there is no config, or one that is more than data.
    """
    meta = checkpoint.get('meta')
    meta = meta if isinstance(meta, dict) else {}
    if isinstance(meta.get('model'), dict):
        model = meta['model']
    elif isinstance(meta.get('cfg'), str):
        values = parse_literals(meta['cfg'], source)
        if 'model' not in values:
            raise ConfigError(f'{source}: the config in it has no model')
        model = values['model']
    else:
        raise ConfigError(f'{source}: no config in it; name the config that it was trained with')
    try:
        config = Config({'model': plain_data(model)})
    except ValueError as error:
        raise ConfigError(f'{source}: the config in it is refused: {error}') from None
    problems = [
        problem
        for place, entry in typed_entries(config._cfg_dict, ())
        if (problem := _problem(place, entry))
    ]
    if problems:
        raise ConfigError(f'{source}: the config in it is refused:\n  ' + '\n  '.join(problems))
    check_model(config._cfg_dict['model'], f'{source}: the config in it')
    return config


def model_data(config: Config) -> dict[str, Any] | None:
    """What `meta['model']` of a checkpoint holds: the model's config as plain data.

    None where there is no model's config, or where that is no data, as with a class in it.
    """
    model = config.get('model')
    if not isinstance(model, dict):
        return None
    if config.get('data_preprocessor') is not None:  # as the runner completes it
        model = {'data_preprocessor': config.data_preprocessor, **model}
    try:
        return plain_data(model)
    except ValueError:
        return None


def plain_data(model: object) -> dict[str, Any]:
    """A copy of a model's config made of str, int, float, bool, None, list and dict alone.

    Tuples and sets become lists.

    Raises:
        ValueError: For anything else, and for what has too many values or levels.
    """
    left = iter(range(MAX_VALUES))

    def copy(value: object, place: tuple[str, ...]) -> Any:
        # One list may stand in many places, or within itself: what is small in a file may have no
        # end when it is copied.
        if next(left, None) is None or len(place) > MAX_LEVELS:
            raise ValueError(f'it has more than {MAX_VALUES} values or {MAX_LEVELS} levels')
        if value is None:
            return None
        for kind in (bool, int, float, str):
            if isinstance(value, kind):
                return kind(value)
        if isinstance(value, dict) and all(isinstance(key, str) for key in value):
            return {str(key): copy(child, (*place, key)) for key, child in value.items()}
        if isinstance(value, list | tuple | set):
            return [copy(child, (*place, str(index))) for index, child in enumerate(value)]
        raise ValueError(
            f'{".".join(place)} must be plain data (numbers, strings, None, lists, and dicts with '
            f'strings as keys), got {type(value).__name__}'
        )

    if not isinstance(model, dict):
        raise ValueError(f'model must be a dict, got {type(model).__name__}')
    return copy(model, ('model',))


def parse_literals(text: str, source: str) -> dict[str, Any]:
    """The assignments of a Python text that holds nothing but literals and `dict(…)`.

    Raises:
        ConfigError: Naming the line of anything else.
    """
    try:
        tree = ast.parse(text)
        return {
            name: value
            for statement in tree.body
            for name, value in _assignment(statement)
            if name != 'custom_imports'
        }
    except SyntaxError as error:
        raise ConfigError(
            f'{source}: the config in it is no Python (line {error.lineno})'
        ) from None
    except _NotLiteralError as error:
        raise ConfigError(
            f'{source}: line {error.args[0]} of the config in it is not a literal; it is not run. '
            'Name the config file instead, if you trust it'
        ) from None
    except RecursionError:
        raise ConfigError(f'{source}: the config in it is nested too deeply') from None


class _NotLiteralError(Exception):
    """Raised with the number of the line."""


def _assignment(statement: ast.stmt) -> list[tuple[str, Any]]:
    if isinstance(statement, ast.Assign):
        target = statement.targets[0]
        if len(statement.targets) == 1 and isinstance(target, ast.Name):
            return [(target.id, _value(statement.value))]
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
        return []  # a docstring
    raise _NotLiteralError(statement.lineno)


def _value(node: ast.expr) -> Any:
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name) and node.id in NUMBERS:
        return NUMBERS[node.id]
    if isinstance(node, ast.List | ast.Tuple | ast.Set):
        kind = {ast.List: list, ast.Tuple: tuple, ast.Set: set}[type(node)]
        return kind(_value(child) for child in node.elts)
    if isinstance(node, ast.Dict):
        return _dict(node)
    if isinstance(node, ast.Call):
        is_dict = isinstance(node.func, ast.Name) and node.func.id == 'dict' and not node.args
        if is_dict and all(keyword.arg for keyword in node.keywords):
            return {str(keyword.arg): _value(keyword.value) for keyword in node.keywords}
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        value = _value(node.operand)
        if isinstance(value, int | float):
            return -value
    raise _NotLiteralError(node.lineno)


def _dict(node: ast.Dict) -> dict[Any, Any]:
    pairs = {}
    for key, value in zip(node.keys, node.values, strict=True):
        named = node if key is None else _value(key)
        if not isinstance(named, str | int | float | bool | None):  # `**`, or what has no hash
            raise _NotLiteralError(node.lineno)
        pairs[named] = _value(value)
    return pairs


def _problem(place: tuple, entry: dict) -> str | None:
    """Why an entry of the config must not be built, if so."""
    where, kind = '.'.join(map(str, place)), entry['type']
    if entry.get('_scope_', SCOPES[0]) not in SCOPES:
        return f'{where}: _scope_ must be one of {SCOPES}, got {entry["_scope_"]!r}'
    if kind.rpartition('.')[2] in LOADERS or any(isinstance(entry.get(key), str) for key in FILES):
        return f'{where}: would load another checkpoint'
    scope, _, name = kind.rpartition('.')
    # What models are made of is asked first: the others import all that training needs.
    if scope in ('', *SCOPES) and any(name in registry.names() for registry in PARTS):
        return None
    known = {name for registry in REGISTRIES.values() for name in registry.registered()}
    if scope not in ('', *SCOPES) or name not in known:
        return f'{where}: {kind!r} is not registered; {nearest(name, sorted(known))}'
    return None
