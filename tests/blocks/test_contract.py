"""What every entry of BLOCKS promises; a new one is tested by being registered."""

import pytest
import torch

from restorekit.blocks import build_block
from restorekit.contracts import any_pools, without_gradient
from restorekit.registry import BLOCKS

CHANNELS = 64
NAMES = list(BLOCKS)
STATEFUL = [name for name in NAMES if hasattr(BLOCKS.get(name), 'forward_with')]
SIZES = [(1, 1), (5, 7), (16, 12), (31, 33)]


def build(name):
    torch.manual_seed(0)
    return BLOCKS.build({'type': name, 'channels': CHANNELS, **BLOCKS.get(name).example}).double()


def maps(block, *shape, batch=2):
    """As many inputs as the block takes, (batch, C, H, W)."""
    return [torch.randn(batch, CHANNELS, *shape).double() for _ in range(block.num_inputs)]


@pytest.mark.parametrize('size', SIZES)
@pytest.mark.parametrize('name', NAMES)
def test_shape_is_kept_from_min_size_up(name, size):
    block = build(name).eval()
    inputs = maps(block, *(max(side, block.min_size) for side in size))
    before = [x.clone() for x in inputs]
    y = block(*inputs)
    height, width = inputs[0].shape[-2:]
    assert y.shape == (2, CHANNELS, block.scale * height, block.scale * width)
    assert torch.isfinite(y).all()
    assert all(map(torch.equal, inputs, before)), 'an input was changed'


@pytest.mark.parametrize('name', NAMES)
def test_an_image_alone_equals_its_row_of_a_batch(name):
    block = build(name).eval()
    inputs = maps(block, 17, 13, batch=3)
    alone = block(*(x[1:2] for x in inputs))
    torch.testing.assert_close(alone, block(*inputs)[1:2], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize('name', NAMES)
def test_what_takes_statistics_of_the_whole_says_so(name):
    """Then what lies far away changes the result, and a tile is treated unlike the whole."""
    block = build(name).eval()
    inputs = maps(block, 40, 48, batch=1)
    with torch.inference_mode():
        before = block(*inputs)
        for x in inputs:
            x[..., 0, 0] += 3
        moved = (block(*inputs) - before)[..., -1, -1]
    assert bool(moved.any()) == any_pools(block)


@pytest.mark.parametrize(
    ('config', 'period'),
    [
        ({'type': 'RFFTBlock', 'window': 16}, 12),
        ({'type': 'SwinBlock', 'window': 4, 'num_heads': 2}, 4),
        ({'type': 'AttentiveInception', 'window': 24}, 8),
        ({'type': 'AttentiveInception', 'attention': False}, 1),
    ],
)
def test_what_is_moved_by_the_period_is_done_alike(config, period):
    torch.manual_seed(0)
    block = BLOCKS.build({'channels': 8, **config}).double().eval()
    assert (block.period, any_pools(block)) == (period, False)
    image, inner = torch.randn(1, 8, 20, 96).double(), slice(24, 60)
    with torch.inference_mode():
        whole = block(image)
        for step, alike in ((period, True), (period - 1, period == 1)):
            part = block(image[..., step:].contiguous())
            same = torch.allclose(part[..., inner], whole[..., step:][..., inner], atol=1e-9)
            assert same == alike or step == 0


@pytest.mark.parametrize('name', NAMES)
def test_every_parameter_receives_a_gradient(name):
    block = build(name).train()
    inputs = [x.requires_grad_() for x in maps(block, 17, 13)]
    y = block(*inputs)
    (y * torch.randn_like(y)).sum().backward()
    alive = {n for n, p in block.named_parameters() if p.grad is not None and p.grad.any()}
    assert {n for n, _ in block.named_parameters()} - alive - without_gradient(block) == set()
    assert all(x.grad.any() for x in inputs)


@pytest.mark.parametrize('name', NAMES)
def test_state_dict_round_trip(name):
    block, other = build(name).eval(), build(name).eval()
    for parameter in other.parameters():
        torch.nn.init.zeros_(parameter)
    other.load_state_dict(block.state_dict())
    inputs = maps(block, 9, 12)
    assert torch.equal(block(*inputs), other(*inputs))


@pytest.mark.parametrize('dtype', [torch.bfloat16, torch.float16])
@pytest.mark.parametrize('name', NAMES)
def test_autocast_is_near_float32(name, dtype):
    block = build(name).float()
    inputs = [1 + x.float().abs().requires_grad_() for x in maps(block, 9, 7, batch=1)]
    expected = block(*inputs)
    with torch.autocast('cpu', dtype=dtype):
        y = block(*inputs).float()
    assert (y - expected).norm() < 0.02 * expected.norm()
    weight = torch.randn_like(expected)
    pairs = zip(*(torch.autograd.grad(z, inputs, weight) for z in (y, expected)), strict=True)
    for half, full in pairs:
        assert torch.cosine_similarity(half.flatten(), full.flatten(), dim=0) > 0.99


@pytest.mark.parametrize('name', NAMES)
def test_runs_in_pure_bfloat16(name):
    block = build(name).bfloat16().eval()
    y = block(*(x.bfloat16() for x in maps(block, 9, 12)))
    assert y.dtype == torch.bfloat16
    assert torch.isfinite(y).all()


@pytest.mark.parametrize('name', STATEFUL)
def test_a_stateful_call_starts_from_nothing_and_changes_with_the_state(name):
    block = build(name).eval()
    (x,) = maps(block, 9, 12)
    y, state = block.forward_with(x, None)
    assert torch.equal(y, block(x))
    assert not torch.equal(block.forward_with(x, state)[0], y)


def test_convolution_layers_are_not_blocks():
    assert 'Conv2d' not in BLOCKS
    assert 'DOConv2d' not in BLOCKS
    assert BLOCKS.get('DOConv2d').__name__ == 'DOConv2d'  # yet it is found, for `conv_cfg`


def test_only_blocks_of_one_input_that_keep_the_size_stand_in_a_network():
    for name, scale in (('CFB', 1), ('PixelShuffleUpsampler', 2)):
        config = {'type': name, **BLOCKS.get(name).example}
        with pytest.raises(ValueError, match=rf'{name}: expected a block .* has scale {scale}'):
            build_block(config, CHANNELS)
    with pytest.raises(ValueError, match='MSFF: expected a block with forward_with'):
        build_block({'type': 'MSFF'}, CHANNELS, stateful=True)
