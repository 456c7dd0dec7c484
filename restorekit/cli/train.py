"""`restorekit train`."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path
from typing import Any

from restorekit.cli.options import add_config_options, add_launch_options, prepare_config


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """OpenMMLab's flags."""
    add_config_options(parser)
    parser.add_argument(
        '--resume',
        nargs='?',
        const='auto',
        metavar='CHECKPOINT',
        help='go on from a checkpoint, or from the latest in the work dir (auto)',
    )
    parser.add_argument('--amp', action='store_true', help='automatic mixed precision')
    parser.add_argument(
        '--auto-scale-lr',
        action='store_true',
        help='scale the learning rate by the real total batch over auto_scale_lr.base_batch_size',
    )
    parser.add_argument(
        '--no-validate', action='store_true', help='do not validate during training'
    )
    add_launch_options(parser)


INTERRUPTED = 130  # what a shell shows of a program that Ctrl-C ended


def run(args: argparse.Namespace) -> None:
    """Train; ends with exit code 130 where Ctrl-C has stopped it."""
    try:
        _train(args)
    except KeyboardInterrupt:
        print('restorekit train: interrupted; --resume goes on', file=sys.stderr)
        sys.exit(INTERRUPTED)
    except (ValueError, ModuleNotFoundError, FileNotFoundError) as error:
        if not isinstance(error.__cause__, RuntimeError):  # such as a worker that was killed
            _stop_restarts()
        raise


def _stop_restarts() -> None:
    """Under torchrun, keep it from starting again what would end in the same error."""
    if 'TORCHELASTIC_RUN_ID' in os.environ:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # which it passes on: the error comes first
        os.kill(os.getppid(), signal.SIGTERM)


def _train(args: argparse.Namespace) -> None:
    config = prepare_config(args, change=_mixed if args.amp else None)
    missing = [
        key for key in ('train_dataloader', 'train_cfg', 'optim_wrapper') if not config.get(key)
    ]
    if missing:
        raise ValueError(
            f'{args.config}: not a config to train with; it has no {", ".join(missing)}'
        )
    if args.amp:
        _warn_of_emulation(config.optim_wrapper)
    if args.auto_scale_lr:
        if 'base_batch_size' not in config.get('auto_scale_lr', {}):
            raise ValueError(
                f'--auto-scale-lr: {args.config} has no auto_scale_lr=dict(base_batch_size=…)'
            )
        config.auto_scale_lr.enable = True
    if args.no_validate:
        config.val_dataloader = config.val_cfg = config.val_evaluator = None
        hooks = config.get('default_hooks') or {}
        (hooks.get('checkpoint') or {}).pop('save_best', None)
    if args.resume == 'auto':
        config.resume, config.load_from = True, None
    elif args.resume:
        config.resume, config.load_from = True, args.resume
    restarted = int(os.environ.get('TORCHELASTIC_RESTART_COUNT', 0)) > 0
    if restarted and any(Path(config.work_dir).glob('iter_*.pth')):
        # A rank died and torchrun has started all of them again: go on from the last checkpoint.
        config.resume, config.load_from = True, None

    from restorekit.engine.distributed import close_process_group
    from restorekit.registry import RUNNERS

    config.setdefault('runner_type', 'restorekit.Runner')
    RUNNERS.build(config).train()
    close_process_group()


def _mixed(config: Any) -> None:
    """Set the optimizer wrapper of mixed precision; what is no wrapper is left to the check."""
    wrapper = config.get('optim_wrapper')
    if not isinstance(wrapper, dict):
        return
    if wrapper.get('type', 'OptimWrapper') not in ('OptimWrapper', 'AmpOptimWrapper'):
        raise ValueError(
            f'--amp: optim_wrapper.type is {wrapper["type"]!r}; '
            'accepted: OptimWrapper, AmpOptimWrapper'
        )
    wrapper['type'] = 'AmpOptimWrapper'


def _warn_of_emulation(wrapper: dict) -> None:
    """Say where half precision is slower than full."""
    import torch
    from mmengine.device import get_device

    from restorekit.functional.dtypes import is_native

    device = get_device()
    name = wrapper.get('dtype') or ('bfloat16' if device == 'cpu' else 'float16')
    if name in ('float16', 'bfloat16') and not is_native(getattr(torch, name), device):
        print(
            f'--amp: this {device} has no {name} of its own and computes it by way of float32, '
            'slower than float32 itself',
            file=sys.stderr,
        )
