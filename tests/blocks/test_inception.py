import pytest
import torch
from torch import nn

from restorekit.blocks import AttentiveInception, Bottleneck, PixelShuffleUpsampler, ResidualBlock


def test_the_papers_widths_and_dilations():
    block = AttentiveInception(64)
    first = [branch[0] for branch in block.branches]
    assert [conv.dilation for conv in first] == [(1, 1), (2, 2), (3, 3), (5, 5)]
    assert [conv.out_channels for conv in first] == [64, 32, 16, 16]
    assert all(conv.bias is None for conv in first)
    assert [m.out_features for m in block.attention if isinstance(m, nn.Linear)] == [256, 64]


def test_by_hand_without_branches_effect():
    # Zeroed branches give X = 0: what is left is project's bias times sigmoid(0), plus x.
    block = AttentiveInception(4, norm_cfg=None).eval()
    for parameter in block.parameters():
        nn.init.zeros_(parameter)
    nn.init.constant_(block.project.bias, 3)
    x = torch.rand(1, 4, 5, 5)
    torch.testing.assert_close(block(x), x + 3 * 0.5)
    shared = torch.tensor([0.5, 1, 0, -0.5]).reshape(1, 4, 1, 1)
    y, own = block.forward_with(x, shared)
    torch.testing.assert_close(own, torch.full((1, 4, 1, 1), 0.5))
    torch.testing.assert_close(y, x + 3 * (0.5 + shared))


def test_without_attention_the_shared_vector_passes_by():
    block = AttentiveInception(8, attention=False)
    x, shared = torch.rand(1, 8, 5, 5), torch.rand(1, 8, 1, 1)
    y, own = block.forward_with(x, shared)
    assert own is shared
    assert torch.equal(y, block(x))


@pytest.mark.parametrize('size', [(16, 16), (5, 9)])
def test_a_window_pools_patches_of_two_cells_as_a_whole(size):
    torch.manual_seed(0)
    whole, windowed = AttentiveInception(8), AttentiveInception(8, window=24)
    windowed.load_state_dict(whole.state_dict())
    x = torch.randn(2, 8, *size)
    y, own = whole.forward_with(x, None)
    z, cells = windowed.forward_with(x, None)
    torch.testing.assert_close(z, y)
    torch.testing.assert_close(cells, own.expand_as(cells))
    again = windowed.forward_with(x, cells)[0]
    torch.testing.assert_close(again, whole.forward_with(x, own)[0])


def test_a_window_sees_nothing_of_what_lies_far_away():
    block, x = AttentiveInception(8, window=24), torch.randn(1, 8, 100, 20)
    block.eval()
    other = x.clone()
    other[..., 50:, :] += 1
    changed = (block(x) - block(other)).abs().amax(dim=(0, 1, 3)) > 1e-6
    assert not changed[:28].any()  # a window, half a cell and the convolutions before
    assert changed[50:].all()
    assert (block.pools, block.period, block.halo) == (False, 8, 32)


def test_short_skip_is_an_option():
    torch.manual_seed(0)
    block = AttentiveInception(8).eval()
    x = torch.rand(1, 8, 6, 6)
    with_skip = block(x)
    block.short_skip = False
    torch.testing.assert_close(with_skip - x, block(x))


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({'dilations': (1, 2)}, r'equally many, got \(1, 2\) and'),
        ({'window': 32}, 'window must be a multiple of 3, got 32'),
        ({'widths': (1, 1, 1, 0.01)}, 'a branch has no filters with channels=8'),
    ],
)
def test_options_are_checked(options, message):
    with pytest.raises(ValueError, match=message):
        AttentiveInception(8, **options)


def test_bottleneck_is_about_as_large_as_arch2():
    def size(block):
        return sum(p.numel() for p in block.parameters())

    assert 0.9 < size(Bottleneck(64)) / size(AttentiveInception(64, attention=False)) < 1.1


def test_residual_block_scale():
    torch.manual_seed(0)
    block, x = ResidualBlock(4), torch.rand(1, 4, 5, 5)
    whole = block(x) - x
    block.res_scale = 0.1
    torch.testing.assert_close(block(x) - x, 0.1 * whole)


@pytest.mark.parametrize(
    ('scale', 'convolutions'), [(1, 0), (2, 1), (3, 1), (4, 2), (6, 2), (8, 3)]
)
def test_upsampler(scale, convolutions):
    upsampler = PixelShuffleUpsampler(4, scale=scale)
    assert upsampler(torch.rand(2, 4, 3, 5)).shape == (2, 4, 3 * scale, 5 * scale)
    assert sum(isinstance(m, nn.Conv2d) for m in upsampler) == convolutions


@pytest.mark.parametrize('scale', [0, 1.5, -2])
def test_upsampler_scale_is_checked(scale):
    with pytest.raises(ValueError, match=f'scale must be int of 1 to 16, got {scale}'):
        PixelShuffleUpsampler(4, scale=scale)


@pytest.mark.parametrize('order', [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize('options', [{}, {'short_skip': False}, {'attention': False}])
def test_without_gradients_memory_is_saved_and_no_bit_differs(order, options):
    block = AttentiveInception(8, **options).eval().to(memory_format=order)
    x = torch.rand(2, 8, 9, 7).contiguous(memory_format=order)
    before = x.clone()
    expected, own = block.forward_with(x, None)
    with torch.no_grad():
        result, vector = block.forward_with(x, None)
        with torch.autocast('cpu', torch.bfloat16):
            assert block(x).isfinite().all()
    assert torch.equal(result, expected)
    assert result.stride() == expected.stride()
    assert own is vector is None or torch.equal(own, vector)
    assert torch.equal(x, before)
