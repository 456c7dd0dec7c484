"""`restorekit test`."""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from restorekit.cli.options import (
    add_config_options,
    add_launch_options,
    add_pixel_limit,
    prepare_config,
    tested,
)
from restorekit.limits import limit_pixels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mmengine.config import Config
    from mmengine.hooks import Hook

    from restorekit.inference.precision import Precision
    from restorekit.report import ModelResult


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """OpenMMLab's flags; models by name; and a report."""
    add_config_options(parser, required=False)
    parser.add_argument(
        'checkpoint',
        nargs='?',
        metavar='CHECKPOINT',
        help='weights to evaluate; may be left out where the model has none (a baseline)',
    )
    parser.add_argument(
        '-m',
        '--model',
        action='append',
        default=[],
        metavar='MODEL',
        help='instead of both: a model of `restorekit models`, or CONFIG=CHECKPOINT; may be given '
        'several times',
    )
    parser.add_argument(
        '--precision',
        choices=('float32', 'bfloat16', 'float16'),
        default='float32',
        help='of the network, said beside the figures (default: %(default)s)',
    )
    parser.add_argument(
        '--report',
        type=Path,
        metavar='DIR',
        help='write DIR/report.html, a page with scores, crops, errors and curves, and report.csv',
    )
    parser.add_argument(
        '--report-images',
        type=int,
        default=20,
        metavar='N',
        help='of how many images of each set the page shows crops, the worst first '
        '(default: %(default)s)',
    )
    add_launch_options(parser)
    add_pixel_limit(parser)


def run(args: argparse.Namespace) -> None:
    """Evaluate one model, or several one after the other."""
    limit_pixels(args.max_pixels)
    from restorekit.io import check_writable

    if (args.config is None) == (not args.model):
        raise ValueError('name either a config and its checkpoint, or models (-m NAME)')
    if args.report_images < 0:
        raise ValueError(f'--report-images: expected a number >= 0, got {args.report_images}')
    if args.report:
        check_writable(args.report)
    named = [word.partition('=')[::2] for word in args.model] or [(args.config, args.checkpoint)]
    pairs = [tested(config, checkpoint or None) for config, checkpoint in named]
    names = _names([config for config, _ in named], pairs)
    base = args.work_dir or 'work_dirs/test'
    configs = []  # every slip before the first hour
    for number, (config, _) in enumerate(pairs):
        folder = args.work_dir if len(pairs) == 1 else f'{base}/{number}_{_plain(names[number])}'
        args.config, args.work_dir = config, folder
        configs.append(prepare_config(args))
        if len(pairs) > 1:  # by which mmengine tells runs of one process apart
            configs[-1].experiment_name = names[number]
    _test_all(args, configs, pairs, names)


def _test_all(
    args: argparse.Namespace,
    configs: list[Config],
    pairs: list[tuple[str, str | None]],
    names: list[str],
) -> None:
    from mmengine.dist import is_main_process

    from restorekit.engine.distributed import close_process_group
    from restorekit.engine.hooks.crops import CropHook
    from restorekit.metrics import ImageMetric, benchmark_table
    from restorekit.report import ModelResult, run_curves, write_report

    results: list[ModelResult] = []
    for config, (path, checkpoint), name in zip(configs, pairs, names, strict=True):
        wanted = results[0].crops if results else None
        hook = CropHook(args.report_images, wanted) if args.report else None
        metrics = evaluate(
            config, checkpoint, hooks=[hook] if hook else [], precision=args.precision
        )
        result = ModelResult(
            name, path, checkpoint, [m for m in metrics if isinstance(m, ImageMetric)]
        )
        if hook and checkpoint:
            result.curves = run_curves(Path(checkpoint).parent)
        result.crops = hook.crops if hook else {}
        results.append(result)
    if is_main_process():
        if len(results) > 1:
            print(f'\n{benchmark_table([(result.name, result.metrics) for result in results])}')
        if args.report:
            write_report(args.report, results)
            print(f'\nThe report is {args.report / "report.html"}, its figures are report.csv')
    close_process_group()


def _names(words: list[str], pairs: list[tuple[str, str | None]]) -> list[str]:
    """Under which the models are shown: of a catalogue's its name, else as much as is needed."""
    short = [Path(word).stem for word in words]
    longer = [
        f'{name} {Path(checkpoint).stem}' if checkpoint and short.count(name) > 1 else name
        for name, (_, checkpoint) in zip(short, pairs, strict=True)
    ]
    seen: Counter[str] = Counter()
    names = []
    for name in longer:
        seen[name] += 1
        names.append(f'{name} ({seen[name]})' if seen[name] > 1 else name)
    return names


def _plain(name: str) -> str:
    return name.replace(' ', '_')


def evaluate(
    config: Config,
    checkpoint: str | None,
    hooks: Sequence[Hook] = (),
    precision: Precision = 'float32',
) -> list:
    """Test a checkpoint; returns the config's metrics, which hold the figures. Without TF32.

    Args:
        config: A checked config with its work_dir.
        checkpoint: None only for a model without parameters.
        hooks: Registered besides the config's.
        precision: Of the network, by autocast where it is not 'float32'.
    Raises:
        ValueError: If a checkpoint is needed, or the config has nothing to test.
    """
    import torch
    from mmengine.device import get_device

    from restorekit.functional import half_precision, tf32
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
    for hook in hooks:
        runner.register_hook(hook)
    if precision != 'float32':  # mmengine's loop switches autocast off around this
        runner.test_dtype = getattr(torch, precision)
        cast = half_precision(runner.test_dtype, get_device())
        runner.model.test_step = cast(runner.model.test_step)
    with tf32(False):
        runner.test()
    return runner.test_evaluator.metrics
