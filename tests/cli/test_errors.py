"""What the door says of errors, whoever raised them, and where it keeps their tracebacks."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import pytest
import torch

from restorekit.cli import errors
from restorekit.cli import list as list_command
from restorekit.cli.errors import keep_traceback, one_message
from restorekit.io import write_image
from tests.conftest import smooth_image
from tests.engine.conftest import tiny_config
from tests.helpers import error_of, restorekit


def raising(error):
    def run(args):
        raise error

    return run


@pytest.mark.parametrize(
    ('error', 'message'),
    [
        (ValueError('scale must be 2'), 'error: scale must be 2\n'),
        (KeyError('lr'), "error: KeyError: 'lr'\n"),
        (RuntimeError('shapes differ\nC++ frames'), 'error: RuntimeError: shapes differ\n'),
        (AssertionError(), 'error: AssertionError: no message\n'),
        (torch.OutOfMemoryError('out of memory'), 'error: OutOfMemoryError: out of memory\n'),
    ],
)
def test_every_error_is_one_sentence(monkeypatch, error, message):
    monkeypatch.setattr(list_command, 'run', raising(error))
    text = error_of('list')
    assert f'restorekit list: {message}' in text
    assert '--traceback shows where it was raised' in text


@pytest.mark.parametrize('way', ['option', 'environment'])
def test_the_traceback_is_shown_on_demand(monkeypatch, way):
    monkeypatch.setattr(list_command, 'run', raising(KeyError('lr')))
    if way == 'environment':
        monkeypatch.setenv('RESTOREKIT_TRACEBACK', '1')
    result = restorekit('list', *['--traceback'][: way == 'option'], expect=1)
    assert 'Traceback (most recent call last)' in result.stderr
    assert 'in run' in result.stderr
    assert "restorekit list: error: KeyError: 'lr'" in result.stderr


def test_an_interrupt_is_one_line(monkeypatch):
    monkeypatch.setattr(list_command, 'run', raising(KeyboardInterrupt()))
    assert restorekit('list', expect=130).stderr == 'restorekit list: interrupted\n'


def kept(work_dir):
    try:
        raise KeyError('lr')
    except KeyError:
        return keep_traceback(work_dir)


def test_the_traceback_goes_into_the_runs_log_or_its_folder(monkeypatch, tmp_path):
    class Loggers:
        class MMLogger:
            @staticmethod
            def get_current_instance():
                return logger

    logger = logging.Logger('run')
    monkeypatch.setitem(errors.sys.modules, 'mmengine.logging', Loggers)
    assert kept(None) is None
    assert kept(tmp_path / 'nothing') is None
    assert kept(tmp_path) == str(tmp_path / 'traceback.txt')
    assert "KeyError: 'lr'" in (tmp_path / 'traceback.txt').read_text()
    handler = logging.FileHandler(tmp_path / 'run.log')
    logger.addHandler(handler)
    assert kept(tmp_path) == str(tmp_path / 'run.log')
    handler.close()
    assert "KeyError: 'lr'" in (tmp_path / 'run.log').read_text()


def test_a_missing_package_names_the_extra_that_brings_it(monkeypatch):
    monkeypatch.setattr(errors, 'requires', lambda _: ['tensorboard>=2; extra == "tensorboard"'])
    message = one_message(ImportError('Please run "pip install future tensorboard"'))
    assert message == (
        'ImportError: Please run "pip install future tensorboard"; '
        'pip install "restorekit[tensorboard]"'
    )
    assert one_message(ImportError('cannot import x')) == 'ImportError: cannot import x'


def test_what_torch_refuses_is_one_sentence_and_its_traceback_is_in_the_log(photo_folder, tmp_path):
    config = tiny_config(photo_folder, tmp_path / 'w', visualizer=None)
    config.model.backbone.block = {'type': 'AttentiveInception', 'conv_cfg': {'type': 'Conv3d'}}
    config.dump(str(tmp_path / 'tiny.py'))
    message = error_of('train', tmp_path / 'tiny.py', '--work-dir', tmp_path / 'w')
    assert 'restorekit train: error: RuntimeError: ' in message
    log = re.search(r'\(the traceback is in (.*\.log); --traceback shows', message)[1]
    assert 'Traceback (most recent call last)' in Path(log).read_text()


def test_positionals_may_follow_options(tmp_path, monkeypatch):
    monkeypatch.setenv('RESTOREKIT_DATA', str(tmp_path))
    (tmp_path / 'sr/Set5/HR').mkdir(parents=True)
    write_image(tmp_path / 'sr/Set5/HR/a.png', smooth_image(16, 16))
    message = error_of('test', 'bicubic/bicubic_x2.py', '--work-dir', tmp_path, tmp_path / 'no.pth')
    assert 'no.pth: no such checkpoint' in message


def test_an_empty_config_says_what_it_lacks(tmp_path):
    empty = tmp_path / 'empty.py'
    empty.write_text('')
    work = ['--work-dir', tmp_path / 'w']
    lacks = 'it has no model, test_dataloader, test_evaluator'
    assert lacks in error_of('test', empty, *work)
    assert 'it has no train_dataloader' in error_of('train', empty, *work)
    command = ['restore', tmp_path / 'a.png', '-m', empty, '-o', tmp_path / 'out']
    assert 'empty.py: no model in this config' in error_of(*command)


def test_a_device_that_computes_nothing(tmp_path):
    image = ['-m', 'bicubic/bicubic_x2.py', '-o', tmp_path / 'out', '--device', 'meta']
    assert "device 'meta' computes nothing" in error_of('restore', tmp_path / 'a.png', *image)


def test_a_ctrl_c_that_was_taken_for_a_fault_is_a_ctrl_c(monkeypatch):
    def run(args):
        try:
            raise KeyboardInterrupt
        except BaseException:  # as mmengine while it formats a config
            raise SyntaxError('Failed to format the config file')  # noqa: B904

    monkeypatch.setattr(list_command, 'run', run)
    assert restorekit('list', expect=130).stderr == 'restorekit list: interrupted\n'
