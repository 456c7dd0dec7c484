"""What the constructors of parts accept, and errors that say so."""

from __future__ import annotations

import difflib
import inspect
import math
import os
import types
import typing
from collections.abc import Callable, Sequence
from numbers import Number, Real
from typing import Any

from torch import nn

OURS = 'restorekit'
MAX_LISTED = 20


def nearest(name: str, accepted: list[str]) -> str:
    """The end of an error message: the nearest accepted names, or the first few of all of them."""
    # Wrong case is the commonest slip, and costs a name most of its score in difflib.
    by_lower = {entry.lower(): entry for entry in accepted}
    near = difflib.get_close_matches(name.lower(), by_lower, n=3, cutoff=0.6)
    if near:
        return 'did you mean ' + ' or '.join(repr(by_lower[entry]) for entry in near) + '?'
    shown = ', '.join(accepted[:MAX_LISTED]) or 'none'
    more = f', … ({len(accepted)} in all)' if len(accepted) > MAX_LISTED else ''
    return f'accepted: {shown}{more}'


class OptionError(TypeError, ValueError):
    """The options of an entry are not those that its class accepts."""


def check_options(cls: Callable, options: dict, *, complete: bool = False) -> None:
    """Raise an error unless the constructor `cls` accepts `options`.

    The values are compared with the annotations of our own constructors, as far as these are plain
    types.

    Args:
        cls: A class or a function.
        options: Values by name.
        complete: Whether these are all the options it will get; those without a default must then
            be among them.
    Raises:
        OptionError: Naming the nearest accepted names, or what is accepted and what came.
    """
    parameters, is_open = _parameters(cls)
    name = getattr(cls, '__name__', str(cls))
    if not is_open:
        for option in options:
            if option not in parameters:
                raise OptionError(
                    f'{name} has no option {option!r}; {nearest(option, list(parameters))}'
                )
    missing = [key for key, p in parameters.items() if p.default is p.empty and key not in options]
    if complete and missing:
        raise OptionError(f'{name} needs the option {missing[0]!r}')
    for option, value in options.items():
        hint = parameters[option].annotation if option in parameters else Any
        if _is_ours(cls) and not fits(value, hint):
            raise OptionError(f'{name}: {option} must be {written(hint)}, got {value!r}')


def takes(cls: Callable, option: str) -> bool:
    """Whether a constructor has an option of that name."""
    return option in _parameters(cls)[0]


def _is_ours(cls: Callable) -> bool:
    return cls.__module__.partition('.')[0] == OURS


def _parameters(cls: Callable) -> tuple[dict[str, inspect.Parameter], bool]:
    """What a constructor accepts by name, and whether it accepts any name.

    Our constructors pass their `**options` on to the class that they inherit from.
    """
    found: dict[str, inspect.Parameter] = {}
    for base in cls.__mro__ if inspect.isclass(cls) else (cls,):
        if inspect.isclass(base) and '__init__' not in vars(base) and _is_ours(cls):
            continue
        # A class without a constructor of its own; torch's accepts anything in its signature.
        if base is object or getattr(base, '__init__', None) is nn.Module.__init__:
            return found, False
        try:
            signature = inspect.signature(base, eval_str=_is_ours(base))
        except (TypeError, ValueError):  # builtins without a signature
            return found, True
        kinds = {p.kind for p in signature.parameters.values()}
        for key, parameter in signature.parameters.items():
            if parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
                found.setdefault(key, parameter)
        if inspect.Parameter.VAR_KEYWORD not in kinds:
            return found, False
        if not _is_ours(base):
            return found, True
    return found, False


def fits(value: object, hint: Any) -> bool:
    """Whether a value from a config is acceptable where an annotation stands.

    Only plain values are ever refused: numbers, strings, lists, dicts, None. A list may stand for a
    tuple, a whole float for an integer, 0 and 1 for a switch.
    """
    if not isinstance(value, str | Number | list | tuple | dict | None):
        return True
    kind, arguments = typing.get_origin(hint) or hint, typing.get_args(hint)
    if kind in (typing.Union, types.UnionType):
        return any(fits(value, argument) for argument in arguments)
    if kind is typing.Literal:
        return value in arguments
    if kind in (list, tuple, Sequence):
        item = arguments[0] if len(set(arguments) - {...}) == 1 else Any
        return isinstance(value, list | tuple) and all(fits(entry, item) for entry in value)
    if kind is bool:
        return value in (True, False)
    if kind in (int, float):
        if not isinstance(value, Real) or isinstance(value, bool):
            return False
        return kind is float or float(value).is_integer() or math.isinf(value)
    if kind in (inspect.Parameter.empty, Any) or not inspect.isclass(kind):
        return True
    if issubclass(kind, os.PathLike):
        return isinstance(value, str)
    # A dict is the config of an object to be built.
    to_build = isinstance(value, dict) and kind.__module__ != 'builtins'
    return to_build or isinstance(value, kind)


def written(hint: Any) -> str:
    """An annotation as it is written in code; choices without the word Literal."""
    if typing.get_origin(hint) is typing.Literal:
        return ' | '.join(map(repr, typing.get_args(hint)))
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        parts = [written(part) for part in typing.get_args(hint)]
        return ' | '.join('None' if part == 'NoneType' else part for part in parts)
    plain = inspect.isclass(hint) and not typing.get_args(hint)
    return hint.__name__ if plain else str(hint).replace('typing.', '')
