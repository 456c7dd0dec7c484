"""The pages of the Python interface: mkdocstrings' directives for every public part."""

from __future__ import annotations

import importlib
import inspect
import pkgutil

import restorekit
from restorekit.registry import REGISTRIES

# Modules that are read whole: they have no `__all__`, and are pages to read.
WHOLE = ('restorekit.registry', 'restorekit.contracts', 'restorekit.options', 'restorekit.plugins')


def public_parts() -> dict[str, list[str]]:
    """Dotted names of public parts by module: those in `__all__`, and what else is registered."""
    found: dict[str, list[str]] = {}
    seen = set()
    for module in _modules():
        for name in getattr(module, '__all__', ()):
            part = getattr(module, name)
            seen.add(id(part))
            if not name.startswith('__'):
                found.setdefault(module.__name__, []).append(f'{module.__name__}.{name}')
    for registry in REGISTRIES.values():
        for part in map(registry.get, registry.names()):
            place = getattr(part, '__module__', '')
            if id(part) not in seen and place.startswith('restorekit.'):
                room = '.'.join(place.split('.')[:2])
                found.setdefault(room, []).append(f'{place}.{part.__qualname__}')
                seen.add(id(part))
    return {module: sorted(set(parts), key=str.lower) for module, parts in sorted(found.items())}


def _modules() -> list:
    names = [info.name for info in pkgutil.iter_modules(restorekit.__path__) if info.ispkg]
    return [restorekit, *(importlib.import_module(f'restorekit.{name}') for name in sorted(names))]


def api_pages() -> dict[str, str]:
    """A page for each room of the package."""
    pages = {}
    for module, parts in public_parts().items():
        pages[f'reference/api/{module}.md'] = _page(module, parts)
    options = 'options:\n      show_root_heading: false\n      show_root_toc_entry: false\n'
    for module in WHOLE:
        text = f'# {module}\n\n{_summary(module)}\n\n::: {module}\n    {options}'
        pages[f'reference/api/{module}.md'] = text
    return pages


def _summary(module: str) -> str:
    return (inspect.getdoc(importlib.import_module(module)) or '').partition('\n')[0]


def _page(module: str, parts: list[str]) -> str:
    directives = '\n'.join(f'::: {part}\n' for part in parts)
    return f'# {module}\n\n{_summary(module)}\n\n{directives}'
