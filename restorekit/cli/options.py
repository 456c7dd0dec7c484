"""Options that several commands share."""

from __future__ import annotations

import argparse
import ast
import os
from collections.abc import Callable
from typing import Any

from restorekit.limits import DEFAULT


def add_config_options(parser: argparse.ArgumentParser, *, required: bool = True) -> None:
    """The config and its overrides."""
    parser.add_argument(
        'config',
        nargs=None if required else '?',
        metavar='CONFIG',
        help='a config file, or the name of a packaged one',
    )
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action='extend',
        default=[],
        metavar='KEY=VALUE',
        help='overrides by dotted key: model.backbone.num_blocks=4',
    )
    parser.add_argument(
        '--work-dir',
        metavar='DIR',
        help='where logs, checkpoints and results go (default: work_dirs/<config>)',
    )


def add_launch_options(parser: argparse.ArgumentParser) -> None:
    """How several processes were started."""
    parser.add_argument(
        '--launcher',
        choices=('none', 'pytorch', 'slurm', 'mpi'),
        default='none',
        help='who started the processes of a distributed run',
    )
    parser.add_argument(
        '--local-rank',
        '--local_rank',
        type=int,
        metavar='N',
        help='set by older launchers; LOCAL_RANK is set from it where that is missing',
    )
    parser.add_argument(
        '--unsafe-load',
        action='store_true',
        help='unpickle checkpoints without restriction: they can run any code',
    )


def add_weights_options(parser: argparse.ArgumentParser, *, device: str) -> None:
    """A trained network, and where it computes; `device` says where by default."""
    parser.add_argument(
        '-m',
        '--model',
        metavar='MODEL',
        help='a model of `restorekit models`, the config of a network, or a checkpoint that holds '
        'its own (default: the one that -w holds)',
    )
    parser.add_argument(
        '-w', '--weights', metavar='CHECKPOINT', help='the checkpoint of a config or of its own'
    )
    parser.add_argument(
        '--device', metavar='DEVICE', help=f'cpu, cuda, cuda:1, mps, … (default: {device})'
    )
    parser.add_argument(
        '--unsafe-load',
        action='store_true',
        help='unpickle the checkpoint without restriction: it can run any code',
    )


def add_pixel_limit(parser: argparse.ArgumentParser) -> None:
    """The largest image that is decoded."""
    parser.add_argument(
        '--max-pixels',
        type=int,
        metavar='N',
        help=f'decode no image of more pixels (default: {DEFAULT})',
    )


def tested(config: str, checkpoint: str | None) -> tuple[str, str | None]:
    """The config and the checkpoint of what is to be tested, either of which may name a model.

    Raises:
        ValueError: If a model is named with other weights, or has no config to be tested with.
    """
    from restorekit.catalogue import find_model, is_model

    if not is_model(config):
        if checkpoint is not None and is_model(checkpoint):
            checkpoint = str(find_model(checkpoint).file())
        return config, checkpoint
    entry = find_model(config)
    if checkpoint is not None:
        raise ValueError(f'{config} is a model with all it needs, got weights too: {checkpoint}')
    if not entry.card.config:
        raise ValueError(f'{config}: its card names no config with test sets; name one yourself')
    return entry.card.config, None if entry.model else str(entry.file())


def parse_overrides(pairs: list[str]) -> dict[str, Any]:
    """`KEY=VALUE` strings as a dict of Python literals, true, false, none, or else strings.

    Raises:
        ValueError: If a pair has no `=`.
    """
    options = {}
    for pair in pairs:
        key, equals, text = pair.partition('=')
        if not equals or not key:
            raise ValueError(f'--cfg-options: expected KEY=VALUE, got {pair!r}')
        options[key] = _literal(text)
    return options


def _literal(text: str) -> Any:
    named = {'true': True, 'false': False, 'none': None}
    if text.lower() in named:
        return named[text.lower()]
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return (
            [_literal(part) for part in text.split(',')]
            if ',' in text and text[0] not in '[({'
            else text
        )


def prepare_config(args: argparse.Namespace, *, change: Callable[[Any], None] | None = None) -> Any:
    """The checked config of a command, with work_dir, launcher and runner set.

    Args:
        args: With what `add_config_options` and `add_launch_options` add.
        change: As for `load_config`.
    """
    from pathlib import Path

    from restorekit.config import load_config
    from restorekit.io import check_writable

    config = load_config(args.config, parse_overrides(args.cfg_options), change=change)
    if config.get('launcher', 'none') not in ('none', args.launcher):
        raise ValueError(
            f'launcher={config.launcher!r} in the config: the command says it, by --launcher, '
            f'which is {args.launcher!r}'
        )
    config.launcher = args.launcher
    if args.local_rank is not None:
        os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    work_dir = args.work_dir or config.get('work_dir') or f'work_dirs/{Path(config.filename).stem}'
    config.work_dir = str(work_dir)
    check_writable(Path(work_dir))
    config.unsafe_load = args.unsafe_load or bool(config.get('unsafe_load', False))
    return config
