"""`restorekit test`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from restorekit.cli.options import add_config_options, add_launch_options, prepare_config, tested

if TYPE_CHECKING:
    from mmengine.config import Config


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """OpenMMLab's flags; and a model by name."""
    add_config_options(parser, required=False)
    parser.add_argument(
        'checkpoint',
        nargs='?',
        metavar='CHECKPOINT',
        help='weights to evaluate; may be left out where the model has none (a baseline)',
    )
    parser.add_argument(
        '-m', '--model', metavar='NAME', help='a model of `restorekit models`, instead of both'
    )
    add_launch_options(parser)


def run(args: argparse.Namespace) -> None:
    """Evaluate."""
    if (args.config is None) == (args.model is None):
        raise ValueError('name either a config and its checkpoint, or a model (-m NAME)')
    args.config, args.checkpoint = tested(args.config or args.model, args.checkpoint)
    evaluate(prepare_config(args), args.checkpoint)


def evaluate(config: Config, checkpoint: str | None) -> list:
    """Test a checkpoint; returns the config's metrics, which hold the figures. Without TF32.

    Args:
        config: A checked config with its work_dir.
        checkpoint: None only for a model without parameters.
    Raises:
        ValueError: If a checkpoint is needed, or the config has nothing to test.
    """
    from restorekit.engine.distributed import close_process_group
    from restorekit.functional import tf32
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
    with tf32(False):
        runner.test()
    metrics = runner.test_evaluator.metrics
    del runner
    close_process_group()
    return metrics
