"""What the framework adds to a training step: the Runner against a bare PyTorch loop.

Both train the small AIN on the same batch of 8 patches of 48 x 48, in turns of some steps each, so
that the machine's drift meets both alike. Prints the median milliseconds of a step and their
difference.

Usage: python tools/benchmarks/train_overhead.py [--steps 20] [--turns 9]
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time

import numpy as np
import torch
from mmengine.hooks import Hook
from torch.nn import functional as F

from restorekit.config import load_config
from restorekit.io import write_image
from restorekit.registry import BACKBONES, RUNNERS

CONFIG = 'ain/ain-small_jpeg-q10_2k_bsd200.py'


class Pacer(Hook):
    """Times the Runner's steps, and lets the bare loop run between its turns."""

    priority = 'VERY_HIGH'  # the first hook of a step: the time between two calls is the whole step

    def __init__(self, bare, steps: int) -> None:
        self.bare, self.steps = bare, steps
        self.framework_ms: list[float] = []
        self.bare_ms: list[float] = []
        self.start = None

    def before_train_iter(self, runner, batch_idx, data_batch=None) -> None:
        if batch_idx % self.steps == 0:
            if self.start is not None and batch_idx > self.steps:
                self.framework_ms.append((time.perf_counter() - self.start) / self.steps * 1e3)
            begin = time.perf_counter()
            for _ in range(self.steps):
                self.bare()
            if batch_idx:
                self.bare_ms.append((time.perf_counter() - begin) / self.steps * 1e3)
            self.start = time.perf_counter()


def bare_step(config):
    """The same network, optimizer, loss and amount of data, without the framework."""
    net = BACKBONES.build(config.model.backbone)
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    inputs, gt = torch.rand(2, 8, 1, 48, 48)

    def step():
        optimizer.zero_grad()
        loss = F.l1_loss(net(inputs), gt)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--steps', type=int, default=20, help='steps in a turn')
    parser.add_argument('--turns', type=int, default=9)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for index in range(8):
            write_image(f'{folder}/{index}.png', np.random.default_rng(index).random((96, 96, 3)))
        config = load_config(CONFIG)
        config.work_dir = f'{folder}/run'
        config.log_level = 'ERROR'
        config.train_dataloader.dataset.gt_dir = folder
        config.train_cfg.max_iters = args.steps * (args.turns + 2)
        config.val_cfg = config.val_dataloader = config.val_evaluator = None
        runner = RUNNERS.build(config)
        pacer = Pacer(bare_step(config), args.steps)
        runner.register_hook(pacer)
        runner.train()
    framework, bare = statistics.median(pacer.framework_ms), statistics.median(pacer.bare_ms)
    print(f'bare loop {bare:.2f} ms, with the framework {framework:.2f} ms a step, data included; ')
    print(f'overhead {framework - bare:.2f} ms, {100 * (framework / bare - 1):.1f} %')


if __name__ == '__main__':
    main()
