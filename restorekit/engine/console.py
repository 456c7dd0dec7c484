"""What a run says on the console; its log file holds all that mmengine says."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from mmengine.hooks import Hook
from mmengine.logging import MMLogger
from mmengine.model import is_model_wrapper
from mmengine.optim import OptimWrapper, OptimWrapperDict
from mmengine.runner import BaseLoop, Runner

from restorekit.datasets.wrappers import leaf_datasets
from restorekit.functional import precision

FORMAT, TIME = '%(asctime)s  %(message)s', '%H:%M:%S'


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
    cast = getattr(getattr(runner, '_optim_wrapper', None), 'cast_dtype', runner.test_dtype)
    computed = str(cast).removeprefix('torch.') if cast is not None else precision(device)
    ranks = f', {runner.world_size} processes' if runner.world_size > 1 else ''
    return f'{device} ({name}), {computed}{ranks}'
