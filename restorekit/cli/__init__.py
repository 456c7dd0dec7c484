"""The command line: `restorekit train | test | …`; `tools/*.py` are doors to the same commands."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import traceback
from types import ModuleType
from typing import NoReturn

from restorekit.cli.errors import (
    is_interruption,
    keep_traceback,
    one_message,
    remove_unused_folders,
)
from restorekit.memory import keep_freed_memory
from restorekit.version import __version__

# Each is a module of this package: `prepare tiles` is prepare/tiles.py.
COMMANDS = {
    'train': 'train the network of a config',
    'test': 'evaluate a checkpoint on the test sets of a config',
    'benchmark': 'evaluate several checkpoints and write one table in the layout of papers',
    'table': "run a paper's table: its systems, its figures and ours",
    'restore': 'restore image files with a trained network',
    'serve': 'show a page in the browser that restores pictures',
    'models': 'list the trained models, or print the card of one',
    'summary': 'parameters, multiply-adds, receptive field, time and memory of a model',
    'publish': 'write a checkpoint and its card as one file to be shipped',
    'export': 'write a trained network as one file that runs without this package',
    'list': 'list the registered parts and the packaged configs',
    'completion': 'print a script for completion by the tab key',
    'prepare tiles': 'cut the images of a folder into overlapping tiles',
    'prepare pairs': 'make pairs for exposure fusion from brackets or from SICE',
    'prepare brackets': 'turn static brackets into moving scenes with HDR ground truth',
    'prepare pack': "decode a dataset's files once into one",
    'convert': "turn a published network's weights into ours",
    'demo': 'train a small network on photographs, test it, restore one, look',
    'speed': 'measure data, steps, inference, metrics and blocks on this machine',
    'check': 'try networks, precisions, runs and export on this machine, a GPU above all',
    'check-resume': 'kill a run over and over and see that it ends in the same bits',
}
# A line to begin with, for those whose arguments do not speak for themselves.
EXAMPLES = {
    'train': 'ain/ain-small_x2_2k_bsd200.py --amp --cfg-options model.backbone.num_blocks=4',
    'test': 'mine.py work_dirs/mine/iter_2000.pth',
    'benchmark': 'bicubic-x2 ain-x2 mine.py=work_dirs/mine/iter_2000.pth -o work_dirs/table',
    'restore': 'photo.jpg -o restored/',
    'models': 'ain-x2',
    'summary': 'ain-x2',
    'publish': 'work_dirs/mine/iter_2000.pth mine.safetensors --card card.json',
    'export': '-m ain-x2 -o ain-x2.onnx',
    'list': 'blocks',
    'completion': 'bash',
    'prepare tiles': 'DIV2K_train_HR DIV2K_train_HR_tiles',
    'prepare pairs': 'sice SICE/train pairs/train --max-side 1200',
    'prepare brackets': 'scenes moving --variants 4',
    'convert': 'cfnet CF-Net_x4.pth cfnet_x4.pth',
    'check-resume': 'process --kills 10',
}
INTERRUPTED = 130
BROKEN_PIPE = 141  # what a shell shows of a program that SIGPIPE ended


def main(*command: str) -> None:
    """Run a command; an error, whoever raised it, is one message and exit code 1.

    Args:
        command: Words that stand before those of the command line: `main('prepare', 'tiles')`.
    """
    keep_freed_memory()
    os.environ.setdefault('OPENCV_LOG_LEVEL', 'SILENT')  # our errors name the file, OpenCV's do not
    name, arguments = find_command([*command, *sys.argv[1:]])
    module = command_module(name)
    args = parse(name, arguments)
    try:
        module.run(args)
        print(end='', flush=True)
    except Exception as error:
        if isinstance(error, BrokenPipeError) and reader_is_gone():
            sys.exit(BROKEN_PIPE)
        if is_interruption(error):
            _interrupted(name)
        if args.traceback or os.environ.get('RESTOREKIT_TRACEBACK'):
            traceback.print_exc()
        print(f'restorekit {name}: error: {one_message(error)}', file=sys.stderr)
        kept = keep_traceback(getattr(args, 'work_dir', None))
        where = f'the traceback is in {kept}; ' if kept else ''
        print(f'({where}--traceback shows where it was raised)', file=sys.stderr)
        remove_unused_folders()
        sys.exit(1)
    except KeyboardInterrupt:
        _interrupted(name)


def _interrupted(name: str) -> NoReturn:
    print(f'restorekit {name}: interrupted', file=sys.stderr)
    remove_unused_folders()
    sys.exit(INTERRUPTED)


def parse(name: str, arguments: list[str]) -> argparse.Namespace:
    """The arguments of a command; its options may stand anywhere between them.

    Exits with a message where they are not what the command takes.
    """
    parser = command_parser(name)
    args, rest = parser.parse_known_args(arguments)
    if rest:  # positionals after an option, where Python < 3.13 has given up on them
        args = parser.parse_intermixed_args(arguments)
    return args


def command_parser(name: str) -> argparse.ArgumentParser:
    """The parser of a command, one of COMMANDS."""
    summary, example = COMMANDS[name], EXAMPLES.get(name)
    parser = argparse.ArgumentParser(
        f'restorekit {name}',
        description=f'{summary[0].upper()}{summary[1:]}.',
        epilog=example and f'Example: restorekit {name} {example}',
    )
    command_module(name).add_arguments(parser)
    parser.add_argument(
        '--traceback', action='store_true', help='of an error, show where it was raised'
    )
    return parser


def command_module(name: str) -> ModuleType:
    """The module of a command, with its `add_arguments` and `run`."""
    return importlib.import_module(f'restorekit.cli.{name.replace(" ", ".").replace("-", "_")}')


def reader_is_gone() -> bool:
    """Whether nobody reads the output any more (`restorekit list | head`); then it is given up."""
    try:
        print(flush=True)
    except BrokenPipeError:
        # Python flushes again at its end, and would complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return True
    return False


def find_command(arguments: list[str]) -> tuple[str, list[str]]:
    """The command that `arguments` begin with, and what follows it.

    Exits after `--help` and `--version`, and with a message where there is no such command.
    """
    for words in (2, 1):
        name = ' '.join(arguments[:words])
        if name in COMMANDS:
            return name, arguments[words:]
    group = f'{arguments[0]} ' if arguments else ''
    if not any(name.startswith(group) for name in COMMANDS):
        group = ''
    parser = argparse.ArgumentParser(
        f'restorekit {group}'.strip(),
        description='Image restoration by registered parts.',
        epilog='restorekit COMMAND --help says more. Try: restorekit restore photo.jpg -o out/',
    )
    parser.add_argument('--version', action='version', version=__version__)
    commands = parser.add_subparsers(dest='command', required=True, metavar='COMMAND')
    for name, summary in COMMANDS.items():
        if name.startswith(group):
            commands.add_parser(name.removeprefix(group), help=summary)
    rest = arguments[1:] if group else arguments
    known = [name.removeprefix(group) for name in COMMANDS if name.startswith(group)]
    if rest and not rest[0].startswith('-'):
        from restorekit.options import nearest

        parser.error(f'no command {rest[0]!r}; {nearest(rest[0], known)}')
    parser.parse_args(rest)
    parser.error('the command comes first')
