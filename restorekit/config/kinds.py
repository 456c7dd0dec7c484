"""What the keys of mmengine and torch take, whose own constructors do not say it, or too late."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Iterator
from typing import Annotated, Any, Literal

import torch
from torch.utils.data import DataLoader

from restorekit.options import (
    AtLeast0,
    AtLeast1,
    NotNegative,
    Positive,
    Scale,
    Within,
    fits,
    nearest,
    written,
)

Fraction = Annotated[float, Within(0, 1)]
Rate = Annotated[float, Within(0, 1000)]  # of learning; weights are gone after one step beyond it
Quality = Annotated[int, Within(1, 100)]
Sigma = Annotated[float, Within(0, 255)]  # of noise, in 8-bit units
Level = Literal['NOTSET', 'DEBUG', 'INFO', 'WARN', 'WARNING', 'ERROR', 'CRITICAL', 'FATAL']
LOADER: dict[str, Any] = {
    'dataset': dict,
    'sampler': dict,
    'batch_sampler': dict | None,
    'batch_size': Annotated[int, Within(1, 1_000_000)],
    'num_workers': AtLeast0,
    'prefetch_factor': AtLeast1 | None,
    'persistent_workers': bool,
    'pin_memory': bool,
    'drop_last': bool,
    'skip_unreadable': bool,
    'on_device': bool | dict,
    'timeout': NotNegative,
    'num_batch_per_epoch': AtLeast1 | None,
}

# By the nearest key above an option that stands here.
KINDS: dict[str, dict[str, Any]] = {
    'train_cfg': {
        'by_epoch': bool,
        'max_iters': AtLeast1,
        'max_epochs': AtLeast1,
        'val_begin': AtLeast1,
        'val_interval': AtLeast1,
    },
    'train_dataloader': LOADER,
    'val_dataloader': LOADER,
    'test_dataloader': LOADER,
    'optim_wrapper': {'accumulative_counts': AtLeast1},
    'optimizer': {
        'lr': Rate,
        'weight_decay': NotNegative,
        'momentum': Fraction,
        'betas': tuple[Fraction, Fraction],
        'eps': NotNegative,
        'amsgrad': bool,
        'nesterov': bool,
        'maximize': bool,
    },
    'clip_grad': {'max_norm': Positive, 'clip_value': Positive, 'norm_type': Positive},
    'param_scheduler': {
        'by_epoch': bool,
        'begin': AtLeast0,
        'end': AtLeast0,
        'milestones': list[AtLeast0],
        'step_size': AtLeast1,
        'total_iters': AtLeast1,
        'T_max': AtLeast1 | None,
        'gamma': Rate,
        'factor': Rate,
        'start_factor': Rate,
        'end_factor': Rate,
        'eta_min': Rate | None,
        'power': NotNegative,
        'periods': list[AtLeast1],
    },
    'randomness': {
        'seed': Annotated[int, Within(0, 2**32 - 1)] | None,
        'deterministic': bool,
        'diff_rank_seed': bool,
    },
    'env_cfg': {
        'cudnn_benchmark': bool,
        'mp_cfg': dict,
        'dist_cfg': dict,
        'resource_limit': AtLeast1,
        'tf32': bool,
    },
    'mp_cfg': {
        'mp_start_method': Literal['fork', 'spawn', 'forkserver'],
        'opencv_num_threads': AtLeast0,
    },
    'dist_cfg': {
        'backend': str,
        'timeout': Positive | None,
        'port': Annotated[int, Within(1, 65535)] | None,
    },
    'compile': {
        'fullgraph': bool,
        'dynamic': bool | None,
        'backend': str,
        'mode': str | None,
        'options': dict | None,
        'disable': bool,
    },
    'auto_scale_lr': {'enable': bool, 'base_batch_size': AtLeast1},
    'degradation': {
        'scale': Scale,
        'quality': Quality | tuple[Quality, Quality],
        'sigma': Sigma | tuple[Sigma, Sigma],
    },
}


@functools.cache
def _accepted() -> dict[str, tuple[str, ...]]:
    """Every option that there is, where an entry without a type goes to one function."""
    from mmengine.runner import Runner  # takes seconds, and who restores needs no config

    loader = (*inspect.signature(DataLoader).parameters, *LOADER)
    return {
        'train_dataloader': loader,
        'val_dataloader': loader,
        'test_dataloader': loader,
        'randomness': tuple(inspect.signature(Runner.set_randomness).parameters)[1:],
        **{section: tuple(KINDS[section]) for section in ('env_cfg', 'mp_cfg', 'dist_cfg')},
        'compile': tuple(inspect.signature(torch.compile).parameters)[1:],
    }


# Of a config's own top, beside what mmengine's runner says of it.
TOP: dict[str, Any] = {
    'compile': bool | dict,
    'log_level': Level | Annotated[int, Within(0, 100)],
    'find_unused_parameters': bool,
    'unsafe_load': bool,
}


def option_problems(node: object, place: tuple = ()) -> Iterator[str]:
    """What stands below `node` and is not as this page says, each with its place."""
    children: list[tuple] = []
    if isinstance(node, list | tuple):
        children = [*enumerate(node)]
    elif isinstance(node, dict):
        children = [*node.items()]
    section = next((key for key in reversed(place) if isinstance(key, str)), '')
    known, accepted = KINDS.get(section, {}), None
    if section in KINDS and (len(place) == 1 or place[0] == 'env_cfg'):
        accepted = _accepted().get(section)
    for key, value in children:
        where = '.'.join(map(str, (*place, key)))
        # mmengine takes 3e5 for a number of iterations, but torch no such batch.
        counted = section in ('train_cfg', 'param_scheduler') and isinstance(value, float)
        plain = int(value) if counted and value.is_integer() else value
        if key in known and not fits(plain, known[key]):
            yield f'{where}: must be {written(known[key])}, got {value!r}'
        elif accepted is not None and key not in accepted:
            yield f'{section}: no option {key!r}; {nearest(str(key), list(accepted))}'
        yield from option_problems(value, (*place, key))
