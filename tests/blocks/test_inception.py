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
    shared = torch.tensor([[0.5, 1, 0, -0.5]])
    y, own = block.forward_with(x, shared)
    torch.testing.assert_close(own, torch.full((1, 4), 0.5))
    torch.testing.assert_close(y, x + 3 * (0.5 + shared)[..., None, None])


def test_without_attention_the_shared_vector_passes_by():
    block = AttentiveInception(8, attention=False)
    x, shared = torch.rand(1, 8, 5, 5), torch.rand(1, 8)
    y, own = block.forward_with(x, shared)
    assert own is shared
    assert torch.equal(y, block(x))


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
