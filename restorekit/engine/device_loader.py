"""Loaders whose images lie on the device."""

from __future__ import annotations

from typing import Any

from mmengine.device import get_device

from restorekit.datasets import DeviceImages
from restorekit.options import check_options, fits


def on_device(loader: dict, options: bool | dict) -> dict:
    """The config of a loader that keeps its images on a device, and makes whole batches there.

    Args:
        loader: As in a config, its dataset a SeededDataset; left as it is. What it says of worker
            processes, pinning and collating has nothing to act on.
        options: `device` and `max_mib` of DeviceImages; True for neither.
    Raises:
        ValueError: If the options are not of this kind, or `skip_unreadable` is set.
    """
    if not fits(options, bool | dict):
        raise ValueError(f'on_device: must be True, False or a dict, got {options!r}')
    given = dict(options) if isinstance(options, dict) else {}
    check_options(_options, given)
    dataset = dict(loader['dataset'])
    if dataset.pop('skip_unreadable'):
        raise ValueError(
            'skip_unreadable: with on_device all files are read before the run starts; leave one '
            'of the two out'
        )
    alone = {'num_workers': 0, 'persistent_workers': False, 'pin_memory': False}
    kept = {key: value for key, value in loader.items() if key != 'prefetch_factor'}
    return {
        **kept,
        **alone,
        'collate_fn': {'type': as_it_is},
        'dataset': {**dataset, **_options(**given), 'type': DeviceImages},
    }


def _options(device: str | None = None, max_mib: int | None = None) -> dict[str, Any]:
    """What a config may say; by default the device is the model's."""
    return {'device': device or get_device(), 'max_mib': max_mib}


def as_it_is(batch: dict[str, Any]) -> dict[str, Any]:
    """A batch that is stacked already."""
    return batch
