"""`restorekit check-resume`: see that a run that is killed ends in the bits of one left alone."""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch

from restorekit.cli.kill_writes import kill_writes
from restorekit.cli.kills import LostError, expect_success, kill_processes, kill_ranks, running
from restorekit.io import write_image
from restorekit.io.checkpoint import read_checkpoint

KILLS = {'process': 100, 'rank': 20, 'write': 100}
ITERATIONS = {'process': 60, 'rank': 120}  # for each kill
CONFIG = """
_base_ = 'restorekit::_base_/default_runtime.py'
model = dict(
    type='Restorer',
    data_preprocessor=dict(type='ImagePreprocessor', color='y'),
    backbone=dict(
        type='AIN', num_feats=8, num_blocks=2, block=dict(type='AttentiveInception', norm_cfg=None)
    ),
    losses=dict(l1=dict(type='L1Loss')),
)
train_dataloader = dict(
    batch_size=2,
    num_workers=1,
    sampler=dict(type='ResumableSampler'),
    dataset=dict(
        type='FolderDataset',
        gt_dir={photos!r},
        degradation=dict(quality=20),
        pipeline=[
            dict(type='LoadImages', color='y'),
            dict(type='PairedRandomCrop', size=32),
            dict(type='JPEGCompress'),
            dict(type='RandomFlipRotate'),
            dict(type='PackInputs'),
        ],
    ),
)
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-3))
param_scheduler = dict(type='CosineAnnealingLR', by_epoch=False)
train_cfg = dict(type='IterBasedTrainLoop', max_iters={iterations}, val_interval=10**9)
val_cfg = None
test_cfg = None
default_hooks = dict(logger=dict(interval=10), checkpoint=dict(interval=3, max_keep_ckpts=3))
custom_hooks = [dict(type='EMAHook'), dict(type='NonFiniteHook'), dict(type='PreemptionHook')]
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to kill, and how often."""
    parser.description = """Kill a run over and over, and see that nothing is lost. `process` kills
        a training process at random moments, checkpoint writes included, and starts it again with
        --resume: it must go on at once, from the latest whole checkpoint that was on the disk.
        `rank` kills one of two ranks under torchrun, which starts them again without a hand. In the
        end of both the weights, the optimizer's state and the logged losses must equal, bit for
        bit, those of a run that was left alone. The network is small, its images are made up.
        `write` kills a process in the middle of writes of images and checkpoints: under their names
        there must be whole files, and nothing that stays beside them."""
    parser.add_argument('what', choices=tuple(KILLS), help='what is killed')
    listed = ', '.join(f'{kills} for {what}' for what, kills in KILLS.items())
    parser.add_argument('--kills', type=int, metavar='N', help=f'how often (default: {listed})')
    parser.add_argument(
        '--seed',
        type=int,
        default=0,
        metavar='N',
        help='of the moments at which it is killed (default: 0)',
    )


def run(args: argparse.Namespace) -> None:
    """Check; fails where something was lost."""
    kills = KILLS[args.what] if args.kills is None else args.kills
    check_resume(args.what, kills=kills, seed=args.seed)


def check_resume(what: str, *, kills: int, seed: int = 0) -> None:
    """Kill a run so many times, and compare how it ends with one that was left alone.

    Args:
        what: 'process', 'rank' for one of two under torchrun, or 'write'.
        kills: How many times.
        seed: Of the moments.
    Raises:
        ValueError: If there is nothing to do, or no way to do it on this system.
        LostError: If anything was lost; logs and checkpoints are kept.
    """
    if kills < 1:
        raise ValueError(f'--kills must be >= 1, got {kills}')
    if os.name != 'posix' or (what == 'rank' and not Path('/proc/self/stat').exists()):
        raise ValueError(f'{what}: killed by SIGKILL and found in /proc, which are not here')
    folder = Path(tempfile.mkdtemp(prefix='kills-'))
    # It would end this process alone, and leave what it has started.
    before = signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        if what == 'write':
            kill_writes(folder, kills, random.Random(seed))
        else:
            _kill_runs(what, folder, kills, random.Random(seed))
    except LostError as error:
        raise LostError(f'{error}\n(logs and checkpoints are in {folder})') from None
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    finally:
        signal.signal(signal.SIGTERM, before)
    shutil.rmtree(folder)


def _kill_runs(what: str, folder: Path, kills: int, moments: random.Random) -> None:
    iterations = kills * ITERATIONS[what]
    write_config(folder, iterations)
    print(f'{iterations} iterations left alone', flush=True)
    with running(folder, 'alone', 'alone', ranks=1 if what == 'process' else 2) as alone:
        expect_success(alone, folder / 'alone.log')
    kill = kill_processes if what == 'process' else kill_ranks
    kill(folder, kills, moments)
    _compare(folder, iterations)


def write_config(folder: Path, iterations: int) -> None:
    """Write made-up images, and `config.py`, which trains a small network on them."""
    rng = np.random.default_rng(0)
    photos = folder / 'photos'
    photos.mkdir()
    for index in range(8):
        small = rng.random((9, 12, 3))
        write_image(photos / f'{index}.png', np.kron(small, np.ones((8, 8, 1))))
    (folder / 'config.py').write_text(CONFIG.format(photos=str(photos), iterations=iterations))


def _compare(folder: Path, iterations: int) -> None:
    """Say whether both runs ended in the same bits."""
    a, b = (
        read_checkpoint(folder / name / f'iter_{iterations}.pth') for name in ('alone', 'killed')
    )
    parts = {
        'weights': (a['state_dict'], b['state_dict']),
        'averaged weights': (a['ema_state_dict'], b['ema_state_dict']),
        'optimizer': (a['optimizer']['state'], b['optimizer']['state']),
        'losses': tuple(c['message_hub']['log_scalars']['train/loss'] for c in (a, b)),
    }
    equal = {name: same(*pair) for name, pair in parts.items()}
    text = ', '.join(f'{name} {"yes" if same else "NO"}' for name, same in equal.items())
    if not all(equal.values()):
        raise LostError(f'not the same bits: {text}')
    print(f'the same bits: {text}')


def same(a: object, b: object) -> bool:
    """Whether two trees of dicts and tensors hold the same bits."""
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, torch.Tensor) and isinstance(b, torch.Tensor):
        return torch.equal(a, b)
    return a == b
