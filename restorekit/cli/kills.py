"""Runs that are killed, and how they go on; they are started as by a user."""

from __future__ import annotations

import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from restorekit.io.checkpoint import latest_checkpoint


class LostError(ValueError):
    """A killed run did not go on as one left alone."""


@contextmanager
def running(
    folder: Path, name: str, log: str, *, ranks: int = 1, restarts: int = 0
) -> Iterator[subprocess.Popen]:
    """A run, which goes on from its last checkpoint, in a process group of its own."""
    config, work = str(folder / 'config.py'), ['--work-dir', str(folder / name), '--resume']
    command = ['-m', 'restorekit', 'train', config, *work]
    if ranks > 1:
        with socket.socket() as probe:
            probe.bind(('127.0.0.1', 0))
            port = probe.getsockname()[1]
        launch = ['-m', 'torch.distributed.run', f'--nproc_per_node={ranks}']
        launch += [f'--max_restarts={restarts}', '--rdzv_backend=c10d', '--rdzv_id=check-resume']
        launch += [f'--rdzv_endpoint=127.0.0.1:{port}']
        command = [*launch, *command, '--launcher', 'pytorch']
    with (folder / f'{log}.log').open('w') as file:
        process = subprocess.Popen(
            [sys.executable, *command],
            stdout=file,
            stderr=file,
            env={**os.environ, 'OMP_NUM_THREADS': '1'},
            start_new_session=True,
        )
    try:
        yield process
    finally:
        if process.poll() is None:  # interrupted, or something was lost
            os.killpg(process.pid, signal.SIGTERM)  # torchrun ends its ranks, which it may be asked
            with suppress(subprocess.TimeoutExpired):
                process.wait(30)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def expect_success(process: subprocess.Popen, log: Path) -> None:
    """Wait for the end of a run; raises LostError with the end of its log where it failed."""
    if process.wait() != 0:
        raise LostError(f'the run failed:\n{_tail(log)}')


def kill_processes(folder: Path, kills: int, moments: random.Random) -> None:
    """Kill the run so many times, a fifth of them while it is still starting; then let it end."""
    late = 0
    for number in range(kills):
        on_disk, _ = latest_checkpoint(folder / 'killed')
        there = _checkpoints(folder / 'killed')
        before, log = time.monotonic(), folder / f'k{number}.log'
        with running(folder, 'killed', f'k{number}') as process:
            if moments.random() < 0.2:
                time.sleep(moments.uniform(0, 4))
            else:
                _wait_for_checkpoint(folder / 'killed', there, process)
                seconds = time.monotonic() - before
                _check_resumed(log, on_disk)
                late += 1
                time.sleep(moments.uniform(0, 0.4))
                if number % 10 == 0:
                    print(f'{number}: goes on after {seconds:.1f} s', flush=True)
            if process.poll() is not None:
                raise LostError(f'the run ended by itself:\n{_tail(log)}')
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    on_disk, passed_over = latest_checkpoint(folder / 'killed')
    with running(folder, 'killed', 'last') as process:
        expect_success(process, folder / 'last.log')
    _check_resumed(folder / 'last.log', on_disk)
    print(f'{kills} kills, {late} of them in training; half-written: {len(passed_over)}')


def _wait_for_checkpoint(folder: Path, there: set, process: subprocess.Popen) -> None:
    """Wait until a run has written a checkpoint, under a new name or an old one."""
    while process.poll() is None and _checkpoints(folder) <= there:
        time.sleep(0.005)


def _checkpoints(folder: Path) -> set[tuple[str, int]]:
    """The checkpoints of a run, and when each was written.

    One may be there that the run does not go on from: it was killed before it had named it the
    last, and will write it once more.
    """
    found = set()
    for path in folder.glob('iter_*.pth'):
        with suppress(FileNotFoundError):  # it has just been removed
            found.add((path.name, path.stat().st_mtime_ns))
    return found


def _iteration(path: Path | None) -> int:
    return 0 if path is None else int(path.stem.removeprefix('iter_'))


def _check_resumed(log: Path, on_disk: Path | None) -> None:
    """The run must have gone on from the latest checkpoint that was whole when it started."""
    found = re.search(r'resumed epoch: \d+, iter: (\d+)', log.read_text())
    resumed = int(found[1]) if found else 0
    if resumed != _iteration(on_disk):
        raise LostError(f'{on_disk} was there, the run went on from {resumed}:\n{_tail(log)}')


def kill_ranks(folder: Path, kills: int, moments: random.Random) -> None:
    """Kill one of two ranks so many times; torchrun starts both again."""
    log, there = folder / 'killed.log', _checkpoints(folder / 'killed')
    with running(folder, 'killed', 'killed', ranks=2, restarts=kills) as process:
        for number in range(kills):
            _wait_for_checkpoint(folder / 'killed', there, process)
            while len(ranks := _ranks(process.pid)) < 2 and process.poll() is None:
                time.sleep(0.01)
            if process.poll() is not None:
                raise LostError(f'the run ended by itself:\n{_tail(log)}')
            time.sleep(moments.uniform(0, 0.4))
            there = _checkpoints(folder / 'killed')
            os.kill(moments.choice(ranks), signal.SIGKILL)
            latest = max(there, key=lambda checkpoint: checkpoint[1])[0]
            print(f'kill {number + 1} after {latest}', flush=True)
        expect_success(process, log)


def _ranks(parent: int) -> list[int]:
    """The training processes below torchrun, but not their data loaders' workers."""
    children: dict[int, list[int]] = {}
    for stat in Path('/proc').glob('[0-9]*/stat'):
        try:
            above = int(stat.read_text().rpartition(')')[2].split()[1])
        except OSError:  # it has ended
            continue
        children.setdefault(above, []).append(int(stat.parent.name))
    return [pid for pid in children.get(parent, []) if '-m restorekit train' in _command(pid)]


def _command(pid: int) -> str:
    try:
        return Path(f'/proc/{pid}/cmdline').read_text().replace('\0', ' ')
    except OSError:
        return ''


def _tail(log: Path) -> str:
    return '\n'.join(log.read_text().splitlines()[-30:])
