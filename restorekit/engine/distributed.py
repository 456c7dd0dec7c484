"""Process groups where mmengine assumes a GPU, and what all ranks share."""

from __future__ import annotations

import gc
import os
from typing import Any

import torch
from mmengine.dist import all_reduce_params, is_distributed
from torch import nn


def open_process_group(launcher: str) -> None:
    """Open a gloo group where there is no GPU; with GPUs mmengine opens one itself.

    Raises:
        ValueError: If the launcher is torchrun and this process was not started by it.
    """
    if launcher == 'pytorch' and 'RANK' not in os.environ:
        raise ValueError(
            'launcher pytorch: RANK is not set; start with torchrun or tools/dist_train.sh'
        )
    on_cpu = not torch.cuda.is_available() and 'RANK' in os.environ
    if launcher != 'none' and on_cpu and not is_distributed():
        torch.distributed.init_process_group('gloo')


def cpu_wrapper(options: dict | None, *, find_unused_parameters: bool) -> dict[str, Any]:
    """`model_wrapper_cfg` of DDP on CPU, which must get no device ids."""
    return {
        'type': 'MMDistributedDataParallel',
        'broadcast_buffers': False,
        'device_ids': None,
        'find_unused_parameters': find_unused_parameters,
        **(options or {}),
    }


def average_buffers(model: nn.Module) -> None:
    """Give all ranks the mean of running statistics; each has seen its part of the data."""
    if is_distributed():
        all_reduce_params((b for b in model.buffers() if b.is_floating_point()), op='mean')


def close_process_group() -> None:
    """Leave a distributed run, all ranks together; gloo aborts a process that just ends.

    The runner must be out of use: what still holds the group would outlive it.
    """
    if is_distributed():
        gc.collect()
        torch.distributed.barrier()
        torch.distributed.destroy_process_group()
