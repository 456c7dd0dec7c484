"""`restorekit completion`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

SHELLS = ('bash', 'zsh', 'tcsh')
# What a word may be, by its metavar: files, folders, or names of which there is a list.
FILES = ('CHECKPOINT', 'FILE', 'IMAGE', 'JSON', 'NAME.safetensors', 'OURS', 'PUBLISHED')
FOLDERS = ('DIR', 'WORK_DIR', 'BRACKETS', 'SOURCE', 'OUT')
LISTS = {'MODEL': 'models', 'NAME': 'models', 'CONFIG': 'configs', 'REGISTRY': 'registries'}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which shell."""
    parser.description = """Print a script that completes commands, options, files and the names of
        models and configs by the tab key. In ~/.bashrc: eval "$(restorekit completion bash)"; for
        zsh write it to a file _restorekit in a folder of $fpath."""
    parser.add_argument('shell', choices=SHELLS, help='whose script to print')


def run(args: argparse.Namespace) -> None:
    """Print the script."""
    import shtab

    names = {kind: ' '.join(words) for kind, words in known_names().items()}
    parser = whole_parser()
    for action in actions_of(parser):
        _complete(action)
    print(shtab.complete(parser, args.shell, preamble=_functions(args.shell, names)))


def whole_parser() -> argparse.ArgumentParser:
    """One parser with all commands below it, as shtab wants it."""
    from restorekit.cli import COMMANDS, command_module

    root = argparse.ArgumentParser('restorekit')
    groups = {'': root.add_subparsers()}
    for name, summary in COMMANDS.items():
        group, _, last = name.rpartition(' ')
        if group not in groups:
            titled = groups[''].add_parser(group, description=group, help=group)
            groups[group] = titled.add_subparsers()
        parser = groups[group].add_parser(last, description=summary, help=summary)
        command_module(name).add_arguments(parser)
        parser.add_argument('--traceback', action='store_true')
    return root


def actions_of(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """The options and positionals of a parser and of all below it."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for below in action.choices.values():
                yield from actions_of(below)
        else:
            yield action


def known_names() -> dict[str, list[str]]:
    """The words of each list; models may be configs too."""
    from restorekit.catalogue import catalogue
    from restorekit.config import config_names
    from restorekit.registry import REGISTRIES

    configs = config_names()
    return {
        'models': [*catalogue(), *configs],
        'configs': configs,
        'registries': [*map(str.lower, REGISTRIES), 'configs'],
    }


def _complete(action: argparse.Action) -> None:
    import shtab

    if action.metavar in FILES:
        action.complete = shtab.FILE  # type: ignore[attr-defined]  # where shtab looks for it
    elif action.metavar in FOLDERS:
        action.complete = shtab.DIRECTORY  # type: ignore[attr-defined]
    elif isinstance(action.metavar, str) and action.metavar in LISTS:
        function = _function(LISTS[action.metavar])
        # tcsh knows no choice between words and files.
        shells = {'bash': function, 'zsh': function, 'tcsh': shtab.FILE['tcsh']}
        action.complete = shells  # type: ignore[attr-defined]


def _function(kind: str) -> str:
    return f'_restorekit_{kind}_or_file'


def _functions(shell: str, names: dict[str, str]) -> str:
    """Shell functions that offer the words of a list, and files beside them."""
    if shell == 'bash':
        body = '{{\n  compgen -W "{words}" -- "$1"\n  compgen -f -- "$1"\n}}'
    elif shell == 'zsh':
        body = "{{\n  _alternative '{kind}:name:({words})' 'files:file:_files'\n}}"
    else:
        return ''
    return '\n'.join(
        f'{_function(kind)}() ' + body.format(words=words, kind=kind)
        for kind, words in names.items()
    )
