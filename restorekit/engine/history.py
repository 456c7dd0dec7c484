"""mmengine's message hub: its histories as plain data, and kept from growing without end."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from mmengine.hooks import Hook, LoggerHook, RuntimeInfoHook
from mmengine.logging import HistoryBuffer
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner
from torch import Tensor

KEPT = 10_000  # entries of each history: enough for any window of a log
READ_EVERY = 10  # steps on a GPU
MAX_UNREAD = 1000


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


def is_read_now(runner: Runner) -> bool:
    """Whether what the present step has computed is read on the host, on all ranks alike.

    A GPU works through steps after the host has asked for them. To read a figure is to wait until
    all are done, so that the GPU then waits for the host: it is read after every tenth step and the
    last. On a CPU nothing waits.
    """
    if not getattr(runner.optim_wrapper, 'waits', True):
        return True
    model = runner.model.module if is_model_wrapper(runner.model) else runner.model
    device = next((parameter.device for parameter in model.parameters()), torch.device('cpu'))
    done = runner.iter + 1
    return device.type == 'cpu' or done % READ_EVERY == 0 or done >= runner.max_iters


class BoundedHistory(HistoryBuffer):
    """mmengine's, of which the last entries are kept, and to which adding copies nothing.

    mmengine keeps a million entries and copies all of them for each one it adds: steps would become
    slower and checkpoints larger the longer a run takes.

    Args:
        values, counts: What it begins with, as `HistoryBuffer.data` gives them.
        max_length: How many entries are kept.
    """

    _log_history: np.ndarray
    _count_history: np.ndarray

    def __init__(self, values: np.ndarray, counts: np.ndarray, max_length: int) -> None:
        super().__init__(values[-max_length:], counts[-max_length:], max_length)
        self._room = np.empty((2, 2 * max_length))
        self._fill(self._log_history, self._count_history)

    def _fill(self, values: np.ndarray, counts: np.ndarray) -> None:
        self._end = len(values)
        self._room[:, : self._end] = values, counts

    def update(self, log_val: float, count: int = 1) -> None:
        """Add an entry; TypeError unless both are numbers."""
        if not isinstance(log_val, int | float) or not isinstance(count, int | float):
            raise TypeError(f'BoundedHistory: expected two numbers, got {log_val!r}, {count!r}')
        if self._end == self._room.shape[1]:
            self._fill(self._log_history[1:], self._count_history[1:])
        self._room[:, self._end] = log_val, count
        self._end += 1
        begin = max(0, self._end - self.max_length)
        self._log_history, self._count_history = self._room[:, begin : self._end]


class HistoryHook(RuntimeInfoHook):
    """mmengine's, which leaves a GPU's figures unread until a log or a checkpoint wants them."""

    def __init__(self) -> None:
        self._unread: list[tuple[str, Tensor]] = []
        self.batch_shape: tuple[int, ...] = ()  # of the present step

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: dict | None = None
    ) -> None:
        super().before_train_iter(runner, batch_idx, data_batch)
        inputs = (data_batch or {}).get('inputs', ())
        if isinstance(inputs, Tensor):
            self.batch_shape = tuple(inputs.shape)
        else:
            self.batch_shape = (len(inputs), *inputs[0].shape) if len(inputs) else ()

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict | None = None,
        outputs: dict | None = None,
    ) -> None:
        self._unread += [(f'train/{name}', value) for name, value in (outputs or {}).items()]
        figures = getattr(runner.optim_wrapper, 'unread', [])
        self._unread += figures
        if figures:
            figures.clear()
        far = any(isinstance(value, Tensor) and not value.is_cpu for _, value in self._unread)
        if not far or self._is_wanted(runner, batch_idx):
            self.read(runner)
            return
        self._unread = [
            (name, value.detach() if isinstance(value, Tensor) else value)
            for name, value in self._unread
        ]

    def _is_wanted(self, runner: Runner, batch_idx: int) -> bool:
        logs = [hook for hook in runner.hooks if isinstance(hook, LoggerHook)]
        return (
            any(log.every_n_inner_iters(batch_idx, log.interval) for log in logs)
            or runner.iter + 1 >= runner.max_iters
            or len(self._unread) > MAX_UNREAD
        )

    def read(self, runner: Runner) -> None:
        """Put what is unread into the histories, in one transfer."""
        waiting, self._unread = self._unread, []
        far = [value for _, value in waiting if isinstance(value, Tensor) and value.is_cuda]
        near = iter(
            torch.stack([value.double().reshape(()) for value in far]).tolist() if far else []
        )
        for name, value in waiting:
            is_far = isinstance(value, Tensor) and value.is_cuda
            runner.message_hub.update_scalar(name, next(near) if is_far else value)


class BoundedHistoryHook(Hook):
    """Limits the histories to their last entries."""

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict | None = None,
        outputs: Sequence | dict | None = None,
    ) -> None:
        histories = runner.message_hub.log_scalars
        for name, history in histories.items():
            if type(history) is HistoryBuffer:
                values, counts = history.data
                histories[name] = BoundedHistory(values, counts, KEPT)
