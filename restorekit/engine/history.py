"""mmengine's message hub: its histories as plain data, and kept from growing without end."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from mmengine.hooks import Hook
from mmengine.logging import HistoryBuffer
from mmengine.runner import Runner

KEPT = 10_000  # entries of each history: enough for any window of a log


def plain_history(message_hub: dict) -> dict:
    """The state of mmengine's message hub as tensors and plain data."""
    scalars = {}
    for name, buffer in message_hub['log_scalars'].items():
        values, counts = buffer.data
        scalars[name] = {
            'max_length': buffer.max_length,
            'values': torch.from_numpy(np.asarray(values, dtype=np.float64)),
            'counts': torch.from_numpy(np.asarray(counts, dtype=np.float64)),
        }
    info = {
        name: value.item() if isinstance(value, np.generic) else value
        for name, value in message_hub['runtime_info'].items()
    }
    return {**message_hub, 'log_scalars': scalars, 'runtime_info': info}


def restored_history(message_hub: dict) -> dict:
    """What `plain_history` was made from; what mmengine itself saved is returned as it is."""
    scalars = {
        name: HistoryBuffer(entry['values'].numpy(), entry['counts'].numpy(), entry['max_length'])
        if isinstance(entry, dict)
        else entry
        for name, entry in message_hub['log_scalars'].items()
    }
    return {**message_hub, 'log_scalars': scalars}


class BoundedHistoryHook(Hook):
    """Limits the histories to their last entries.

    mmengine keeps a million of each and copies all of them for each one it adds: steps would become
    slower and checkpoints larger the longer a run takes.
    """

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict | None = None,
        outputs: Sequence | dict | None = None,
    ) -> None:
        for buffer in runner.message_hub.log_scalars.values():
            buffer.max_length = KEPT
