"""Files of weights to be shipped."""

import json

import pytest
import torch

from restorekit.io.checkpoint import CheckpointError, read_checkpoint
from restorekit.io.weights import read_card, read_weights, write_weights


@pytest.fixture
def file(tmp_path):
    path = tmp_path / 'a.safetensors'
    weights = {'w': torch.arange(6.0).view(2, 3).t(), 'n': torch.tensor(3)}
    write_weights(path, weights, model={'type': 'A'}, card={'task': 'sr', 'name': 'a'})
    return path


def test_what_is_written_is_read(file):
    held = read_checkpoint(file)
    assert torch.equal(held['state_dict']['w'], torch.arange(6.0).view(2, 3).t())
    assert held['state_dict']['n'].item() == 3
    assert held['meta'] == {'model': {'type': 'A'}, 'card': {'task': 'sr', 'name': 'a'}}
    assert read_card(file) == {'task': 'sr', 'name': 'a'}


def test_equal_weights_make_equal_files(file, tmp_path):
    held = read_weights(file)
    card = {'name': 'a', 'task': 'sr'}  # in whatever order
    write_weights(tmp_path / 'b.safetensors', held['state_dict'], model={'type': 'A'}, card=card)
    assert (tmp_path / 'b.safetensors').read_bytes() == file.read_bytes()


def test_a_file_of_others_holds_tensors_alone(tmp_path):
    from safetensors.torch import save_file

    save_file({'w': torch.ones(2)}, tmp_path / 'a.safetensors')
    held = read_checkpoint(tmp_path / 'a.safetensors')
    assert held['meta'] == {}
    assert torch.equal(held['state_dict']['w'], torch.ones(2))
    assert read_card(tmp_path / 'a.safetensors') == {}


def test_one_flipped_bit_is_found(file):
    data = bytearray(file.read_bytes())
    data[-3] ^= 4
    file.write_bytes(data)
    with pytest.raises(CheckpointError, match=r'a\.safetensors: damaged; its tensors .* SHA-256'):
        read_checkpoint(file)


@pytest.mark.parametrize(
    'damage',
    [
        lambda data: b'',
        lambda data: data[:5],
        lambda data: data[:40],
        lambda data: data[:-1],
        lambda data: b'\xff' * 8 + data[8:],
        lambda data: data[:8] + b'[' + data[9:],
        lambda data: b'PK\x03\x04' + data,
    ],
)
def test_a_damaged_file_is_one_message(file, damage):
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(CheckpointError, match=r'a\.safetensors: damaged'):
        read_checkpoint(file)


def test_what_a_file_says_of_itself_must_be_json(tmp_path):
    from safetensors.torch import save_file

    for text in ('{', '[]', json.dumps({'card': 3})):
        save_file({'w': torch.ones(2)}, tmp_path / 'a.safetensors', {'restorekit': text})
        with pytest.raises(CheckpointError, match='damaged; what it says of itself'):
            read_card(tmp_path / 'a.safetensors')


def test_a_file_without_anything_is_whole(tmp_path):
    (tmp_path / 'a.safetensors').write_bytes((2).to_bytes(8, 'little') + b'{}')
    assert read_card(tmp_path / 'a.safetensors') == {}
