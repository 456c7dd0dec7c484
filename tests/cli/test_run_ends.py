"""How `train` and `test` end: codes, signals to a launcher, figures that are none."""

from __future__ import annotations

import os
import signal

import pytest
import torch

from restorekit.cli import train
from restorekit.registry import MODELS
from restorekit.restorers import Restorer
from tests.engine.conftest import tiny_config
from tests.helpers import Started, error_of, restorekit


@pytest.fixture
def config(photo_folder, tmp_path):
    config = tiny_config(photo_folder, tmp_path / 'run')
    config.dump(tmp_path / 'tiny.py')
    return config


def test_weights_that_are_nan_are_an_error(config, tmp_path):
    weights = MODELS.build(config.model).state_dict()
    next(iter(weights.values())).fill_(float('nan'))
    torch.save({'state_dict': weights}, tmp_path / 'nan.pth')
    message = error_of('test', tmp_path / 'tiny.py', tmp_path / 'nan.pth')
    assert 'nan.pth: damaged weights: ' in message
    assert not (tmp_path / 'run/results.md').exists()


def test_half_precision_that_is_emulated_is_said(config, tmp_path, monkeypatch):
    def say(native, *options):
        monkeypatch.setattr('restorekit.functional.dtypes.is_native', lambda *_: native)
        monkeypatch.setattr('mmengine.device.get_device', lambda: 'cpu')
        monkeypatch.setattr('restorekit.registry.RUNNERS.build', interrupted)
        command = ('train', tmp_path / 'tiny.py', '--amp', *options)
        return restorekit(*command, expect=130).stderr

    emulated = (
        '--amp: this cpu has no bfloat16 of its own and computes it by way of float32, slower '
        'than float32 itself\n'
    )
    assert emulated in say(False)
    assert '--amp:' not in say(True)
    chosen = ('--cfg-options', 'optim_wrapper.dtype=float16')
    assert '--amp: this cpu has no float16 of its own' in say(False, *chosen)


def interrupted(*_):
    raise KeyboardInterrupt


def test_ctrl_c_ends_the_command_with_its_code(config, tmp_path, monkeypatch):
    asked = []

    def step(self, *args):
        if not asked:
            os.kill(os.getpid(), signal.SIGINT)
        asked.append(1)
        return loss(self, *args)

    loss = Restorer.loss
    monkeypatch.setattr(Restorer, 'loss', step)
    before = signal.getsignal(signal.SIGINT)
    done = restorekit('train', tmp_path / 'tiny.py', expect=130)
    assert done.stderr.endswith('restorekit train: interrupted; --resume goes on\n')
    assert len(asked) == 1
    assert (tmp_path / 'run/iter_1.pth').exists()
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.slow
def test_ctrl_c_to_a_process_of_its_own(config, tmp_path):
    config.train_cfg.max_iters = 100_000
    config.dump(tmp_path / 'tiny.py')
    with Started('train', tmp_path / 'tiny.py') as process:
        process.wait_for((tmp_path / 'run/iter_4.pth').exists)
        os.kill(process.pid, signal.SIGINT)
        assert process.wait() == 130, process.said
        assert process.said.endswith('restorekit train: interrupted; --resume goes on\n')


@pytest.mark.parametrize(
    ('error', 'stopped'),
    [
        (ValueError('a slip'), True),
        (FileNotFoundError('no such file'), True),
        (ModuleNotFoundError('no extra'), True),
        (RuntimeError('a rank died'), False),
    ],
)
def test_a_users_error_is_not_started_again_by_torchrun(monkeypatch, error, stopped):
    sent = []
    monkeypatch.setattr(train, '_train', lambda args: (_ for _ in ()).throw(error))
    monkeypatch.setattr(os, 'kill', lambda *call: sent.append(call))
    monkeypatch.setattr(signal, 'signal', lambda *call: sent.append(call))
    monkeypatch.delenv('TORCHELASTIC_RUN_ID', raising=False)
    with pytest.raises(type(error)):
        train.run(None)
    assert sent == [], 'there is no launcher'
    monkeypatch.setenv('TORCHELASTIC_RUN_ID', '1')
    with pytest.raises(type(error)):
        train.run(None)
    ignored = (signal.SIGTERM, signal.SIG_IGN)
    assert sent == ([ignored, (os.getppid(), signal.SIGTERM)] if stopped else [])


def test_a_dead_worker_is_started_again(monkeypatch):
    """Its error is a ValueError that names files, but the next start may pass them."""

    def fail(args):
        raise ValueError('a worker was killed') from RuntimeError('DataLoader worker')

    sent = []
    monkeypatch.setattr(train, '_train', fail)
    monkeypatch.setattr(os, 'kill', lambda *call: sent.append(call))
    monkeypatch.setenv('TORCHELASTIC_RUN_ID', '1')
    with pytest.raises(ValueError, match='a worker was killed'):
        train.run(None)
    assert sent == []


def test_no_validate_asks_for_no_best_checkpoint(config, tmp_path, monkeypatch):
    built = []
    monkeypatch.setattr(
        'restorekit.registry.RUNNERS.build', lambda c: built.append(c) or interrupted()
    )
    best = ('--cfg-options', 'default_hooks.checkpoint.save_best=a/PSNR')
    for words in (best, (*best, '--no-validate')):
        restorekit('train', tmp_path / 'tiny.py', *words, expect=130)
    assert [c.default_hooks.checkpoint.get('save_best') for c in built] == ['a/PSNR', None]


def test_a_launcher_is_said_on_the_command_line(config, tmp_path):
    words = ('train', tmp_path / 'tiny.py', '--cfg-options', 'launcher=pytorch')
    assert "launcher='pytorch' in the config: the command says it, by --launcher" in error_of(
        *words
    )
