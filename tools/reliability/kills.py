"""Kill a run over and over, and see that nothing is lost: it ends in the bits of one left alone.

Usage: python tools/reliability/kills.py process [--kills 100]
       python tools/reliability/kills.py rank [--kills 20]

`process` kills (SIGKILL) a training process at random moments, checkpoint writes included, and
starts it again with --resume: it must go on at once, from the latest whole checkpoint that was on
the disk. `rank` kills one of two ranks under torchrun, which starts them again without a hand. In
the end the weights, the optimizer's state and the logged losses must equal, bit for bit, those of a
run that was left alone. The network is small and trained on made-up images; it checkpoints every 3
iterations.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from restorekit.io import write_image
from restorekit.io.checkpoint import latest_checkpoint, read_checkpoint

TOOLS = Path(__file__).parents[1]
CONFIG = """
_base_ = '{root}/configs/_base_/default_runtime.py'
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
        gt_dir='{folder}/photos',
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
default_hooks = dict(
    logger=dict(interval=10), checkpoint=dict(interval=3, max_keep_ckpts=3)
)
custom_hooks = [dict(type='EMAHook'), dict(type='NonFiniteHook'), dict(type='PreemptionHook')]
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('what', choices=('process', 'rank'))
    parser.add_argument('--kills', type=int)
    parser.add_argument('--seed', type=int, default=0, help='of the moments')
    args = parser.parse_args()
    kills = args.kills or {'process': 100, 'rank': 20}[args.what]
    folder = Path(tempfile.mkdtemp(prefix='kills-'))
    iterations = kills * {'process': 60, 'rank': 120}[args.what]
    prepare(folder, iterations)
    ranks = 1 if args.what == 'process' else 2
    print(f'{iterations} iterations left alone', flush=True)
    alone = start(folder, 'alone', ranks, 'a')
    if alone.wait() != 0:
        sys.exit(log_tail(folder / 'a.log'))
    kill = kill_processes if args.what == 'process' else kill_ranks
    kill(folder, kills, random.Random(args.seed))
    compare(folder, iterations)
    shutil.rmtree(folder)


def prepare(folder: Path, iterations: int) -> None:
    """Images and the config."""
    rng = np.random.default_rng(0)
    (folder / 'photos').mkdir()
    for index in range(8):
        small = rng.random((9, 12, 3))
        write_image(folder / f'photos/{index}.png', np.kron(small, np.ones((8, 8, 1))))
    text = CONFIG.format(root=TOOLS.parent, folder=folder, iterations=iterations)
    (folder / 'config.py').write_text(text)


def start(folder: Path, name: str, ranks: int, log: str, restarts: int = 0) -> subprocess.Popen:
    """Start a run, which goes on from its last checkpoint, in a process group of its own."""
    environment = {
        **os.environ,
        'OMP_NUM_THREADS': '1',
        'PATH': f'{Path(sys.executable).parent}:{os.environ["PATH"]}',
        'MAX_RESTARTS': str(restarts),
    }
    options = ['--work-dir', str(folder / name), '--resume']
    config = str(folder / 'config.py')
    if ranks == 1:
        command = [sys.executable, str(TOOLS / 'train.py'), config, *options]
    else:
        with socket.socket() as probe:
            probe.bind(('127.0.0.1', 0))
            environment['PORT'] = str(probe.getsockname()[1])
        command = ['bash', str(TOOLS / 'dist_train.sh'), config, str(ranks), *options]
    with (folder / f'{log}.log').open('w') as file:
        return subprocess.Popen(
            command, stdout=file, stderr=file, env=environment, start_new_session=True
        )


