"""`restorekit benchmark`."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to evaluate, and where the table goes."""
    parser.add_argument(
        'models',
        nargs='+',
        metavar='MODEL',
        help='a model of `restorekit models`, or CONFIG=CHECKPOINT, one per scale; the checkpoint '
        'of a baseline is left out',
    )
    parser.add_argument(
        '-o',
        '--out',
        default='work_dirs/benchmark',
        metavar='DIR',
        help='folder of the table and of each test (default: %(default)s)',
    )
    parser.add_argument(
        '--unsafe-load',
        action='store_true',
        help='unpickle checkpoints without restriction: they can run any code',
    )


def run(args: argparse.Namespace) -> None:
    """Test every model on the test sets of its config and write one table in the papers' layout."""
    from restorekit.cli.options import tested
    from restorekit.cli.test import evaluate
    from restorekit.config import load_config
    from restorekit.io import check_writable, write_whole
    from restorekit.metrics import benchmark_table

    out = Path(args.out)
    check_writable(out)
    named = [model.partition('=')[::2] for model in args.models]
    pairs = [tested(name, checkpoint or None) for name, checkpoint in named]
    configs = [load_config(name) for name, _ in pairs]  # every slip before the first hour
    results = []
    for number, ((name, _), (_, checkpoint), config) in enumerate(
        zip(named, pairs, configs, strict=True)
    ):
        config.work_dir = str(out / f'{number}_{Path(name).stem}')
        config.experiment_name = f'{number}_{Path(name).stem}'  # tells runs of one second apart
        config.unsafe_load = args.unsafe_load or bool(config.get('unsafe_load', False))
        results.append((Path(name).stem, evaluate(config, checkpoint)))
    table = benchmark_table(results)
    print(f'\n{table}')
    write_whole(out / 'benchmark.md', f'{table}\n'.encode())
