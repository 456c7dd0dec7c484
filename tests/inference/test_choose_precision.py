import pytest
import torch

from restorekit.catalogue.card import Card
from restorekit.inference import precision
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
    slow = ': this processor emulates it, which is slower than float32'
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
