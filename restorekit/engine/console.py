"""What a run says on the console; its log file holds all that mmengine says."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

import torch
from mmengine.hooks import Hook
from mmengine.logging import MMLogger
from mmengine.model import is_model_wrapper
from mmengine.optim import OptimWrapper, OptimWrapperDict
from mmengine.runner import BaseLoop, Runner

from restorekit.datasets.wrappers import leaf_datasets
from restorekit.functional import precision

FORMAT, TIME = '%(asctime)s  %(message)s', '%H:%M:%S'
ON_TERMINAL, ELSEWHERE = 0.2, 30.0  # seconds between two states of progress
BAR = 24


class ConsoleFormatter(logging.Formatter):
    """Time and message; the level where it is more than information."""

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        return text if record.levelno < logging.WARNING else f'{record.levelname}: {text}'


def console_handlers(logger: MMLogger) -> list[logging.StreamHandler]:
    """Handlers that write to no file."""
    return [
        handler
        for handler in logger.handlers
        if isinstance(handler, logging.StreamHandler)
        and not isinstance(handler, logging.FileHandler)
    ]


def hush(logger: MMLogger) -> None:
    """Let warnings alone through to the console, in a shorter form than the file's."""
    for handler in console_handlers(logger):
        handler.setLevel(max(handler.level, logging.WARNING))
        handler.setFormatter(ConsoleFormatter(FORMAT, TIME))


def speak(logger: MMLogger) -> None:
    """Let the console hear as much as the log file; ranks without one keep silent."""
    files = [handler for handler in logger.handlers if isinstance(handler, logging.FileHandler)]
    for handler in console_handlers(logger) if files else ():
        handler.setLevel(files[0].level)


class ConsoleHook(Hook):
    """Opens the console once a run begins.

    What comes before, the environment, the config and the order of hooks, is for the file alone.
    """

    priority = 'VERY_HIGH'

    def before_run(self, runner: Runner) -> None:
        speak(runner.logger)


@contextmanager
def only_in_the_file(logger: MMLogger) -> Iterator[None]:
    """Keep what is only information from the console."""
    before = [(handler, handler.level) for handler in console_handlers(logger)]
    try:
        for handler, level in before:
            handler.setLevel(max(level, logging.WARNING))
        yield
    finally:
        for handler, level in before:
            handler.setLevel(level)


def announcement(runner: Runner, mode: str) -> str:
    """What a run is about, in a few lines: model, data, device, length, log.

    Args:
        runner: About to train or test, with everything built.
        mode: 'train' or 'test'.
    """
    model = runner.model.module if is_model_wrapper(runner.model) else runner.model
    network = type(getattr(model, 'backbone', model)).__name__
    count = sum(parameter.numel() for parameter in model.parameters())
    lines = [('model', f'{network}, x{getattr(model, "scale", 1)}, {count:,} parameters')]
    if mode == 'train':
        loader, loop = runner.train_dataloader, runner.train_loop
        batch = f'{loader.batch_size} x {runner.world_size}' if runner.world_size > 1 else ''
        lines.append(('data', f'{_sets(loader)}; batches of {batch or loader.batch_size}'))
        if isinstance(runner._val_loop, BaseLoop):
            every = getattr(loop, 'val_interval', None)
            lines.append(('validation', f'{_sets(runner.val_dataloader)}, every {every} steps'))
        done = f', from {runner.iter}' if runner.iter else ''
        lines.append(('length', f'{runner.max_iters} steps{done}'))
        lines.append(('optimizer', _optimizer(runner.optim_wrapper)))
    else:
        lines.append(('data', _sets(runner.test_dataloader)))
    lines += [('device', _device(runner, model)), ('log', str(runner.logger.log_file))]
    return '\n'.join(f'{title:<11} {text}' for title, text in lines)


def _sets(loader: torch.utils.data.DataLoader) -> str:
    """`Set5_x2 (5), Set14_x2 (14)`."""
    parts = leaf_datasets(loader.dataset)
    return ', '.join(f'{getattr(p, "name", type(p).__name__)} ({len(p)})' for p in parts)


def _optimizer(wrapper: OptimWrapper | OptimWrapperDict) -> str:
    """`Adam, lr 0.001`; of several each."""
    wrappers = wrapper.values() if isinstance(wrapper, OptimWrapperDict) else [wrapper]
    optimizers = [each.optimizer for each in wrappers]
    return '; '.join(f'{type(o).__name__}, lr {o.param_groups[0]["lr"]:g}' for o in optimizers)


def _device(runner: Runner, model: torch.nn.Module) -> str:
    device = next((p.device for p in model.parameters()), torch.device('cpu'))
    threads = torch.get_num_threads()
    name = (
        torch.cuda.get_device_name(device)
        if device.type == 'cuda'
        else f'{threads} thread{"s" if threads > 1 else ""}'
    )
    cast = getattr(getattr(runner, '_optim_wrapper', None), 'cast_dtype', None)
    computed = str(cast).removeprefix('torch.') if cast is not None else precision(device)
    ranks = f', {runner.world_size} processes' if runner.world_size > 1 else ''
    return f'{device} ({name}), {computed}{ranks}'


class Progress:
    """Shows how far a loop is: a bar on a terminal, elsewhere a line every half minute.

    Args:
        title: Of what is done.
        total: How many steps there are.
        say: What takes the lines.
        stream: Where the bar goes, if it is a terminal.
        clock: Seconds.
    """

    def __init__(
        self,
        title: str,
        total: int,
        *,
        say: Callable[[str], None],
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.title = title
        self.total = total
        self._say, self._clock = say, clock
        self._stream = sys.stderr if stream is None else stream
        self._terminal = self._stream.isatty()
        self._start = self._shown = clock()
        if self._terminal:
            self._draw(0)

    def update(self, done: int) -> None:
        """Show a state, if it is time to."""
        now = self._clock()
        if done >= self.total:
            if self._terminal:
                self._stream.write('\r\033[K')  # what comes next begins at an empty line
                self._stream.flush()
        elif now - self._shown >= (ON_TERMINAL if self._terminal else ELSEWHERE):
            self._shown = now
            if self._terminal:
                self._draw(done)
            else:
                self._say(self._state(done))

    def _draw(self, done: int) -> None:
        filled = BAR * done // max(self.total, 1)
        bar = '#' * filled + '.' * (BAR - filled)
        self._stream.write(f'\r\033[K[{bar}] {self._state(done)}')
        self._stream.flush()

    def _state(self, done: int) -> str:
        text = f'{self.title}: {done} of {self.total}'
        seconds = self._clock() - self._start
        if not done or seconds <= 0:
            return text
        left = round(seconds / done * (self.total - done))
        rate = done / seconds
        pace = f'{rate:.1f} a second' if rate >= 1 else f'{1 / rate:.1f} s each'
        return f'{text}, {pace}, {left // 3600}:{left // 60 % 60:02}:{left % 60:02} left'
