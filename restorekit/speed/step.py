"""What the framework adds to a training step, and what its guards and exact resuming add to that.

Three ways to train the small AIN on batches of 8 patches of 48 x 48 take turns of some steps each:
restorekit's Runner; mmengine's Runner with mmengine's own optimizer wrapper, sampler and hooks, on
the same data; and a bare PyTorch loop on one batch.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from torch.nn import functional as F

from restorekit.config import load_config
from restorekit.io import write_image
from restorekit.registry import BACKBONES, RUNNERS
from restorekit.speed.measuring import Case, measure, row

CONFIG = 'ain/ain-small_jpeg-q10_2k_bsd200.py'


def step_rows(folder: Path, *, turns: int, steps: int = 10) -> list[dict[str, Any]]:
    """A row for each way, after that of the convolution.

    Args:
        folder: Made for images and runs.
        turns: Of each way.
        steps: In a turn.
    """
    folder.mkdir()
    for index in range(8):
        write_image(folder / f'{index}.png', np.random.default_rng(index).random((96, 96, 3)))
    config = load_config(CONFIG)
    config.work_dir = str(folder / 'run')
    config.log_level = 'ERROR'
    config.train_dataloader.dataset.gt_dir = str(folder)
    config.train_cfg.max_iters = steps * (turns + 2)
    config.val_cfg = config.val_dataloader = config.val_evaluator = None
    config.test_cfg = config.test_dataloader = config.test_evaluator = None
    rows = measure([], rounds=turns)
    others = {'mmengine': mmengine_step(config), 'a bare loop, data at hand': bare_step(config)}
    runner = RUNNERS.build(config)
    pacer = Pacer(others, steps)
    runner.register_hook(pacer)
    runner.train()
    names = {name: Case(f'AIN-small 8x48x48, {name}', lambda: None) for name in pacer.ms}
    return [*rows, *(row(names[name], taken) for name, taken in pacer.ms.items())]


class Pacer(Hook):
    """Times the Runner's steps, and lets the others run between its turns."""

    priority = 'VERY_HIGH'  # the first hook of a step: the time between two calls is the whole step

    def __init__(self, others: dict[str, Callable[[], None]], steps: int) -> None:
        self.others, self.steps = others, steps
        self.ms: dict[str, list[float]] = {'restorekit': [], **{name: [] for name in others}}
        self.start: float | None = None

    def before_train_iter(
        self,
        runner: Any,
        batch_idx: int,
        data_batch: Any = None,
    ) -> None:
        if batch_idx % self.steps:
            return
        if self.start is not None and batch_idx > self.steps:
            self.ms['restorekit'].append(self._since(self.start))
        for name, step in self.others.items():
            begin = time.perf_counter()
            for _ in range(self.steps):
                step()
            if batch_idx:
                self.ms[name].append(self._since(begin))
        self.start = time.perf_counter()

    def _since(self, begin: float) -> float:
        return (time.perf_counter() - begin) / self.steps * 1e3


def bare_step(config: Config) -> Callable[[], None]:
    """The same network, optimizer, loss and amount of data, without the framework."""
    net = BACKBONES.build(config.model.backbone)
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    inputs, gt = torch.rand(2, 8, 1, 48, 48)

    def step() -> None:
        optimizer.zero_grad()
        loss = F.l1_loss(net(inputs), gt)
        loss.backward()
        optimizer.step()
        loss.item()

    return step


def mmengine_step(config: Config) -> Callable[[], None]:
    """A step of mmengine's own Runner, with what it brings by default."""
    plain = Config(config._cfg_dict.to_dict())
    plain.work_dir += '-mmengine'
    plain.runner_type = 'mmengine.Runner'
    plain.experiment_name = 'mmengine'
    plain.optim_wrapper.type = 'mmengine.OptimWrapper'
    plain.train_dataloader.sampler = {'type': 'mmengine.InfiniteSampler'}
    plain.default_hooks.checkpoint = {'type': 'mmengine.CheckpointHook', 'interval': 10**9}
    plain.custom_hooks = []
    runner = RUNNERS.build(plain)
    loop = runner.build_train_loop(runner._train_loop)
    runner._train_loop = loop
    runner.optim_wrapper = runner.build_optim_wrapper(runner.optim_wrapper)
    runner.param_schedulers = runner.build_param_scheduler(runner.param_schedulers)
    runner.optim_wrapper.initialize_count_status(runner.model, 0, loop.max_iters)
    runner.call_hook('before_run')
    runner.call_hook('before_train')
    runner.call_hook('before_train_epoch')
    runner.model.train()
    return lambda: loop.run_iter(next(loop.dataloader_iterator))
