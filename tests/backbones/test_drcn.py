"""DRCN's size, its steps, and that a signal survives them."""

from __future__ import annotations

import torch

from restorekit.inference.memory import PeakMode
from restorekit.registry import BACKBONES


def test_parameters():
    net = BACKBONES.build({'type': 'DRCN'})
    weights = sum(p.numel() for p in net.parameters() if p.ndim == 4)
    assert weights == 1_774_080  # published as 1,774 k
    assert sum(p.numel() for p in net.parameters()) == 1_775_121


def test_the_result_is_the_weighted_sum_of_all_steps():
    net = BACKBONES.build({'type': 'DRCN', 'num_feats': 4, 'num_recursions': 3})
    torch.nn.init.normal_(net.recur.weight, std=0.3)
    x = torch.rand(1, 1, 7, 9)
    features, expected = net.embed(x), 0
    for weight in net.weights:
        features = torch.relu(net.recur(features))
        expected = expected + weight * (x + net.rebuild(features))
    torch.testing.assert_close(net(x), expected)
    named = net.forward_train(x)
    assert len(named['steps']) == 3
    torch.testing.assert_close(named['steps'][-1], x + net.rebuild(features))
    torch.testing.assert_close(named['output'], expected)


def test_what_was_embedded_survives_all_recursions_before_training():
    net = BACKBONES.build({'type': 'DRCN', 'num_feats': 4})
    steps = net.forward_train(torch.rand(1, 1, 7, 9))['steps']
    assert len(steps) == 16
    torch.testing.assert_close(steps[-1], steps[0])


def test_two_maps_of_features_are_there_at_once():
    net = BACKBONES.build({'type': 'DRCN', 'num_feats': 16, 'num_recursions': 3}).eval()
    x = torch.rand(1, 1, 32, 32)
    with torch.no_grad(), PeakMode() as memory:
        net(x)
    assert memory.peak / (16 * x.nbytes) < 2.5
