"""What keeps a run apart from others, and what it says where it cannot go on."""

from __future__ import annotations

import hashlib
import os
import re
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import torch
from mmengine.dist import all_gather_object
from mmengine.logging import print_log

from restorekit.datasets import DataError
from restorekit.datasets.base import sample_files
from restorekit.engine.samplers import ResumableSampler

NO_MEMORY = r'(?i)out of memory|not enough memory|(can.t|cannot|failed to) allocate memory'
LEARNED = 5.0  # seconds in which torch's signal handler has run


class OutOfMemoryError(ValueError):
    """A training step needs more memory than there is."""


def lock_folder(folder: Path) -> IO | None:
    """Take a work dir for this process alone; the lock ends with the returned file, or the process.

    Returns:
        The file that holds the lock; None where this system or its file system has no locks.
    Raises:
        ValueError: If another process trains there.
    """
    try:
        import fcntl
    except ModuleNotFoundError:  # Windows
        return None
    folder.mkdir(parents=True, exist_ok=True)
    file = (folder / '.lock').open('a+')
    try:
        # Not flock: it would live on in the loaders' workers of a run that was killed.
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        file.seek(0)
        holder = file.read().strip() or 'another process'
        file.close()
        raise ValueError(
            f'{folder}: {holder} trains there already; name another --work-dir, or wait for its end'
        ) from None
    except OSError as error:
        print_log(f'{folder}: cannot be locked ({error}): start no second training there')
        file.close()
        return None
    file.truncate(0)
    file.write(f'process {os.getpid()} on {socket.gethostname()}\n')
    file.flush()
    return file


def check_ranks_agree(config: str, samples: int) -> None:
    """Compare what the ranks are about to train on; to be called on all of them.

    Args:
        config: Text of this rank's config.
        samples: Of its training data.
    Raises:
        ValueError: On all ranks, if one starts with something else than the first.
    """
    text = hashlib.sha256(config.encode()).hexdigest()
    ranks = all_gather_object((text, samples, socket.gethostname()))
    for rank, (other, count, host) in enumerate(ranks):
        if other != ranks[0][0]:
            raise ValueError(
                f'rank {rank} on {host} starts with another config than rank 0 on {ranks[0][2]}'
            )
        if count != ranks[0][1]:
            raise ValueError(
                f'rank {rank} on {host} finds {count} training samples, rank 0 on {ranks[0][2]} '
                f'{ranks[0][1]}'
            )


@contextmanager
def explained(runner: Any) -> Iterator[None]:
    """Say in a sentence what torch reports of a lack of memory, or of a dead worker.

    Raises:
        OutOfMemoryError: With the batch, and what may fit.
        DataError: With the files that the worker may have read.
    """
    try:
        with _deaths_awaited():
            yield
    except RuntimeError as error:  # torch's OutOfMemoryError is one
        first = str(error).splitlines()[0].rstrip('. ') if str(error) else ''
        if isinstance(error, torch.OutOfMemoryError) or re.search(NO_MEMORY, first):
            raise OutOfMemoryError(_no_memory(runner, first)) from error
        if re.match(r'DataLoader worker.*(exited unexpectedly|killed)', first):
            raise DataError(
                f'{first}. One of these was being read: {_in_flight(runner)}'
            ) from error
        raise


@contextmanager
def _deaths_awaited() -> Iterator[None]:
    """A worker that is dead hands over nothing; torch says which one as soon as it learns of it."""
    try:
        yield
    except (ConnectionError, EOFError):
        time.sleep(LEARNED)  # torch's signal handler raises in here
        raise


def _no_memory(runner: Any, first: str) -> str:
    batch, *size = runner.batch_shape
    counts = getattr(runner.optim_wrapper, '_accumulative_counts', 1)
    fits = 'a smaller crop'
    if batch > 1:
        fits = (
            f'--cfg-options train_dataloader.batch_size={-(-batch // 2)} '
            f'optim_wrapper.accumulative_counts={2 * counts} for the same total batch, {fits}'
        )
    return (
        f'out of memory in iteration {runner.iter + 1}, with batches of {batch} x '
        f'{" x ".join(map(str, size))} ({first}); what may fit: {fits}, or --amp'
    )


def _in_flight(runner: Any) -> str:
    """The files of the batches that workers have not delivered yet."""
    loader = runner.train_dataloader
    if not isinstance(loader.sampler, ResumableSampler):
        return 'unknown, the sampler has no positions'
    position = runner._position(runner.iter)
    count = loader.batch_size * loader.num_workers * (loader.prefetch_factor or 1)
    data = loader.dataset.dataset
    samples = (data.get_data_info(i) for i in loader.sampler.indices(position, count))
    return ', '.join(path for sample in samples for _, path in sample_files(sample))
