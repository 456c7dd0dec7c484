"""Signals to a training in a process of its own."""

from __future__ import annotations

import os
import signal

import pytest

from restorekit.io.checkpoint import read_checkpoint
from tests.engine.conftest import tiny_config
from tests.helpers import Started, restorekit

MANY = 100_000


@pytest.mark.slow
def test_a_scheduler_that_ends_a_run_leaves_it_to_go_on(photo_folder, tmp_path):
    work = tmp_path / 'run'
    config = tiny_config(photo_folder, work, **{'train_cfg.max_iters': MANY})
    config.val_dataloader = config.val_cfg = config.val_evaluator = None
    config.dump(str(tmp_path / 'run.py'))
    with Started('train', tmp_path / 'run.py') as process:
        process.wait_for((work / 'iter_4.pth').exists)
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait() == 0, process.said
        assert 'Asked to stop: ending after iteration' in process.said
    assert (work / 'requeue').exists()
    last = read_checkpoint(work / (work / 'last_checkpoint').read_text())['meta']['iter']
    assert 4 <= last < MANY
    options = ['--cfg-options', f'train_cfg.max_iters={last + 1}']
    restorekit('train', tmp_path / 'run.py', '--resume', *options)
    assert read_checkpoint(work / f'iter_{last + 1}.pth')['meta']['iter'] == last + 1
    assert not (work / 'requeue').exists()
