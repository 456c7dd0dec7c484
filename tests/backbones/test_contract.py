"""What every entry of BACKBONES promises; a new one is tested by being registered."""

from __future__ import annotations

import pytest
import torch

from restorekit.contracts import without_gradient
from restorekit.registry import BACKBONES, BLOCKS

NAMES = list(BACKBONES)
SIZES = [(1, 1), (5, 7), (13, 18), (32, 20)]


def build(name):
    torch.manual_seed(0)
    return BACKBONES.build({'type': name, **BACKBONES.get(name).example}).double()


def inputs(net, *size, batch=2):
    """Images, or brackets, as the network declares them."""
    frames = (net.num_frames or 3,) if net.takes_bracket else ()
    return torch.rand(batch, *frames, net.in_channels or 3, *size).double()


def outputs(net, x):
    """Everything that a network names for its losses."""
    named = net.forward_train(x)
    return [step for y in named.values() for step in (y if isinstance(y, list) else [y])]


@pytest.mark.parametrize('size', SIZES)
@pytest.mark.parametrize('name', NAMES)
def test_one_tensor_of_the_declared_shape_from_min_size_up(name, size):
    net = build(name).eval()
    x = inputs(net, *(max(side, net.min_size) for side in size))
    before = x.clone()
    y = net(x)
    height, width = x.shape[-2:]
    channels = net.out_channels or x.shape[-3]
    assert y.shape == (len(x), channels, height * net.scale, width * net.scale)
    assert torch.isfinite(y).all()
    assert torch.equal(x, before), 'the input was changed'
    torch.testing.assert_close(net.forward_train(x)['output'], y)


@pytest.mark.parametrize('name', NAMES)
def test_an_image_alone_equals_its_row_of_a_batch(name):
    net = build(name).eval()
    x = inputs(net, 13, 18)
    torch.testing.assert_close(net(x[1:]), net(x)[1:], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize('name', NAMES)
def test_every_parameter_receives_a_gradient(name):
    net = build(name).train()
    if not list(net.parameters()):
        pytest.skip('no parameters')
    steps = outputs(net, inputs(net, 13, 18))
    torch.stack([(y * torch.randn_like(y)).sum() for y in steps]).sum().backward()
    alive = {n for n, p in net.named_parameters() if p.grad is not None and p.grad.any()}
    assert {n for n, _ in net.named_parameters()} - alive - without_gradient(net) == set()


@pytest.mark.parametrize('name', NAMES)
def test_state_dict_round_trip(name):
    net, other = build(name).eval(), build(name).eval()
    for parameter in other.parameters():
        torch.nn.init.zeros_(parameter)
    other.load_state_dict(net.state_dict())
    x = inputs(net, 13, 18)
    assert torch.equal(net(x), other(x))


@pytest.mark.parametrize('dtype', [torch.bfloat16, torch.float16])
@pytest.mark.parametrize('name', NAMES)
def test_autocast_is_near_float32(name, dtype):
    net = build(name).float().eval()
    x = inputs(net, 13, 18).float()
    with torch.no_grad():
        steps = outputs(net, x)
        with torch.autocast('cpu', dtype=dtype):
            halves = outputs(net, x)
    for half, full in zip(halves, steps, strict=True):
        assert (half.float() - full).norm() < 0.02 * full.norm()


@pytest.mark.slow
@pytest.mark.parametrize('name', NAMES)
def test_the_exported_program_takes_any_size(name):
    net = build(name).float().eval()
    x = inputs(net, 32, 40).float()
    free = torch.export.Dim.DYNAMIC
    sizes = {0: free, x.ndim - 2: free, x.ndim - 1: free}
    with torch.no_grad():
        program = torch.export.export(net, (x,), dynamic_shapes=(sizes,), strict=False).module()
        other = inputs(net, 27, 45, batch=3).float()
        torch.testing.assert_close(program(other), net(other))


@pytest.mark.parametrize('block', BLOCKS)
@pytest.mark.parametrize('scale', [1, 2, 3, 4])
def test_any_block_stands_in_the_residual_network(block, scale):
    instance = BLOCKS.build({'type': block, 'channels': 32, **BLOCKS.get(block).example})
    if instance.num_inputs != 1 or instance.scale != 1:
        pytest.skip('takes more, or changes the size')
    net = BACKBONES.build(
        {
            'type': 'ResidualNet',
            'num_feats': 32,
            'num_blocks': 1,
            'block': {'type': block},
            'scale': scale,
        }
    ).eval()
    assert net.min_size == instance.min_size
    least = max(net.min_size, 7)
    y = net(torch.rand(1, 3, least, least + 2))
    assert y.shape == (1, 3, least * scale, (least + 2) * scale)
