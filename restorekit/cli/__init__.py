"""The command line: `restorekit train | test | …`; `tools/*.py` are doors to the same commands."""

from __future__ import annotations

import argparse
import importlib
import os
import sys

from restorekit.cli.memory import keep_freed_memory
from restorekit.version import __version__

COMMANDS = {
    'train': 'train the network of a config',
    'test': 'evaluate a checkpoint on the test sets of a config',
    'benchmark': 'evaluate several checkpoints and write one table in the layout of papers',
    'restore': 'restore image files with a trained network',
    'export': 'write a trained network as one file that runs without this package',
    'list': 'list the registered parts and the packaged configs',
}


def main(command: str | None = None) -> None:
    """Run a command; errors of the user are one message and exit code 1.

    Args:
        command: Its name; taken from the command line where it is None.
    """
    keep_freed_memory()
    os.environ.setdefault('OPENCV_LOG_LEVEL', 'SILENT')  # our errors name the file, OpenCV's do not
    arguments = sys.argv[1:] if command is None else [command, *sys.argv[1:]]
    args = build_parser(arguments).parse_args(arguments)
    try:
        importlib.import_module(f'restorekit.cli.{args.command}').run(args)
    except (ValueError, OSError, ModuleNotFoundError) as error:
        if os.environ.get('RESTOREKIT_TRACEBACK'):
            raise
        print(f'restorekit {args.command}: error: {one_message(error)}', file=sys.stderr)
        print('(RESTOREKIT_TRACEBACK=1 shows where it was raised)', file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


def one_message(error: Exception) -> str:
    """The error's text; of one that a data loader's worker met, without the worker's traceback."""
    text = str(error)
    if text.startswith('Caught ') and 'DataLoader worker' in text:
        return text.strip().splitlines()[-1].partition(': ')[2]
    return text


def build_parser(arguments: list[str]) -> argparse.ArgumentParser:
    """The parser, with the options of the command that `arguments` begin with."""
    parser = argparse.ArgumentParser(
        'restorekit', description='Image restoration by registered parts.'
    )
    parser.add_argument('--version', action='version', version=__version__)
    commands = parser.add_subparsers(dest='command', required=True, metavar='COMMAND')
    for name, summary in COMMANDS.items():
        command = commands.add_parser(name, help=summary, description=summary)
        if arguments and arguments[0] == name:
            importlib.import_module(f'restorekit.cli.{name}').add_arguments(command)
    return parser
