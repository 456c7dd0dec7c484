"""Blocks of the networks that papers compare with: what they refuse, and their special cases."""

from __future__ import annotations

import pytest
import torch

from restorekit.inference.memory import PeakMode
from restorekit.registry import BACKBONES, BLOCKS
from restorekit.restorers import ImagePreprocessor


@pytest.mark.parametrize(
    ('config', 'message'),
    [
        ({'type': 'IMDB', 'channels': 6}, 'IMDB: channels must be a multiple of 4, got 6'),
        (
            {'type': 'ChannelAttention', 'channels': 8},
            'ChannelAttention: channels must be at least reduction=16, got 8',
        ),
        (
            {'type': 'SwinBlock', 'channels': 10},
            'SwinBlock: num_heads must divide channels, got 4 and 10',
        ),
        (
            {'type': 'SwinBlock', 'channels': 8, 'shift': 8},
            'SwinBlock: shift must be less than window=8, got 8',
        ),
        (
            {'type': 'FeedbackBlock', 'channels': 8, 'scale': 5},
            r'projection: scale must be one of \(2, 3, 4\) .*, got 5',
        ),
    ],
)
def test_blocks_refuse(config, message):
    with pytest.raises(ValueError, match=message):
        BLOCKS.build(config)


def test_networks_refuse():
    with pytest.raises(ValueError, match=r'kernel_sizes must be one figure, or one for each of 3'):
        BACKBONES.build({'type': 'PlainNet', 'widths': (8, 8), 'kernel_sizes': (3, 3)})
    with pytest.raises(ValueError, match=r'LapSRN: scale must be 2 \| 4 \| 8, got 3'):
        BACKBONES.build({'type': 'LapSRN', 'scale': 3})
    with pytest.raises(ValueError, match='SRFBN|forward_with'):
        BACKBONES.build({'type': 'SRFBN', 'block': {'type': 'ResidualBlock'}})


def test_contrast_of_flat_features_has_a_finite_gradient():
    block = BLOCKS.build({'type': 'ChannelAttention', 'channels': 16, 'contrast': True})
    x = torch.ones(1, 16, 4, 4, requires_grad=True)
    block(x).sum().backward()
    assert torch.isfinite(x.grad).all()


def test_windows_do_not_see_each_other():
    torch.manual_seed(0)
    block = BLOCKS.build({'type': 'SwinBlock', 'channels': 8, 'window': 4}).eval()
    x = torch.rand(1, 8, 8, 8)
    changed = x.clone()
    changed[..., 0, 0] += torch.rand(8)
    differs = (block(x) - block(changed)).abs().amax(dim=1)[0] > 1e-6
    assert differs[:4, :4].all()
    assert not differs[4:].any()
    assert not differs[:, 4:].any()


def test_a_shifted_window_does_not_reach_round_the_border():
    torch.manual_seed(0)
    config = {'type': 'SwinBlock', 'channels': 8, 'window': 4, 'shift': 2}
    block = BLOCKS.build(config).eval()
    x = torch.rand(1, 8, 8, 8)
    changed = x.clone()
    changed[..., 0, 0] += torch.rand(8)
    differs = (block(x) - block(changed)).abs().amax(dim=1)[0] > 1e-6
    assert differs[:2, :2].all()
    assert not differs[2:].any()
    assert not differs[:, 2:].any()


@pytest.mark.parametrize(('residual', 'sign'), [('add', 1), ('subtract', -1), ('none', 0)])
def test_the_residual_of_a_plain_network(residual, sign):
    net = BACKBONES.build({'type': 'PlainNet', 'widths': (4,), 'residual': residual})
    x = torch.rand(1, 1, 5, 6)
    result = net.tail(net.body(x))
    torch.testing.assert_close(net(x), x + sign * result if sign else result)


def test_groups_let_blocks_take_turns():
    block = [{'type': 'ResidualBlock'}, {'type': 'MSFF'}]
    group = BLOCKS.build({'type': 'ResidualGroup', 'channels': 4, 'num_blocks': 3, 'block': block})
    kinds = [type(part).__name__ for part in group.blocks]
    assert kinds == ['ResidualBlock', 'MSFF', 'ResidualBlock']


def test_a_network_may_see_ycbcr():
    preprocessor = ImagePreprocessor('ycbcr', mean=16 / 255, std=219 / 255)
    images = torch.rand(2, 3, 4, 5)
    encoded = preprocessor.encode(images)
    white = preprocessor.encode(torch.ones(1, 3, 1, 1))[0, 0]
    torch.testing.assert_close(white, torch.ones(1, 1), rtol=0, atol=1e-6)
    torch.testing.assert_close(preprocessor.decode(encoded), images, rtol=0, atol=1e-5)


def test_a_memory_block_mixes_map_by_map_what_it_was_trained_on_together():
    block = BLOCKS.build({'type': 'MemoryBlock', 'channels': 4, 'num_memories': 3}).double()
    for module in block.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.running_mean)
            torch.nn.init.uniform_(module.running_var, 0.5, 2)
            torch.nn.init.uniform_(module.weight)
            torch.nn.init.uniform_(module.bias)
    block.eval()
    memories = [torch.rand(2, 4, 7, 9).double() for _ in range(3)]
    recent = list(block._recent(memories[-1]))
    assert len(recent) == 6
    together = block.gate(torch.cat([*recent, *memories], dim=1))
    torch.testing.assert_close(block(*memories), together)


@pytest.mark.parametrize(
    ('config', 'count', 'most'),
    [
        # In maps of the features: the gate's sum and, of a recursion, what goes in, the activation
        # and what comes out. With a map more each of x4 would be 0.6 GiB at 480 x 320.
        ({'type': 'MemoryBlock', 'channels': 8, 'num_recursions': 3, 'num_memories': 4}, 4, 4.5),
        # Three large maps, their sum and one more term, 16 maps each.
        ({'type': 'SRB', 'channels': 8, 'scale': 4, 'num_groups': 3}, 1, 5.5 * 16),
    ],
)
def test_maps_are_dropped_as_soon_as_they_are_used(config, count, most):
    block = BLOCKS.build(config).eval()
    x = torch.rand(1, 8, 32, 32)
    with torch.no_grad(), PeakMode() as memory:
        block(*[x] * count)
    assert memory.peak / x.nbytes < most
