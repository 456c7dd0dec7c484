"""What the constructors of parts accept, and errors that say so."""

from __future__ import annotations

import dataclasses
import difflib
import functools
import inspect
import math
import os
import types
import typing
from collections.abc import Callable, Sequence
from numbers import Integral, Number, Real
from typing import Annotated, Any

from torch import nn

OURS = 'restorekit'
SCHEDULES = 'mmengine.optim.scheduler'
MAX_LISTED = 20


def nearest(name: str, accepted: list[str], *, otherwise: str | None = None) -> str:
    """The end of an error message: the nearest accepted names, or `otherwise`, or the first few."""
    # Wrong case is the commonest slip, and costs a name most of its score in difflib.
    by_lower = {entry.lower(): entry for entry in accepted}
    near = difflib.get_close_matches(name.lower(), by_lower, n=3, cutoff=0.6)
    if near:
        return 'did you mean ' + ' or '.join(repr(by_lower[entry]) for entry in near) + '?'
    if otherwise is not None:
        return otherwise
    shown = ', '.join(accepted[:MAX_LISTED]) or 'none'
    more = f', … ({len(accepted)} in all)' if len(accepted) > MAX_LISTED else ''
    return f'accepted: {shown}{more}'


class OptionError(TypeError, ValueError):
    """The options of an entry are not those that its class accepts."""


def untyped(entry: dict) -> str:
    """What is wrong with an entry whose type is missing, or no name."""
    if 'type' in entry:
        return f'type must be a name, got {entry["type"]!r}'
    return f"the entry needs a 'type', got only {', '.join(map(str, entry)) or 'an empty dict'}"


@dataclasses.dataclass(frozen=True)
class Within:
    """The finite numbers that an option takes, in its annotation: `Annotated[int, Within(1, 9)]`.

    Configs and constructors are checked by it alike.

    Args:
        least, most: The bounds, included.
        above: A lower bound that is not included.
        odd: Whether even numbers are left out.
    """

    least: float | None = None
    most: float | None = None
    above: float | None = None
    odd: bool = False

    def holds(self, value: float) -> bool:
        """Whether a number is one of them."""
        return (
            math.isfinite(value)
            and (self.least is None or value >= self.least)
            and (self.most is None or value <= self.most)
            and (self.above is None or value > self.above)
            and not (self.odd and value % 2 == 0)
        )

    def of(self, kind: str) -> str:
        """In words, where `kind` is that of the numbers: 'int of 1 to 9'."""
        kind = f'odd {kind}' if self.odd else kind
        if self.above is not None:
            return f'{kind} above {self.above}' + ('' if self.most is None else f' to {self.most}')
        return f'{kind} of {self.least} ' + ('or more' if self.most is None else f'to {self.most}')


AtLeast0 = Annotated[int, Within(0)]
AtLeast1 = Annotated[int, Within(1)]
Depth = Annotated[int, Within(1, 10_000)]  # parts one after another
Width = Annotated[int, Within(1, 16_384)]  # channels; a 3x3 convolution of so many takes 10 GB
Scale = Annotated[int, Within(1, 16)]  # output size over input size
NotNegative = Annotated[float, Within(0)]
Positive = Annotated[float, Within(above=0)]


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
    _check_values(cls, name, options)


def _check_values(cls: Callable, name: str, options: dict) -> None:
    """Hold values against the annotations of our own constructors; those of others may be loose."""
    if not _is_ours(cls):
        return
    parameters, _ = _parameters(cls)
    for option, value in options.items():
        hint = parameters[option].annotation if option in parameters else Any
        if not fits(value, hint):
            raise OptionError(f'{name}: {option} must be {written(hint)}, got {value!r}')


