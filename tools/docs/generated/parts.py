"""The pages of what a config may name: every registered part, with its options."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any

from generated.tables import code, table
from restorekit.options import options_of, written
from restorekit.registry import REGISTRIES

# `name: text`, `name, other: text`, and mmengine's `name (type): text`.
ENTRY = re.compile(r'^(\*{0,2}\w+(?:, ?\*{0,2}\w+)*)(?: \([^)]*\))?:(.*)$')

ROLE = re.compile(r':\w+:(?=`)')  # of reStructuredText, in mmengine's and torch's descriptions


def parts_pages() -> dict[str, str]:
    """A page for each registry that holds something of ours."""
    return {
        f'reference/options/{name.lower()}.md': _page(name)
        for name, registry in REGISTRIES.items()
        if registry.names()
    }


def _page(name: str) -> str:
    registry = REGISTRIES[name]
    parts = {part: registry.get(part) for part in registry.names()}
    text = (
        f'# {name}\n\nWhat stands as `type` where a config builds from `{name}`, and the options '
        'of each; those without a default must be given.\n'
    )
    index = table(
        ('type', 'what it is'),
        ((f'[`{part}`](#{part.lower()})', summary(cls)) for part, cls in parts.items()),
    )
    return '\n'.join([text, index, *(_section(part, cls) for part, cls in parts.items())])


def _section(name: str, part: Callable) -> str:
    rows = [(code(n), code(kind), code(default), text) for n, kind, default, text in options(part)]
    body = table(('option', 'type', 'default', 'meaning'), rows) if rows else 'No options.\n'
    place = f'{part.__module__}.{part.__qualname__}'
    source = f'In Python: [`{place}`][{place}].\n' if place.startswith('restorekit.') else ''
    return f'## {name} {{ #{name.lower()} }}\n\n{summary(part)}\n\n{body}\n{source}'


def summary(part: object) -> str:
    """The first paragraph of a part's description."""
    return ' '.join((inspect.getdoc(part) or '').partition('\n\n')[0].split())


def options(part: Callable) -> list[tuple[str, str, str, str]]:
    """Name, type, default and meaning of every option of a registered part."""
    meanings = described(part)
    return [
        (name, _kind(parameter), _default(parameter), meanings.get(name, ''))
        for name, parameter in options_of(part).items()
        if name != 'self'
    ]


def _kind(parameter: inspect.Parameter) -> str:
    hint = parameter.annotation
    if hint is parameter.empty:
        return ''
    return hint if isinstance(hint, str) else written(hint)


def _default(parameter: inspect.Parameter) -> str:
    value: Any = parameter.default
    return '' if value is parameter.empty else repr(value)


def described(part: Any) -> dict[str, str]:
    """The meaning of each option, from the descriptions of a part and of what it inherits from."""
    found: dict[str, str] = {}
    for base in inspect.getmro(part) if inspect.isclass(part) else (part,):
        text = (
            inspect.cleandoc(vars(base).get('__doc__') or '')
            if inspect.isclass(base)
            else inspect.getdoc(base)
        )
        for name, meaning in arguments(text or '').items():
            found.setdefault(name, ROLE.sub('', meaning))
    return found


def arguments(docstring: str) -> dict[str, str]:
    """The entries of the section `Args:` of a docstring, by name."""
    found: dict[str, str] = {}
    lines = docstring.splitlines()
    start = next(
        (i for i, line in enumerate(lines) if line in ('Args:', 'Attributes:')), len(lines)
    )
    names: list[str] = []
    indent = None
    for line in lines[start + 1 :]:
        if line.strip() and not line.startswith(' '):
            break
        indent = len(line) - len(line.lstrip()) if indent is None and line.strip() else indent
        entry = ENTRY.match(line[indent:]) if indent else None
        if entry:
            names = [name.strip(' *') for name in entry[1].split(',')]
            found |= dict.fromkeys(names, entry[2].strip())
        else:
            found |= {name: f'{found[name]} {line.strip()}'.strip() for name in names}
    return found
