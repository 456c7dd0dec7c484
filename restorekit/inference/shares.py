"""Which part of the work is this process's, where a launcher has started several."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TypeVar

import torch

Item = TypeVar('Item')
# Rank, number of processes, and rank on the machine: of torchrun, and of srun, which alone sets
# the second of its names: an allocation's shell, where one process runs, has the first.
LAUNCHERS = (
    ('RANK', 'WORLD_SIZE', 'LOCAL_RANK'),
    ('SLURM_PROCID', 'SLURM_STEP_NUM_TASKS', 'SLURM_LOCALID'),
)


def share(items: Sequence[Item], environment: Mapping[str, str] = os.environ) -> list[Item]:
    """Every n-th item, from this process's own; all of them where there is one process.

    >>> share('abcde', {'RANK': '1', 'WORLD_SIZE': '2'})
    ['b', 'd']
    """
    for rank, count, _ in LAUNCHERS:
        if rank in environment and count in environment:
            return [*items[int(environment[rank]) :: int(environment[count])]]
    return [*items]


def own_device(environment: Mapping[str, str] = os.environ) -> str | None:
    """The GPU that is this process's among those it sees; None where nobody said one, or none is.

    Under Slurm a process may see one alone, whatever its rank.
    """
    for _, _, local in LAUNCHERS:
        if local in environment and torch.cuda.is_available():
            return f'cuda:{int(environment[local]) % torch.cuda.device_count()}'
    return None
