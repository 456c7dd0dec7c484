import pytest
import torch

from restorekit.registry import BACKBONES, BLOCKS

ARCH = {
    1: {'block': {'type': 'Bottleneck'}, 'long_skip_attention': False},
    2: {
        'block': {'type': 'AttentiveInception', 'attention': False},
        'long_skip_attention': False,
    },
    3: {},
}
SMALL = {
    'AHDRNet': {'num_feats': 8, 'num_blocks': 2, 'fusion_block': {'type': 'DRDB', 'growth': 4}},
    'CFNet': {'num_feats': 8, 'num_groups': 2, 'num_steps': 2},
    'AIN': {'num_feats': 8, 'num_blocks': 2},
    'AMMSNet': {
        'num_feats': 16,
        'num_units': 2,
        'scale': 3,
        'attentions': [{'type': 'NonLocal'}, {'type': 'SOCA', 'reduction': 2}],
    },
    'ResidualNet': {'num_feats': 8, 'num_blocks': 2},
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
    with pytest.raises(ValueError, match='needs a block with forward_with, ResidualBlock has none'):
        BACKBONES.build({'type': 'AIN', 'block': {'type': 'ResidualBlock'}})


@pytest.mark.parametrize('block', [n for n in BLOCKS if getattr(BLOCKS.get(n), 'is_block', True)])
@pytest.mark.parametrize('scale', [1, 2, 3, 4])
def test_any_block_stands_in_the_residual_network(block, scale):
    net = BACKBONES.build(
        {
            'type': 'ResidualNet',
            'num_feats': 32,
            'num_blocks': 1,
            'block': {'type': block},
            'scale': scale,
        }
    ).eval()
    least = max(getattr(net.blocks[0], 'min_size', 1), 7)
    assert net(torch.rand(1, 3, least, least + 2)).shape == (
        1,
        3,
        least * scale,
        (least + 2) * scale,
    )


@pytest.mark.parametrize('name', list(BACKBONES))
class TestContract:
    def build(self, name):
        torch.manual_seed(0)
        return BACKBONES.build({'type': name, **SMALL.get(name, {})}).double()

    def inputs(self, name, batch=2):
        pair = (2, 3)
        shapes = {'AIN': (1,), 'AHDRNet': (3, 6), 'CFNet': pair, 'StackedNet': pair}
        shape = shapes.get(name, (3,))
        return torch.rand(batch, *shape, 13, 18).double()

    def test_one_tensor_of_the_declared_scale(self, name):
        net, x = self.build(name).eval(), self.inputs(name)
        y = net(x)
        height, width = x.shape[-2:]
        channels = 3 if x.ndim == 5 else x.shape[1]
        assert y.shape == (len(x), channels, height * net.scale, width * net.scale)
        torch.testing.assert_close(net(x[1:]), y[1:], rtol=1e-9, atol=1e-9)

    def test_every_parameter_receives_a_gradient(self, name):
        net, x = self.build(name).train(), self.inputs(name)
        if not list(net.parameters()):
            pytest.skip('no parameters')
        outputs = net.forward_train(x) if hasattr(net, 'forward_train') else {'output': net(x)}
        for y in outputs.values():
            for step in y if isinstance(y, list) else [y]:
                (step * torch.randn_like(step)).sum().backward(retain_graph=True)
        excused = getattr(net, 'parameters_without_gradient', ())
        given = {n for n, p in net.named_parameters() if p.grad is not None and p.grad.any()}
        assert {n for n, _ in net.named_parameters()} - given - set(excused) == set()

    def test_state_dict_round_trip(self, name):
        net, other, x = self.build(name).eval(), self.build(name).eval(), self.inputs(name)
        for parameter in other.parameters():
            torch.nn.init.zeros_(parameter)
        other.load_state_dict(net.state_dict())
        assert torch.equal(net(x), other(x))
