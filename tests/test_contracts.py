"""The contracts themselves: what is refused, and what a plain module is given."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from restorekit.contracts import Backbone, ContractError
from restorekit.registry import BACKBONES, BLOCKS


@pytest.fixture
def register():
    """Register classes, and forget them after the test."""
    taken = []

    def add(registry, cls):
        registry.register_module(module=cls)
        taken.append((registry, cls.__name__))
        return cls.__name__

    yield add
    for registry, name in taken:
        registry._module_dict.pop(name)


class Plain(nn.Module):
    """A third party's network, which needs one line."""

    scale = 2

    def forward(self, x):
        return nn.functional.interpolate(x, scale_factor=2)


def test_a_plain_network_needs_one_line(register):
    net = BACKBONES.build({'type': register(BACKBONES, Plain)})
    assert (net.min_size, net.in_channels, net.num_frames) == (1, None, None)
    assert not net.takes_bracket
    x = torch.rand(1, 3, 4, 4)
    assert torch.equal(net.forward_train(x)['output'], net(x))
    assert not hasattr(Plain, 'min_size'), 'the class was changed'


def test_what_is_missing_is_said(register):
    class NoScale(nn.Module):
        pass

    # A ValueError, too: commands answer it with one message.
    with pytest.raises(ValueError, match='NoScale: a backbone declares `scale`; add `scale = 1`'):
        BACKBONES.build({'type': register(BACKBONES, NoScale)})


@pytest.mark.parametrize(
    ('promise', 'message'),
    [
        ({'scale': 0}, 'Wrong: scale must be int of 1 or more, got 0'),
        ({'scale': 'x2'}, "Wrong: scale must be int, got 'x2'"),
        ({'scale': 1, 'min_size': -4}, 'Wrong: min_size must be int of 1 or more, got -4'),
        ({'scale': 1, 'takes_bracket': 3}, 'Wrong: takes_bracket must be bool, got 3'),
        ({'scale': 1, 'num_frames': 1.5}, r'Wrong: num_frames must be int \| None, got 1.5'),
    ],
)
def test_wrong_promises_are_refused(register, promise, message):
    name = register(BACKBONES, type('Wrong', (nn.Module,), dict(promise)))
    with pytest.raises(ContractError, match=message):
        BACKBONES.build({'type': name})


def test_classes_are_checked_when_they_are_registered():
    class Wide(nn.Module):
        def __init__(self, dim, channels):
            super().__init__()

    with pytest.raises(ContractError, match=r'Wide: .* `channels` first, got \(dim, channels\)'):
        BLOCKS.register_module(module=Wide)
    with pytest.raises(ContractError, match='expected a subclass of Backbone or nn.Module'):
        BACKBONES.register_module(module=len)
    assert 'Wide' not in BLOCKS


def test_a_network_of_ours_is_complete():
    class Silent(Backbone):
        scale = 1

    assert Silent().forward_train.__func__ is Backbone.forward_train
