"""What the processes of a training loader do: make whole batches, and outlive a signal."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Sequence
from typing import Any

import torch
from mmengine.dataset import pseudo_collate, worker_init_fn
from mmengine.dist import get_rank
from torch import Tensor
from torch.utils.data import default_collate

from restorekit.data_sample import DataSample
from restorekit.registry import FUNCTIONS


@FUNCTIONS.register_module()
def stack_samples(samples: Sequence[dict]) -> dict[str, Any]:
    """A batch as a handful of tensors, so that it crosses between processes and devices as a whole.

    Args:
        samples: What `PackInputs` gives: `inputs` and `data_samples`.
    Returns:
        `inputs`, (N, …); `targets`, the tensors of the samples by name, (N, …) each; and
        `data_samples`, a list of them without tensors, to which ImagePreprocessor gives them back.
        What cannot be stacked (sizes differ, or these are other samples) comes as lists, without
        `targets`, as mmengine's `pseudo_collate` gives it.
    """
    if not all(_can_be_stacked(sample, samples[0]) for sample in samples):
        return pseudo_collate(samples)
    carriers = [sample['data_samples'] for sample in samples]
    return {
        'inputs': default_collate([sample['inputs'] for sample in samples]),
        'targets': {
            name: default_collate([carrier.get(name) for carrier in carriers])
            for name in sorted(carriers[0].keys())
        },
        'data_samples': [_without_tensors(carrier) for carrier in carriers],
    }


def _without_tensors(carrier: DataSample) -> DataSample:
    """A sample with the metadata of another, which are not copied."""
    sample = type(carrier)()
    for name, value in carrier.metainfo_items():
        sample.set_field(value, name, field_type='metainfo')
    return sample


def _can_be_stacked(sample: Any, first: dict) -> bool:
    """Whether a sample is of tensors alone, and of the kinds and sizes of the first."""
    if not isinstance(sample, dict) or sample.keys() != {'inputs', 'data_samples'}:
        return False
    if not isinstance(sample['data_samples'], DataSample):
        return False
    ours, theirs = (
        {'inputs': s['inputs'], **dict(s['data_samples'].items())} for s in (sample, first)
    )
    return ours.keys() == theirs.keys() and all(
        isinstance(value, Tensor)
        and isinstance(theirs[name], Tensor)
        and (value.shape, value.dtype) == (theirs[name].shape, theirs[name].dtype)
        for name, value in ours.items()
    )


def start_worker(worker_id: int, num_workers: int, seed: int, quiet: bool = False) -> None:
    """Begin a loader's worker: mmengine's seeds, and deaf to what asks the run to stop.

    Schedulers and terminals signal every process of a job at once. The run wants to finish its step
    and save, for which it needs its workers.

    Args:
        worker_id: 0 to num_workers - 1.
        num_workers: Of the loader.
        seed: The run's seed.
        quiet: Show warnings of the first worker alone.
    """
    worker_init_fn(worker_id, num_workers, get_rank(), seed, quiet)
    for name in ('SIGINT', 'SIGUSR1'):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    if hasattr(signal, 'sigwaitinfo'):
        # Blocked, not ignored: the run itself ends workers that hang by SIGTERM.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        threading.Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True).start()


def _end_with_parent(parent: int) -> None:
    """Wait for SIGTERM, and end the process where its parent has sent it."""
    while signal.sigwaitinfo({signal.SIGTERM}).si_pid != parent:
        pass
    os._exit(0)


def with_workers(loader: dict, *, seed: int, stacked: bool = False) -> dict:
    """The config of a loader, with our way to start workers where it names none of its own.

    Args:
        loader: As in a config; left as it is.
        seed: The run's seed.
        stacked: Whether batches are stacked too, and pinned where there is a GPU to send them to.
    """
    loader = dict(loader)
    if 'worker_init_fn' not in loader:
        loader['worker_init_fn'] = {
            'type': start_worker,
            'num_workers': loader.get('num_workers', 0),
            'seed': seed,
            'quiet': loader.pop('disable_subprocess_warning', False),
        }
    if stacked:
        loader.setdefault('collate_fn', {'type': stack_samples})
        loader.setdefault('pin_memory', torch.cuda.is_available())
    return loader
