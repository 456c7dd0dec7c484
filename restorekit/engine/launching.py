"""How the processes of a distributed run meet, and which GPU each takes."""

from __future__ import annotations

import os
import subprocess
from datetime import timedelta
from typing import Any

import torch
from mmengine.dist import is_distributed

# What a launcher calls rank, number of processes, rank on the node, and processes on the node.
VARIABLES = {
    'pytorch': ('RANK', 'WORLD_SIZE', 'LOCAL_RANK', 'LOCAL_WORLD_SIZE'),
    'slurm': ('SLURM_PROCID', 'SLURM_NTASKS', 'SLURM_LOCALID', 'SLURM_NTASKS_PER_NODE'),
    'mpi': (
        'OMPI_COMM_WORLD_RANK',
        'OMPI_COMM_WORLD_SIZE',
        'OMPI_COMM_WORLD_LOCAL_RANK',
        'OMPI_COMM_WORLD_LOCAL_SIZE',
    ),
}
STARTED_BY = {
    'pytorch': 'torchrun or tools/dist_train.sh',
    'slurm': 'srun or tools/slurm_train.sh',
    'mpi': 'mpirun',
}


def open_process_group(
    launcher: str, *, backend: str = 'nccl', timeout: float | None = None, port: int | None = None
) -> None:
    """Open the process group, where mmengine would not, or not safely.

    Without a GPU the ranks meet through gloo. Under torchrun they meet in a part of its store that
    belongs to this attempt: where a rank has died and all are started again, the store still holds
    the addresses of the dead (torch takes it for a new one, see pytorch/pytorch#167288).

    Args:
        launcher: 'none', 'pytorch', 'slurm' or 'mpi'.
        backend: For processes with a GPU.
        timeout: Seconds after which ranks that wait for another give up; torch's own by default.
        port: Where the first rank listens, under slurm and mpi (default: MASTER_PORT, or one that
            follows from the job's id).
    Raises:
        ValueError: If this process was not started by the launcher, or there is no GPU for it.
    """
    if launcher == 'none' or is_distributed():
        return
    if timeout is not None and (not isinstance(timeout, int | float) or timeout <= 0):
        raise ValueError(f'env_cfg.dist_cfg.timeout must be seconds > 0, got {timeout!r}')
    _set_environment(launcher, port)
    options: dict[str, Any] = {} if timeout is None else {'timeout': timedelta(seconds=timeout)}
    if torch.cuda.is_available():
        device = take_gpu(launcher, int(os.environ['LOCAL_RANK']))
        options |= {'device_id': device} if backend == 'nccl' else {}
    else:
        backend = 'gloo'
    store, rank, world_size = next(torch.distributed.rendezvous('env://'))
    attempt = os.environ.get('TORCHELASTIC_RESTART_COUNT', '0')
    store = torch.distributed.PrefixStore(f'attempt_{attempt}', store)
    torch.distributed.init_process_group(
        backend, store=store, rank=rank, world_size=world_size, **options
    )


def _set_environment(launcher: str, port: int | None) -> None:
    """Translate a launcher's variables into torchrun's."""
    theirs = VARIABLES[launcher]
    if theirs[0] not in os.environ:
        raise ValueError(
            f'launcher {launcher}: {theirs[0]} is not set; start with {STARTED_BY[launcher]}'
        )
    if launcher == 'pytorch':
        return
    for name, other, default in zip(VARIABLES['pytorch'], theirs, '0101', strict=True):
        # Slurm writes tasks per node as '4(x2)'.
        os.environ[name] = os.environ.get(other, '').partition('(')[0] or default
    job = int(os.environ.get('SLURM_JOB_ID', 0))
    if port is not None:
        os.environ['MASTER_PORT'] = str(port)
    # Below the ports that systems hand out by themselves; two jobs on a node must not share one.
    os.environ.setdefault('MASTER_PORT', str(10000 + job % 20000))
    if 'MASTER_ADDR' not in os.environ:
        if launcher == 'mpi':
            raise ValueError("launcher mpi: MASTER_ADDR is not set; it is the first rank's host")
        names = ['scontrol', 'show', 'hostnames', os.environ['SLURM_NODELIST']]
        hosts = subprocess.run(names, check=True, capture_output=True, text=True).stdout
        os.environ['MASTER_ADDR'] = hosts.split()[0]


def take_gpu(launcher: str, local_rank: int) -> torch.device:
    """Make one GPU of this node the process's own.

    Args:
        launcher: Others than torchrun may show each process one GPU alone.
        local_rank: Of the process on its node.
    Raises:
        ValueError: If there is none for it, or it cannot be used.
    """
    count = torch.cuda.device_count()
    index = 0 if launcher != 'pytorch' and count == 1 else local_rank
    if index >= count:
        raise ValueError(
            f'process {local_rank + 1} of this node has no GPU: {count} can be seen; start as many '
            'processes as there are GPUs'
        )
    device = torch.device('cuda', index)
    try:
        torch.cuda.set_device(device)
        torch.zeros(1, device=device)
    except RuntimeError as error:
        first = str(error).splitlines()[0]
        raise ValueError(
            f'GPU {index} of this node cannot be used; is it taken by another process? ({first})'
        ) from error
    return device
