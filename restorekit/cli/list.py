"""`restorekit list`."""

from __future__ import annotations

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to list."""
    parser.add_argument(
        'registry', nargs='?', metavar='REGISTRY', help='one registry, or `configs` (default: all)'
    )


def run(args: argparse.Namespace) -> None:
    """Print the names, plugins included, each with the first line of its description."""
    from restorekit.config import config_names
    from restorekit.options import nearest
    from restorekit.registry import REGISTRIES

    if args.registry and args.registry != 'configs' and args.registry.upper() not in REGISTRIES:
        raise ValueError(
            f'no registry {args.registry!r}; {nearest(args.registry, [*REGISTRIES, "configs"])}'
        )
    for name, registry in REGISTRIES.items():
        if registry.names() and args.registry in (None, name, name.lower()):
            print(f'{name}:')
            for part in registry.names():
                print(f'  {part:26} {summary(registry.get(part))}'.rstrip())
    if args.registry in (None, 'configs'):
        print('\n'.join(config_names()))


def summary(part: object) -> str:
    """The first line of a part's description; none where it has none of its own."""
    text = (getattr(part, '__doc__', None) or '').strip()
    return text.partition('\n')[0]
