"""Process groups where mmengine assumes a GPU, wrapped models, and what all ranks share."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from mmengine.dist import all_reduce_params, is_distributed
from mmengine.model import is_model_wrapper
from torch import nn
from torch.distributed.fsdp import (
    FullOptimStateDictConfig,
    FullStateDictConfig,
    FullyShardedDataParallel,
    StateDictType,
)

from restorekit.registry import BLOCKS, FUNCTIONS

DDP, FSDP = 'MMDistributedDataParallel', 'MMFullyShardedDataParallel'


def open_process_group(launcher: str, backend: str) -> None:
    """Open the process group where mmengine would not, or not safely.

    Without a GPU the ranks meet through gloo. Under torchrun they meet in a part of its store that
    belongs to this attempt: where a rank has died and all are started again, the store still holds
    the addresses of the dead (torch takes it for a new one, see pytorch/pytorch#167288).

    Args:
        launcher: 'none', 'pytorch', 'slurm' or 'mpi'.
        backend: For processes with a GPU.
    Raises:
        ValueError: If the launcher is torchrun and this process was not started by it.
    """
    if launcher == 'pytorch' and 'RANK' not in os.environ:
        raise ValueError(
            'launcher pytorch: RANK is not set; start with torchrun or tools/dist_train.sh'
        )
    has_gpu = torch.cuda.is_available()
    if launcher == 'none' or 'RANK' not in os.environ or is_distributed():
        return
    if launcher == 'pytorch':
        if has_gpu:
            torch.cuda.set_device(int(os.environ['LOCAL_RANK']))
        store, rank, world_size = next(torch.distributed.rendezvous('env://'))
        attempt = os.environ.get('TORCHELASTIC_RESTART_COUNT', '0')
        torch.distributed.init_process_group(
            backend if has_gpu else 'gloo',
            store=torch.distributed.PrefixStore(f'attempt_{attempt}', store),
            rank=rank,
            world_size=world_size,
        )
    elif not has_gpu:
        torch.distributed.init_process_group('gloo')


def wrapper_options(options: dict | None, *, find_unused_parameters: bool) -> dict[str, Any] | None:
    """`model_wrapper_cfg`, completed for processes without a GPU, which must get no device ids."""
    if torch.cuda.is_available():
        return options
    if shards(options):
        return {'device_id': torch.device('cpu'), **(options or {})}
    return {
        'type': DDP,
        'broadcast_buffers': False,
        'device_ids': None,
        'find_unused_parameters': find_unused_parameters,
        **(options or {}),
    }


def shards(options: dict | None) -> bool:
    """Whether a `model_wrapper_cfg` asks for sharded weights."""
    return bool(options) and (options or {}).get('type', DDP).rpartition('.')[2] == FSDP


@FUNCTIONS.register_module()
def wrap_large_blocks(
    module: nn.Module, recurse: bool, nonwrapped_numel: int, min_num_params: int = 1_000_000
) -> bool:
    """FSDP's `auto_wrap_policy`: blocks of at least so many parameters are gathered one by one.

    Only what a network calls can be: not those that have a second door (`forward_with`), nor the
    network itself, which is trained by `forward_train`.
    """
    if recurse:
        return True
    is_called = type(module).__name__ in BLOCKS and not hasattr(module, 'forward_with')
    return is_called and nonwrapped_numel >= min_num_params


def is_sharded(model: nn.Module) -> bool:
    """Whether each rank holds a part of the weights alone."""
    return isinstance(model, FullyShardedDataParallel)


@contextmanager
def whole_model(model: nn.Module) -> Iterator[nn.Module]:
    """The module whose `state_dict` is that of the whole model, whatever it is wrapped in.

    To be entered on all ranks; with sharded weights `state_dict` gathers them, on the CPU.
    """
    if not is_sharded(model):
        inner = model.module if is_model_wrapper(model) else model
        assert isinstance(inner, nn.Module)
        yield inner
        return
    offload = torch.cuda.is_available()  # from CPU to CPU it crashes, in torch 2.13 at least
    with FullyShardedDataParallel.state_dict_type(
        model,
        StateDictType.FULL_STATE_DICT,
        FullStateDictConfig(offload_to_cpu=offload),
        FullOptimStateDictConfig(offload_to_cpu=offload),
    ):
        yield model


def whole_optimizer_state(model: nn.Module, optim_wrapper: Any) -> dict:
    """The optimizer's state for a checkpoint; to be called on all ranks."""
    state = optim_wrapper.state_dict()
    if is_sharded(model):
        with whole_model(model):
            state |= FullyShardedDataParallel.optim_state_dict(model, optim_wrapper.optimizer)
    return state


def own_optimizer_state(model: nn.Module, optim_wrapper: Any, state: dict) -> dict:
    """This rank's part of what `whole_optimizer_state` gave."""
    if not is_sharded(model):
        return state
    inner = {key: state[key] for key in ('state', 'param_groups')}
    with whole_model(model):
        own = FullyShardedDataParallel.optim_state_dict_to_load(
            model, optim_wrapper.optimizer, inner
        )
    return {**state, **own}


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