def checked(cls: type) -> type:
    """A class of ours whose constructor holds every call against its annotations, from Python too.

    Raises, when it is called:
        OptionError: As `check_options` says.
    """
    init = cls.__init__  # type: ignore[misc]  # of this class alone
    if not _is_ours(cls) or not _is_ours(init):
        return cls
    places = [*inspect.signature(cls).parameters]

    @functools.wraps(init)
    def checked_init(self: Any, *args: Any, **options: Any) -> None:
        given = dict(zip(places, args, strict=False))  # too many are refused below
        _check_values(cls, type(self).__name__, {**given, **options})
        init(self, *args, **options)

    cls.__init__ = checked_init  # type: ignore[misc]
    return cls


def options_of(cls: Callable) -> dict[str, inspect.Parameter]:
    """What a constructor, or a function, accepts by name, inherited options included."""
    return _parameters(cls)[0]


def _is_ours(cls: Callable) -> bool:
    return getattr(cls, '__module__', '').partition('.')[0] == OURS


@functools.cache
def _parameters(cls: Callable) -> tuple[dict[str, inspect.Parameter], bool]:
    """What a constructor accepts by name, and whether it accepts any name.

    Our constructors pass their `**options` on to the class that they inherit from, and so do those
    of mmengine's schedules.
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
        if not _is_ours(base) and base.__module__.rpartition('.')[0] != SCHEDULES:
            return found, True
    return found, False


def fits(value: object, hint: Any) -> bool:
    """Whether a value from a config is acceptable where an annotation stands.

    Only plain values are ever refused: numbers, strings, lists, dicts, None. A list may stand for a
    tuple, infinity for an integer, 0 and 1 for a switch.
    """
    if not isinstance(value, str | Number | list | tuple | dict | None):
        return True
    kind, arguments = typing.get_origin(hint) or hint, typing.get_args(hint)
    if kind in (typing.Union, types.UnionType):
        return any(fits(value, argument) for argument in arguments)
    if kind is Annotated:
        rules = (rule for rule in arguments[1:] if isinstance(rule, Within))
        inside = isinstance(value, Real) and all(rule.holds(float(value)) for rule in rules)
        return inside and fits(value, arguments[0])
    if kind is typing.Literal:
        return value in arguments
    if kind in (list, tuple, Sequence):
        return isinstance(value, list | tuple) and _entries_fit(value, kind, arguments)
    if kind in (bool, int, float):
        return _is_number(value, kind)
    if kind in (inspect.Parameter.empty, Any) or not inspect.isclass(kind):
        return True
    if issubclass(kind, os.PathLike):
        return isinstance(value, str)
    # A dict is the config of an object to be built.
    to_build = isinstance(value, dict) and kind.__module__ != 'builtins'
    return to_build or isinstance(value, kind)


def _entries_fit(values: list | tuple, kind: Any, arguments: tuple) -> bool:
    if kind is tuple and arguments and Ellipsis not in arguments:
        return len(values) == len(arguments) and all(map(fits, values, arguments))
    item = arguments[0] if arguments else Any
    return all(fits(entry, item) for entry in values)


def _is_number(value: object, kind: type) -> bool:
    if kind is bool:
        return value in (True, False)
    if not isinstance(value, Real) or isinstance(value, bool):
        return False
    return kind is float or isinstance(value, Integral) or math.isinf(value)


def written(hint: Any) -> str:
    """An annotation as it is written in code; choices without the word Literal."""
    if typing.get_origin(hint) is typing.Literal:
        return ' | '.join(map(repr, typing.get_args(hint)))
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        parts = [written(part) for part in typing.get_args(hint)]
        return ' | '.join('None' if part == 'NoneType' else part for part in parts)
    if typing.get_origin(hint) is Annotated:
        kind, *rules = typing.get_args(hint)
        return next((rule.of(written(kind)) for rule in rules), written(kind))
    if typing.get_origin(hint) in (list, tuple, dict, Sequence) and typing.get_args(hint):
        parts = ['...' if part is Ellipsis else written(part) for part in typing.get_args(hint)]
        return f'{typing.get_origin(hint).__name__}[{", ".join(parts)}]'
    plain = inspect.isclass(hint) and not typing.get_args(hint)
    return hint.__name__ if plain else str(hint).replace('typing.', '')
