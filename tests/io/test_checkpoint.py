import os
import pickle

import pytest
import torch
from mmengine.logging import HistoryBuffer
from torch import nn

from restorekit.engine.history import plain_history, restored_history
from restorekit.io.checkpoint import (
    CheckpointError,
    read_checkpoint,
    verify_checkpoint,
    write_checkpoint,
)
from restorekit.io.fitting import fitting_weights, load_weights


class Attack:
    """Unpickling it makes a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def test_code_in_a_checkpoint_is_refused(tmp_path):
    torch.save({'state_dict': {}, 'meta': Attack(tmp_path / 'made')}, tmp_path / 'evil.pth')
    with pytest.raises(CheckpointError, match=r'evil\.pth: refused.*--unsafe-load'):
        read_checkpoint(tmp_path / 'evil.pth')
    assert not (tmp_path / 'made').exists()
    read_checkpoint(tmp_path / 'evil.pth', unsafe=True)
    assert (tmp_path / 'made').exists()


class GetattrAttack:
    def __init__(self, owner, name):
        self.what = (owner, name)

    def __reduce__(self):
        return getattr, self.what


@pytest.mark.parametrize(
    'what', [(nn.Module, 'load_state_dict'), (HistoryBuffer, 'update'), (torch.dtype, 'mean')]
)
def test_getattr_in_a_checkpoint_reaches_nothing_else(tmp_path, what):
    torch.save({'state_dict': {}, 'meta': GetattrAttack(*what)}, tmp_path / 'evil.pth')
    with pytest.raises(CheckpointError, match='refused'):
        read_checkpoint(tmp_path / 'evil.pth')


def test_what_mmengine_saves_is_read(tmp_path):
    history = HistoryBuffer([1.0, 2.0], [1, 1])
    torch.save(
        {'state_dict': {}, 'message_hub': {'log_scalars': {'loss': history}}}, tmp_path / 'a.pth'
    )
    loaded = read_checkpoint(tmp_path / 'a.pth')['message_hub']['log_scalars']['loss']
    assert loaded.mean() == 1.5


def test_history_as_plain_data_and_back(tmp_path):
    hub = {
        'log_scalars': {'loss': HistoryBuffer([1.0, 2.0], [1, 3], max_length=5)},
        'runtime_info': {'iter': 3, 'cfg': 'x = 1'},
        'resumed_keys': {'loss': True},
    }
    torch.save(plain_history(hub), tmp_path / 'a.pth')
    back = restored_history(torch.load(tmp_path / 'a.pth', weights_only=True))
    assert back['log_scalars']['loss'].data[1].tolist() == [1, 3]
    assert back['log_scalars']['loss'].max_length == 5
    assert back['runtime_info'] == hub['runtime_info']


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        (b'', r'a\.pth: damaged or no checkpoint \(empty\)'),
        (b'not a checkpoint at all', r'a\.pth: damaged or no checkpoint'),
        (pickle.dumps([1, 2], protocol=2), r'a\.pth: (damaged|expected a checkpoint)'),
    ],
)
def test_other_files(tmp_path, content, message):
    (tmp_path / 'a.pth').write_bytes(content)
    with pytest.raises(CheckpointError, match=message):
        read_checkpoint(tmp_path / 'a.pth')


@pytest.mark.parametrize('part', [0.3, 0.9, 0.999])
def test_truncated_checkpoint(tmp_path, part):
    write_checkpoint(tmp_path / 'a.pth', {'state_dict': {'w': torch.rand(1000)}})
    data = (tmp_path / 'a.pth').read_bytes()
    (tmp_path / 'a.pth').write_bytes(data[: int(len(data) * part)])
    for read in (read_checkpoint, verify_checkpoint):
        with pytest.raises(CheckpointError, match=r'a\.pth: damaged'):
            read(tmp_path / 'a.pth')


def test_a_bare_state_dict_is_taken_and_other_dicts_are_not(tmp_path):
    torch.save({'w': torch.ones(1)}, tmp_path / 'a.pth')
    assert read_checkpoint(tmp_path / 'a.pth')['state_dict']['w'].item() == 1
    torch.save({'epoch': 3, 'params': {}}, tmp_path / 'b.pth')
    with pytest.raises(CheckpointError, match='no state_dict in it; it holds epoch, params'):
        read_checkpoint(tmp_path / 'b.pth')
    with pytest.raises(FileNotFoundError, match=r'c\.pth: no such checkpoint'):
        read_checkpoint(tmp_path / 'c.pth')


def test_a_write_that_fails_leaves_the_old_checkpoint(tmp_path, monkeypatch):
    path = tmp_path / 'a.pth'
    write_checkpoint(path, {'state_dict': {'w': torch.ones(1)}})

    def full_disk(descriptor):
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(os, 'fsync', full_disk)
    with pytest.raises(CheckpointError, match=r'a\.pth: .*No space left on device'):
        write_checkpoint(path, {'state_dict': {'w': torch.zeros(1)}})
    assert [file.name for file in tmp_path.iterdir()] == ['a.pth']
    assert read_checkpoint(path)['state_dict']['w'].item() == 1


def test_what_does_not_fit_is_summarised_and_changes_nothing():
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Conv2d(2, 1, 3))
    before = {name: value.clone() for name, value in model.state_dict().items()}
    weights = {
        'module.0.weight': torch.zeros(2, 1, 3, 3),
        '0.bias': torch.zeros(3),
        'x': torch.ones(1),
    }
    with pytest.raises(CheckpointError) as error:
        load_weights(model, weights, source='a.pth')
    text = str(error.value)
    assert 'a.pth does not fit the model of the config (1 of 4 entries fit)' in text
    assert '2 missing: 1.weight, 1.bias' in text
    assert '1 unexpected: x' in text
    assert '1 of another shape: 0.bias: (3,) for (2,)' in text
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())

    own = model.state_dict()
    fitting, problem = fitting_weights(own, weights, source='a.pth', strict=False)
    assert list(fitting) == ['0.weight']
    assert '2 missing' in problem
    with pytest.raises(CheckpointError, match=r'0 of 4 entries fit'):
        fitting_weights(own, {'y': torch.ones(1)}, source='a.pth', strict=False)


def test_weights_that_fit_are_loaded():
    model = nn.Conv2d(1, 2, 3)
    weights = {'module.weight': torch.ones(2, 1, 3, 3), 'module.bias': torch.ones(2)}
    load_weights(model, weights, source='a.pth')
    assert model.weight.eq(1).all()
    assert model.bias.eq(1).all()


def test_every_read_notices_flipped_bits(tmp_path):
    path = tmp_path / 'a.pth'
    write_checkpoint(path, {'state_dict': {'w': torch.zeros(1000)}})
    data = bytearray(path.read_bytes())
    at = data.index(bytes(2000))
    data[at + 1000] ^= 0x18
    path.write_bytes(data)
    assert torch.load(path, weights_only=True)['state_dict']['w'].any(), 'torch takes it'
    with pytest.raises(CheckpointError, match=r'a\.pth: damaged \(CRC-32 of .*data/0\)'):
        read_checkpoint(path)


def test_equal_checkpoints_are_equal_files(tmp_path):
    for name in ('a.pth', 'b.pth'):
        write_checkpoint(tmp_path / name, {'state_dict': {'w': torch.ones(3)}})
    assert (tmp_path / 'a.pth').read_bytes() == (tmp_path / 'b.pth').read_bytes()


@pytest.mark.parametrize('wrapped', [True, False])
def test_sparse_tensors_are_named(tmp_path, wrapped):
    weights = {'a': torch.ones(2), 'b': torch.eye(3).to_sparse()}
    torch.save({'state_dict': weights} if wrapped else weights, tmp_path / 'a.pth')
    with pytest.raises(CheckpointError, match=r'a\.pth: b must be dense, got torch\.sparse_coo'):
        read_checkpoint(tmp_path / 'a.pth')


@pytest.mark.parametrize(
    ('loaded', 'message'),
    [
        ({'state_dict': {1: torch.ones(1)}}, r'a\.pth: its state_dict is not a dict of tensors by'),
        ({'state_dict': {'a': torch.ones(1)}, 'meta': 5}, r'a\.pth: its meta is not a dict, but 5'),
    ],
)
def test_what_is_no_checkpoint_is_said(tmp_path, loaded, message):
    torch.save(loaded, tmp_path / 'a.pth')
    with pytest.raises(CheckpointError, match=message):
        read_checkpoint(tmp_path / 'a.pth')


@pytest.mark.parametrize('value', [torch.nan, torch.inf])
def test_weights_that_are_not_finite_are_refused_by_name(value):
    model = nn.Linear(2, 2)
    weights = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    weights['bias'][1] = value
    with pytest.raises(
        CheckpointError, match=r'w\.pth: damaged weights: 1 .* NaN or infinity: bias'
    ):
        load_weights(model, weights, source='w.pth')
    assert model.bias.isfinite().all()