def kill_processes(folder: Path, kills: int, moments: random.Random) -> None:
    """Kill the run so many times, a fifth of them while it is still starting; then let it end."""
    late = 0
    for number in range(kills + 1):
        on_disk, passed_over = latest_checkpoint(folder / 'killed')
        before = time.monotonic()
        process = start(folder, 'killed', 1, f'k{number}')
        if number == kills:
            if process.wait() != 0:
                sys.exit(log_tail(folder / f'k{number}.log'))
            check_resumed(folder / f'k{number}.log', on_disk)
            print(f'{number} kills, {late} of them in training; half-written: {len(passed_over)}')
            return
        if moments.random() < 0.2:
            time.sleep(moments.uniform(0, 4))
        else:
            first = wait_for_checkpoint(folder / 'killed', on_disk, process)
            check_resumed(folder / f'k{number}.log', on_disk)
            late += 1
            time.sleep(moments.uniform(0, 0.7))
            if number % 10 == 0:
                print(f'{number}: goes on after {first - before:.1f} s', flush=True)
        if process.poll() is not None:
            sys.exit(f'the run ended by itself: {log_tail(folder / f"k{number}.log")}')
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait_for_checkpoint(folder: Path, known: Path | None, process: subprocess.Popen) -> float:
    """Wait until a run has written a checkpoint later than the known one."""
    done = iteration_of(known)
    while process.poll() is None:
        latest = max((iteration_of(path) for path in folder.glob('iter_*.pth')), default=0)
        if latest > done:
            break
        time.sleep(0.005)
    return time.monotonic()


def iteration_of(path: Path | None) -> int:
    return 0 if path is None else int(path.stem.removeprefix('iter_'))


def check_resumed(log: Path, on_disk: Path | None) -> None:
    """The run must have gone on from the latest checkpoint that was whole when it started."""
    found = re.search(r'resumed epoch: \d+, iter: (\d+)', log.read_text())
    resumed = int(found[1]) if found else 0
    if resumed != iteration_of(on_disk):
        sys.exit(f'LOST: {on_disk} was there, the run went on from {resumed}\n{log_tail(log)}')


def kill_ranks(folder: Path, kills: int, moments: random.Random) -> None:
    """Kill one of two ranks so many times; torchrun starts both again."""
    process = start(folder, 'killed', 2, 'k', restarts=kills)
    done = 0
    for number in range(kills):
        while process.poll() is None:
            latest = max(map(iteration_of, (folder / 'killed').glob('iter_*.pth')), default=0)
            ranks = ranks_of(process.pid)
            if latest > done and len(ranks) == 2:
                break
            time.sleep(0.01)
        if process.poll() is not None:
            sys.exit(f'the run ended by itself: {log_tail(folder / "k.log")}')
        done = latest
        time.sleep(moments.uniform(0, 0.7))
        done = max(map(iteration_of, (folder / 'killed').glob('iter_*.pth')), default=0)
        os.kill(moments.choice(ranks), signal.SIGKILL)
        print(f'kill {number + 1} after iteration {done}', flush=True)
    if process.wait() != 0:
        sys.exit(log_tail(folder / 'k.log'))


def ranks_of(parent: int) -> list[int]:
    """The training processes below one, but not their data loaders' workers."""
    children: dict[int, list[int]] = {}
    for stat in Path('/proc').glob('[0-9]*/stat'):
        try:
            children.setdefault(int(stat.read_text().rpartition(')')[2].split()[1]), []).append(
                int(stat.parent.name)
            )
        except OSError:
            continue
    for agent in [parent, *children.get(parent, [])]:
        found = [
            pid
            for pid in children.get(agent, [])
            if '/train.py' in command_of(pid) and 'torch.distributed.run' not in command_of(pid)
        ]
        if found:
            return found
    return []


def command_of(pid: int) -> str:
    try:
        return Path(f'/proc/{pid}/cmdline').read_text().replace('\0', ' ')
    except OSError:
        return ''


def compare(folder: Path, iterations: int) -> None:
    """Say whether both runs ended in the same bits; exits with 1 where they did not."""
    a, b = (
        read_checkpoint(folder / name / f'iter_{iterations}.pth') for name in ('alone', 'killed')
    )
    hub = 'message_hub'
    parts = {
        'weights': (a['state_dict'], b['state_dict']),
        'averaged weights': (a['ema_state_dict'], b['ema_state_dict']),
        'optimizer': (a['optimizer']['state'], b['optimizer']['state']),
        'losses': tuple(c[hub]['log_scalars']['train/loss'] for c in (a, b)),
    }
    equal = {name: same(*pair) for name, pair in parts.items()}
    print(
        'the same bits: ' + ', '.join(f'{name} {"yes" if e else "NO"}' for name, e in equal.items())
    )
    if not all(equal.values()):
        sys.exit(f'they differ; look at {folder}')


def same(a: object, b: object) -> bool:
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, torch.Tensor) and isinstance(b, torch.Tensor):
        return torch.equal(a, b)
    return a == b


def log_tail(log: Path) -> str:
    return '\n'.join(log.read_text().splitlines()[-30:])


if __name__ == '__main__':
    main()
