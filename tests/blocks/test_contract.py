"""What every entry of BLOCKS promises; a new one is tested by being registered."""

import pytest
import torch

from restorekit.registry import BLOCKS

CHANNELS = 64
NAMES = [name for name in BLOCKS if getattr(BLOCKS.get(name), 'is_block', True)]
SIZES = [(1, 1), (5, 7), (16, 12), (31, 33)]


def build(name):
    torch.manual_seed(0)
    return BLOCKS.build({'type': name, 'channels': CHANNELS}).double()


@pytest.mark.parametrize('size', SIZES)
@pytest.mark.parametrize('name', NAMES)
def test_shape_is_kept_from_min_size_up(name, size):
    block = build(name).eval()
    least = getattr(block, 'min_size', 1)
    x = torch.rand(2, CHANNELS, *(max(side, least) for side in size)).double()
    before = x.clone()
    y = block(x)
    assert y.shape == x.shape
    assert torch.isfinite(y).all()
    assert torch.equal(x, before), 'the input was changed'


@pytest.mark.parametrize('name', NAMES)
def test_an_image_alone_equals_its_row_of_a_batch(name):
    block = build(name).eval()
    x = torch.rand(3, CHANNELS, 17, 13).double()
    torch.testing.assert_close(block(x[1:2]), block(x)[1:2], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize('name', NAMES)
def test_every_parameter_receives_a_gradient(name):
    block = build(name).train()
    x = torch.randn(2, CHANNELS, 17, 13).double().requires_grad_()
    (block(x) * torch.randn_like(x)).sum().backward()
    excused = getattr(block, 'parameters_without_gradient', ())
    dead = [
        n
        for n, p in block.named_parameters()
        if n not in excused and (p.grad is None or not p.grad.any())
    ]
    assert dead == []
    assert x.grad.any()


@pytest.mark.parametrize('name', NAMES)
def test_state_dict_round_trip(name):
    block, other = (
        build(name).eval(),
        BLOCKS.build({'type': name, 'channels': CHANNELS}).double().eval(),
    )
    other.load_state_dict(block.state_dict())
    x = torch.rand(1, CHANNELS, 9, 12).double()
    assert torch.equal(block(x), other(x))


@pytest.mark.parametrize('name', NAMES)
def test_runs_under_bfloat16_autocast(name):
    block = build(name).float()
    x = torch.rand(2, CHANNELS, 17, 13, requires_grad=True)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        y = block(x)
    y.float().sum().backward()
    assert torch.isfinite(y).all()
    assert torch.isfinite(x.grad).all()


@pytest.mark.parametrize('name', NAMES)
def test_runs_in_pure_bfloat16(name):
    y = build(name).bfloat16().eval()(torch.rand(1, CHANNELS, 9, 12).bfloat16())
    assert y.dtype == torch.bfloat16
    assert torch.isfinite(y).all()


@pytest.mark.parametrize('name', [n for n in NAMES if hasattr(BLOCKS.get(n), 'forward_with')])
def test_second_door(name):
    block = build(name).eval()
    x = torch.rand(2, CHANNELS, 9, 12).double()
    y, shared = block.forward_with(x, None)
    assert torch.equal(y, block(x))
    assert not torch.equal(block.forward_with(x, shared)[0], y)
