"""Wrapped models, and what all ranks share."""

from __future__ import annotations

import gc
from typing import Any, TypeGuard

import torch
from mmengine.dist import all_reduce_params, is_distributed
from torch import nn
from torch.distributed.checkpoint.state_dict import (
    StateDictOptions,
    get_model_state_dict,
    get_optimizer_state_dict,
    set_model_state_dict,
    set_optimizer_state_dict,
)
from torch.distributed.fsdp import FullyShardedDataParallel

from restorekit.contracts import Block, StatefulBlock
from restorekit.registry import FUNCTIONS

DDP, FSDP = 'MMDistributedDataParallel', 'MMFullyShardedDataParallel'


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

    Only what a network calls can be: not blocks with state (`forward_with` is not a call to the
    wrapper), nor the network itself, which is trained by `forward_train`.

    Args:
        module, recurse, nonwrapped_numel: Given by FSDP, of each module.
        min_num_params: Smaller blocks stay with what is around them.
    """
    if recurse:
        return True
    is_called = isinstance(module, Block) and not isinstance(module, StatefulBlock)
    return is_called and nonwrapped_numel >= min_num_params


def is_sharded(model: nn.Module | None) -> TypeGuard[FullyShardedDataParallel]:
    """Whether each rank holds a part of the weights alone."""
    return isinstance(model, FullyShardedDataParallel)


def whole_weights(model: nn.Module, *, to_save: bool = False) -> dict[str, Any]:
    """All weights by name, whatever the model is wrapped in; to be called on all ranks.

    Args:
        model: As it is trained.
        to_save: From GPUs, to the memory of the first rank alone; the others get none.
    """
    # From CPU to CPU the offload crashes, in torch 2.13 at least.
    offload = to_save and torch.cuda.is_available()
    return get_model_state_dict(model, options=_whole(cpu_offload=offload))


def load_whole_weights(model: nn.Module, weights: dict[str, Any]) -> None:
    """Give a model all its weights, as `whole_weights` gave them; to be called on all ranks.

    Of sharded ones none may be missing: torch would take a rank's shard for the whole.
    """
    set_model_state_dict(model, weights, options=_whole())


def whole_optimizer_state(
    model: nn.Module | None, optimizer: torch.optim.Optimizer
) -> dict[str, Any]:
    """The optimizer's state, to save; to be called on all ranks.

    Parameters go by their number, as in `torch.optim`; with sharded weights, by their name.
    """
    if not is_sharded(model):
        return optimizer.state_dict()
    options = _whole(cpu_offload=torch.cuda.is_available())
    return get_optimizer_state_dict(model, optimizer, options=options)


def load_whole_optimizer_state(
    model: nn.Module | None, optimizer: torch.optim.Optimizer, state: dict[str, Any]
) -> None:
    """Take over what `whole_optimizer_state` gave, of this model in whatever wrapper."""
    by_number = all(
        isinstance(parameter, int)
        for group in state['param_groups']
        for parameter in group['params']
    )
    if is_sharded(model):
        state = _by_name(model, optimizer, state) if by_number else state
        set_optimizer_state_dict(model, optimizer, state, options=_whole())
    elif by_number:
        optimizer.load_state_dict(state)
    else:
        assert model is not None
        set_optimizer_state_dict(model, optimizer, state, options=StateDictOptions(strict=False))


def _whole(*, cpu_offload: bool = False) -> StateDictOptions:
    """Not strict: a model may have no weights, and a weight without gradients has no state."""
    return StateDictOptions(full_state_dict=True, cpu_offload=cpu_offload, strict=False)


def _by_name(
    model: nn.Module, optimizer: torch.optim.Optimizer, state: dict[str, Any]
) -> dict[str, Any]:
    """A state whose parameters go by number, with the names of the sharded model's."""
    names = {
        parameter: name.replace('_fsdp_wrapped_module.', '')
        for name, parameter in model.named_parameters()
    }
    ordered = [names[p] for group in optimizer.param_groups for p in group['params']]
    return {
        'state': {ordered[number]: entry for number, entry in state['state'].items()},
        'param_groups': [
            {**group, 'params': [ordered[number] for number in group['params']]}
            for group in state['param_groups']
        ],
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
