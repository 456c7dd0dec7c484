"""What a file asks for, against what it holds."""

import sys
import threading

import pytest
import torch
from torch import nn

from restorekit.config import ConfigError
from restorekit.inference import budget as module
from restorekit.inference import load_restorer
from restorekit.inference.budget import Budget, BudgetError, build_within, stored_numbers
from restorekit.io.checkpoint import CheckpointError
from restorekit.registry import BLOCKS, MODELS

RESIDUAL = {'type': 'ResidualNet', 'num_feats': 4, 'num_blocks': 1}


@pytest.fixture
def _weightless():
    """A block without weights: a list of them is long before one is registered."""

    class Weightless(nn.Module):
        def __init__(self, channels):
            super().__init__()

    BLOCKS.register_module(module=Weightless)
    yield
    del BLOCKS.module_dict['Weightless']


def save(path, backbone, weights=None, **options):
    model = {'type': 'Restorer', 'backbone': backbone, **options}
    if weights is None:
        weights = MODELS.build({'type': 'Restorer', 'backbone': RESIDUAL}).state_dict()
    torch.save({'meta': {'model': model}, 'state_dict': weights}, path)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({'num_blocks': 10**4}, 'takes more than .* modules and tensors, and the file holds 10 te'),
        ({'num_blocks': 10**4, 'block': {'type': 'Weightless'}}, 'more than .* modules and tens'),
        (
            {'num_feats': 16_384},
            'takes more than .* numbers, and the file holds 10 tensors with 667',
        ),
        ({'num_feats': 16_384, 'type': 'AIN'}, 'more than .* numbers'),
        ({'num_blocks': 10**4, 'type': 'AIN'}, 'more than .* modules and tensors'),
        (
            {'block': {'type': 'NonLocal', 'reduction': 3}},
            'cannot be built: .*must divide',
        ),
    ],
)
@pytest.mark.usefixtures('_weightless')
def test_a_model_that_the_file_cannot_be_meant_for_is_not_built(tmp_path, options, message):
    save(tmp_path / 'a.pth', {**RESIDUAL, **options})
    with pytest.raises(CheckpointError, match=rf'a\.pth: the model of the config in it.*{message}'):
        load_restorer(None, tmp_path / 'a.pth')
    assert sys.getprofile() is None


@pytest.mark.parametrize(
    'options',
    [{'num_blocks': 10**8}, {'num_feats': 10**6}, {'num_feats': 10**30}, {'num_feats': -1}],
)
def test_a_size_that_no_network_has_is_refused_before_it_is_built(tmp_path, options):
    save(tmp_path / 'a.pth', {**RESIDUAL, **options})
    (key, value) = next(iter(options.items()))
    with pytest.raises(
        ConfigError, match=rf'ResidualNet: {key} must be int of 1 to .*, got {value}$'
    ):
        load_restorer(None, tmp_path / 'a.pth')


def test_one_number_cannot_stand_for_millions(tmp_path):
    large = {**RESIDUAL, 'num_feats': 1000}
    shapes = {'weight': (1000, 3, 3, 3), 'inner': (1000, 1000, 3, 3)}
    weights = {name: torch.zeros(1).expand(shape) for name, shape in shapes.items()}
    assert stored_numbers(weights) == 2
    save(tmp_path / 'a.pth', large, weights)
    with pytest.raises(CheckpointError, match='the file holds 2 tensors with 2 numbers'):
        load_restorer(None, tmp_path / 'a.pth')


def test_numbers_are_those_of_the_storage():
    base = torch.zeros(6, dtype=torch.float16)
    tied = {'a': base[:2], 'b': base[2:], 'c': torch.zeros(3), 'd': torch.zeros(4).to_sparse()}
    assert stored_numbers(tied) == 6 + 3
    assert stored_numbers({}) == 0


@pytest.mark.parametrize(
    'make',
    [
        lambda: torch.zeros(11),
        lambda: torch.ones(1).new_ones(11),
        lambda: torch.rand(11, generator=torch.Generator()),
        lambda: [torch.empty(4) for _ in range(3)],
        lambda: torch.randn(11),
        lambda: torch.eye(4),
        lambda: torch.eye(2, m=6),
        lambda: nn.Linear(3, 3),
    ],
)
def test_all_numbers_are_counted(make):
    with Budget(10, 12):
        torch.zeros(10)
    with pytest.raises(BudgetError, match='more than 10 numbers'), Budget(10, 10):
        make()


def test_others_are_not_counted():
    """Another thread may build what it likes, and so may this one afterwards."""
    with Budget(10, 10):
        thread = threading.Thread(target=lambda: made.append(nn.Linear(100, 100)))
        made: list[nn.Module] = []
        thread.start()
        thread.join()
    assert len(made) == 1
    assert nn.Linear(100, 100).weight.shape == (100, 100)


def test_a_profiler_goes_on_afterwards():
    calls = []
    sys.setprofile(lambda *event: calls.append(event))
    try:
        with Budget(10, 10):
            pass
        calls.clear()
        nn.ReLU()
    finally:
        sys.setprofile(None)
    assert calls


def test_a_model_may_take_twice_the_numbers_of_its_file(monkeypatch):
    monkeypatch.setattr(module, 'SPARE_NUMBERS', 0)
    weights = {'a': torch.ones(10, 10)}
    assert build_within(lambda: torch.empty(200), weights, 'x.pth').shape == (200,)
    with pytest.raises(CheckpointError, match=r'x\.pth: .* it takes more than 200 numbers'):
        build_within(lambda: torch.empty(201), weights, 'x.pth')
