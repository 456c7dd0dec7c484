"""`restorekit test`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from restorekit.cli.options import add_config_options, add_launch_options, prepare_config

if TYPE_CHECKING:
    from mmengine.config import Config


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
    evaluate(prepare_config(args), args.checkpoint)


def evaluate(config: Config, checkpoint: str | None) -> list:
    """Test a checkpoint; returns the config's metrics, which hold the figures.

    Args:
        config: A checked config with its work_dir.
        checkpoint: None only for a model without parameters.
    Raises:
        ValueError: If a checkpoint is needed, or the config has nothing to test.
    """
    from restorekit.engine.distributed import close_process_group
    from restorekit.registry import RUNNERS

    missing = [key for key in ('model', 'test_dataloader', 'test_evaluator') if not config.get(key)]
    if missing:
        raise ValueError(
            f'{config.filename}: not a config to test with; it has no {", ".join(missing)}'
        )
    config.setdefault('runner_type', 'restorekit.Runner')
    config.resume, config.load_from = False, checkpoint
    for part in ('train_dataloader', 'train_cfg', 'optim_wrapper', 'param_scheduler'):
        config[part] = None
    for part in ('val_dataloader', 'val_cfg', 'val_evaluator'):
        config[part] = None
    runner = RUNNERS.build(config)
    if checkpoint is None and any(True for _ in runner.model.parameters()):
        raise ValueError(
            f'{config.filename}: the model has parameters; name the checkpoint to test'
        )
    runner.test()
    metrics = runner.test_evaluator.metrics
    del runner
    close_process_group()
    return metrics
