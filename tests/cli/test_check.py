"""What `restorekit check` says of a machine."""

import pytest
import torch

from restorekit.cli import check
from restorekit.registry import BACKBONES
from tests.helpers import restorekit

CPU = torch.device('cpu')


def test_every_network_agrees_with_itself():
    for name in ('AIN', 'AHDRNet'):
        assert check._agrees(name, CPU, None) == 'differs by 0.0e+00'
        assert check._agrees(name, CPU, torch.float16).startswith('differs by ')


def test_a_device_that_computes_something_else_fails(monkeypatch):
    kind = BACKBONES.get('AIN')
    monkeypatch.setattr(kind, 'to', lambda self, device: self.double().float().apply(_spoil))
    with pytest.raises(check.FailedError, match=r'differs from the CPU in float32 by \d'):
        check._agrees('AIN', CPU, None)


def _spoil(part):
    if isinstance(part, torch.nn.Conv2d):
        torch.nn.init.constant_(part.weight, 0.1)


def test_a_check_that_fails_does_not_keep_the_others(monkeypatch):
    def broken():
        raise check.FailedError('off by one')

    found = [('first', broken), ('second', lambda: 'fine')]
    monkeypatch.setattr(check, 'checks', lambda device, folder: iter(found))
    result = restorekit('check', '--device', 'cpu', expect=1)
    assert 'FAILED  first' in result.stdout
    assert 'FailedError: off by one' in result.stdout
    assert 'passed  second' in result.stdout
    assert 'error: 1 checks failed' in result.stderr


def test_a_command_that_fails_is_quoted(tmp_path):
    with pytest.raises(check.FailedError, match='--traceback shows where it was raised'):
        check._command('restorekit', 'train', str(tmp_path / 'nothing.py'), device=CPU)


@pytest.mark.slow
def test_runs_go_on_in_the_same_bits(tmp_path, monkeypatch):
    def command(_, *words, device):
        return restorekit(*words)

    monkeypatch.setattr(check, '_command', command)
    check.write_config(tmp_path, check.STEPS)
    assert check._train(tmp_path, 'whole', CPU) == '12 steps'
    assert check._resume(tmp_path, CPU) == 'the same bits'


def test_what_is_checked(tmp_path):
    titles = [title for title, _ in check.checks(CPU, tmp_path)]
    assert {'AIN, float32', 'training, float16', 'resuming', 'export'} < set(titles)
    assert any('gloo' in title for title in titles)
