"""What a run says, where, and how much."""

from __future__ import annotations

import io
import logging
import re
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from restorekit.engine import console
from restorekit.engine.amp import AmpOptimWrapper
from restorekit.progress import Progress
from tests.engine.conftest import tiny_config
from tests.helpers import restorekit


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def config_file(photo_folder, tmp_path):
    config = tiny_config(photo_folder, tmp_path / 'run')
    config.train_cfg.update(max_iters=4, val_interval=4)
    config.default_hooks.logger.interval = 4
    config.dump(tmp_path / 'tiny.py')
    return tmp_path / 'tiny.py'


def test_a_run_starts_quietly_and_its_log_holds_everything(config_file, tmp_path):
    done = restorekit('train', config_file)
    lines = done.stdout.splitlines()
    assert re.fullmatch(r'\d\d:\d\d:\d\d  Training', lines[0])
    (log,) = (tmp_path / 'run').glob('*/*.log')
    assert lines[1:9] == [
        'model       AIN, x1, 9,857 parameters',
        'data        photos_q20 (6); batches of 2',
        'validation  photos_q20 (6), every 4 steps',
        'length      4 steps',
        'optimizer   Adam, lr 0.001',
        lines[6],
        f'log         {log}',
        lines[8],
    ]
    assert re.fullmatch(r'device      cpu \((1 thread|([2-9]|\d\d+) threads)\), float32', lines[6])
    assert 'Iter(train) [4/4]' in done.stdout
    assert len(lines) < 25
    text = log.read_text()
    for part in ('System environment', 'Config:', 'Hooks will be executed', 'Iter(val) [4/6]'):
        assert part in text
        assert part not in done.stdout
    assert 'photos_q20/PSNR: ' in text
    assert '| photos_q20 | 6 |' in done.stdout
    tested = restorekit('test', config_file, tmp_path / 'run/iter_4.pth', '--work-dir', tmp_path)
    assert 'data        photos_q20 (6)\n' in tested.stdout
    assert len(tested.stdout.splitlines()) < 18


def test_warnings_are_heard_at_once(config_file, tmp_path):
    first = restorekit('train', config_file)
    again = restorekit('train', config_file, '--resume', '--cfg-options', 'train_cfg.max_iters=5')
    assert 'WARNING' not in first.stdout
    assert re.search(r'WARNING: .*Resumed with another number of iterations', again.stdout)
    assert 'length      5 steps, from 4\n' in again.stdout


def test_the_level_of_the_config_counts_on_the_console_too(config_file):
    done = restorekit('train', config_file, '--cfg-options', 'log_level=WARNING')
    assert done.stdout == ''


def test_progress_in_lines_every_half_minute():
    said, clock = [], Clock()
    progress = Progress('Test', 25, say=said.append, stream=io.StringIO(), clock=clock)
    for step in range(1, 26):
        clock.now += 20
        progress.update(step)
    assert len(said) == 12
    assert said[0] == 'Test: 2 of 25, 20.0 s each, 0:07:40 left'


def test_progress_on_a_terminal_is_one_line_that_goes_away():
    stream, clock, said = Terminal(), Clock(), []
    progress = Progress('Test', 4, say=said.append, stream=stream, clock=clock)
    for step in range(1, 5):
        clock.now += 0.25
        progress.update(step)
    states = stream.getvalue().split('\r\033[K')
    assert states[1:4] == [
        '[........................] Test: 0 of 4',
        '[######..................] Test: 1 of 4, 4.0 a second, 0:00:01 left',
        '[############............] Test: 2 of 4, 4.0 a second, 0:00:00 left',
    ]
    assert states[-1] == ''
    assert said == []


def test_what_others_log_keeps_its_form():
    from restorekit.engine.console import ConsoleFormatter

    record = logging.makeLogRecord({'msg': 'a', 'levelno': logging.ERROR, 'levelname': 'ERROR'})
    assert ConsoleFormatter('%(message)s').format(record) == 'ERROR: a'


def test_the_announcement_names_the_precision_of_mixed_training():
    model = nn.Linear(2, 2)
    wrapper = AmpOptimWrapper(torch.optim.SGD(model.parameters(), lr=1), dtype='bfloat16')
    runner = SimpleNamespace(_optim_wrapper=wrapper, world_size=1, test_dtype=None)
    said = console._device(runner, model)
    assert said.startswith('cpu (')
    assert said.endswith('), bfloat16')
    tested = SimpleNamespace(_optim_wrapper=None, world_size=1, test_dtype=torch.float16)
    assert console._device(tested, model).endswith('), float16')
