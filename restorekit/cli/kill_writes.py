"""Writes of images and checkpoints that are killed in the middle."""

from __future__ import annotations

import multiprocessing
import random
import time
from collections import Counter
from pathlib import Path

import numpy as np
import torch

from restorekit.cli.kills import LostError
from restorekit.io import write_hdr, write_image
from restorekit.io.checkpoint import write_checkpoint
from restorekit.io.files import PART

PATIENCE = 30  # seconds for a process to begin a write
LONGEST = 0.01  # seconds from its beginning to the kill; most take less
CHECKPOINT = 'iter_1.pth'
IMAGES = ('a.png', 'a.jpg', 'a.tif', 'a.webp', 'a.bmp', 'a.hdr')
NAMES = (*IMAGES, CHECKPOINT)


def kill_writes(folder: Path, kills: int, moments: random.Random) -> None:
    """Kill a process that writes files over and over so many times in the middle of a write.

    Raises:
        LostError: If a file under its name is not whole, or a temporary one stays.
    """
    for name in ('alone', 'killed'):
        (folder / name).mkdir()
        write_all(folder / name)
    whole = {name: (folder / 'alone' / name).read_bytes() for name in NAMES}
    context = multiprocessing.get_context('forkserver')
    context.set_forkserver_preload([__name__])
    inside: Counter[str] = Counter()
    tried = 0
    while inside.total() < kills:
        tried += 1
        arguments = (folder / 'killed', moments.getrandbits(32))
        process = context.Process(target=_for_ever, args=arguments, daemon=True)
        process.start()
        _wait_for_write(folder / 'killed')
        time.sleep(moments.uniform(0, LONGEST))
        process.kill()
        process.join()
        left = _left(folder / 'killed')
        if len(left) > 1:
            raise LostError(f'temporary files of processes killed before stay: {", ".join(left)}')
        inside.update(name.split('.')[2] for name in left)
        for name, data in whole.items():
            if (folder / 'killed' / name).read_bytes() != data:
                raise LostError(f'{folder / "killed" / name} is not whole after {tried} kills')
    last = context.Process(target=write_all, args=(folder / 'killed',))
    last.start()
    last.join()
    if _left(folder / 'killed'):
        raise LostError(f'{_left(folder / "killed")[0]} stays')
    kinds = ', '.join(f'{count} of {kind}' for kind, count in sorted(inside.items()))
    print(f'{tried} kills, {inside.total()} of them inside a write ({kinds}); all files whole')


def write_all(folder: Path) -> None:
    """Write one file of each kind."""
    for name in NAMES:
        _write(folder / name)


def _write(path: Path) -> None:
    """Write a file of the kind of its name, the same each time."""
    noise = np.random.default_rng(0).random((200, 300, 3), np.float32)
    if path.name == CHECKPOINT:
        write_checkpoint(path, {'state_dict': {'a': torch.from_numpy(noise)}})
    elif path.suffix == '.hdr':
        write_hdr(path, noise)
    else:
        write_image(path, noise)


def _for_ever(folder: Path, seed: int) -> None:
    """Write checkpoints and images in random order, as often the ones as the others."""
    order = random.Random(seed)
    while True:
        _write(folder / (CHECKPOINT if order.random() < 0.5 else order.choice(IMAGES)))


def _left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name.endswith(PART))


def _wait_for_write(folder: Path) -> None:
    """Wait until a temporary file is there that was not."""
    before, end = set(_left(folder)), time.monotonic() + PATIENCE
    while set(_left(folder)) <= before:
        if time.monotonic() > end:
            raise LostError(f'no write in {PATIENCE} s')
