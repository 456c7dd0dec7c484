import inspect
from unittest import mock

import pytest
import torch

from restorekit.catalogue.card import Card
from restorekit.cli import parse
from restorekit.inference import inferencer, precision, restore
from restorekit.inference.precision import choose_precision


def card(loss):
    return Card(task='sr', scale=2, description='', bfloat16_loss=loss)


@pytest.fixture(params=[True, False], ids=['native', 'emulated'])
def native(request, monkeypatch):
    monkeypatch.setattr(
        precision, 'is_native', lambda dtype, device: request.param or dtype == torch.float32
    )
    return request.param


@pytest.mark.parametrize(
    ('loss', 'taken', 'sentence'),
    [
        (0.0199, torch.bfloat16, 'bfloat16: this processor computes it, and it costs 0.020 dB'),
        (-0.01, torch.bfloat16, 'bfloat16: this processor computes it, and it costs 0.000 dB'),
        (0.02, torch.float32, 'float32: bfloat16 costs this model 0.020 dB'),
        (float('nan'), torch.float32, 'float32: bfloat16 costs this model nan dB'),
        (None, torch.float32, 'float32: what bfloat16 costs was not measured for this model'),
    ],
)
def test_automatic(native, loss, taken, sentence):
    found = choose_precision('auto', 'cpu', card(loss))
    emulated = (torch.float32, 'float32: this processor has no instructions for bfloat16')
    assert found == ((taken, sentence) if native else emulated)


def test_automatic_without_a_card(native):
    assert choose_precision('auto', torch.device('cpu'))[0] == torch.float32


@pytest.mark.parametrize('name', ['bfloat16', 'float16'])
def test_what_is_asked_is_taken_and_its_price_said(native, name):
    dtype, sentence = choose_precision(name, 'cpu', card(1.0))
    assert dtype == getattr(torch, name)
    slow = ': this processor has no instructions for it, so that it is slower than float32'
    assert sentence == f'{name}, as asked' + ('' if native else slow)


def test_float32_and_other_devices(native):
    assert choose_precision('float32', 'cpu') == (torch.float32, 'float32, as asked')
    if native:
        sentence = choose_precision('auto', 'cuda:1', card(0))[1]
        assert sentence == 'bfloat16: this device (cuda) computes it, and it costs 0.000 dB'


def test_other_words_are_refused():
    message = "precision must be one of auto, float32, bfloat16, float16, got 'half'"
    with pytest.raises(ValueError, match=message):
        choose_precision('half', 'cpu')


def test_elsewhere_nobody_has_measured(monkeypatch):
    monkeypatch.setattr(precision, 'is_native', lambda *_: True)
    sentence = 'float32: what bfloat16 costs was not measured on this device (mps)'
    assert choose_precision('auto', 'mps', card(0.001)) == (torch.float32, sentence)
    assert choose_precision('float16', 'mps')[0] == torch.float16


@pytest.mark.parametrize(
    ('losses', 'expected'),
    [
        ((0.01,), 0.01),
        ((0.01, 0.015), 0.015),
        ((0.015, 0.01), 0.015),
        ((float('nan'), 0.01), None),
        ((0.01, float('nan')), None),
        ((0.01, None), None),
    ],
)
def test_of_a_chain_the_model_counts_that_loses_most(monkeypatch, losses, expected):
    cards = {f'model{index}': card(loss) for index, loss in enumerate(losses)}
    monkeypatch.setattr(inferencer, 'is_model', lambda name: name in cards)
    monkeypatch.setattr(inferencer, 'find_model', lambda name: mock.Mock(card=cards[name]))
    monkeypatch.setattr(precision, 'is_native', lambda *_: True)
    found = choose_precision('auto', 'cpu', inferencer._card(tuple(cards)))[1]
    assert (f'it costs {expected:.3f} dB' in found) if expected else found.startswith('float32')
    assert inferencer._card((*cards, 'mine.pth')) is None
    assert inferencer._card(None) is None


def test_every_door_has_the_options_of_the_inferencer():
    """With one meaning, and one default."""
    given = inspect.signature(inferencer.Inferencer).parameters
    command = vars(parse('restore', ['a.png', '-o', 'out']))
    assert set(given) - set(command) == set()
    for name in ('device', 'tile', 'overlap', 'precision', 'ensemble', 'unsafe_load'):
        assert command[name] == given[name].default, name
    door = inspect.signature(restore).parameters
    for name in ('device', 'tile', 'overlap', 'precision', 'ensemble'):
        assert door[name].default == given[name].default, name
    assert parse('restore', ['a.png', '-o', 'out', '--tile', '0']).tile is None
    assert parse('restore', ['a.png', '-o', 'out', '--tile', '96']).tile == 96
    assert parse('serve', []).precision == given['precision'].default
