"""`restorekit test`."""

from __future__ import annotations

import argparse

from restorekit.cli.options import add_config_options, add_launch_options, prepare_config


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """OpenMMLab's flags."""
    add_config_options(parser)
    parser.add_argument(
        'checkpoint',
        nargs='?',
        metavar='CHECKPOINT',
        help='weights to evaluate; may be left out where the model has none (a baseline)',
    )
    add_launch_options(parser)


def run(args: argparse.Namespace) -> None:
    """Evaluate."""
    config = prepare_config(args)
    config.resume, config.load_from = False, args.checkpoint

    from restorekit.engine.runner import close_process_group
    from restorekit.registry import RUNNERS

    runner = RUNNERS.build(config)
    if args.checkpoint is None and any(True for _ in runner.model.parameters()):
        raise ValueError(f'{args.config}: the model has parameters; name the checkpoint to test')
    runner.test()
    close_process_group()
