import pytest
import torch

from restorekit.registry import BACKBONES

ARCH = {
    1: {'block': {'type': 'Bottleneck'}, 'long_skip_attention': False},
    2: {
        'block': {'type': 'AttentiveInception', 'attention': False},
        'long_skip_attention': False,
    },
    3: {},
}


def parameters(config):
    return sum(p.numel() for p in BACKBONES.build(config).parameters())


@pytest.mark.parametrize(('arch', 'count'), [(2, 1_304_321), (3, 1_601_153)])
def test_ain_has_the_papers_size(arch, count):
    assert parameters({'type': 'AIN', **ARCH[arch]}) == count


@pytest.mark.parametrize(('scale', 'count'), [(2, 643_243), (3, 827_883), (4, 790_955)])
def test_ammsnet_size(scale, count):
    assert parameters({'type': 'AMMSNet', 'scale': scale}) == count


def test_ammsnet_switched_off_is_the_identity():
    net = BACKBONES.build({'type': 'AMMSNet', 'multi_scale': None, 'attentions': []})
    x = torch.rand(1, 3, 6, 6)
    shallow = net.shallow(net.head(x - net.mean))
    torch.testing.assert_close(net(x), net.tail(2 * shallow) + net.mean)
    units = {'multi_scale': None, 'attentions': [], 'unit_block': {'type': 'ResidualBlock'}}
    assert len(BACKBONES.build({'type': 'AMMSNet', 'num_units': 3, **units}).units) == 3


def test_ammsnet_mean_is_added_back():
    net = BACKBONES.build({'type': 'AMMSNet', 'num_feats': 16})
    for parameter in net.parameters():
        torch.nn.init.zeros_(parameter)
    expected = torch.tensor([0.4488, 0.4371, 0.4040])
    torch.testing.assert_close(net(torch.rand(1, 3, 4, 4))[0, :, 0, 0], expected)
    assert 'mean' not in net.state_dict()


def test_arch1_is_of_similar_size():
    assert 1.1e6 < parameters({'type': 'AIN', **ARCH[1]}) < 1.5e6


def test_long_skip_attention_is_the_first_modules():
    torch.manual_seed(0)
    net = BACKBONES.build({'type': 'AIN', 'num_feats': 8, 'num_blocks': 3}).eval()
    x = torch.rand(1, 1, 9, 9)
    features = net.stem(x)
    features, first = net.blocks[0].forward_with(features, None)
    for block in net.blocks[1:]:
        features = block.forward_with(features, first)[0]
    torch.testing.assert_close(net(x), x + net.tail(features))
    net.long_skip_attention = False
    assert not torch.allclose(net(x), x + net.tail(features))


def test_long_skip_attention_needs_a_block_that_shares():
    with pytest.raises(ValueError, match='ResidualBlock: expected a block with forward_with'):
        BACKBONES.build({'type': 'AIN', 'block': {'type': 'ResidualBlock'}})


def test_deepfuse_without_stretching_does_not_see_the_units_of_its_input():
    torch.manual_seed(0)
    net = BACKBONES.build({'type': 'DeepFuse', 'num_feats': 16, 'stretch': False})
    frames = torch.rand(1, 2, 1, 24, 24)
    result = net(frames)
    assert net.min_size == 1
    last = net.tail[:-1](net.encode(frames[0]).sum(dim=0, keepdim=True))
    assert last.std() > 0.05  # a signal arrives before any training
    torch.testing.assert_close(net(0.25 * frames), 0.25 * result)
    assert not net(torch.zeros(1, 2, 1, 8, 8)).any()
