import json

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from restorekit.blocks import DOConv2d, build_conv, fuse
from restorekit.registry import BACKBONES, MODELS

NAMES = [
    'k1',
    'k1_g2_s2',
    'k3_D16',
    'k3_circular',
    'k3_dw',
    'k3_dw_mult2',
    'k3_g1',
    'k3_g1_nobias',
    'k3_g2',
    'k3_g2_D20',
    'k3_g2_s2_d2',
    'k3x5',
    'k3x5_reflect',
    'k5_D32',
    'k5_g1',
    'k5_g2',
]


@pytest.mark.parametrize('name', NAMES)
def test_golden(golden_root, name):
    golden = np.load(golden_root / f'01_doconv/{name}.npz')
    meta = json.loads(str(golden['meta']))
    args = dict(meta['args'])
    for key in ('kernel_size', 'padding'):
        if isinstance(args.get(key), list):
            args[key] = tuple(args[key])
    if name == 'k3x5_reflect':  # the published code pads height and width the wrong way round
        args['padding'] = args['padding'][::-1]
    args.pop('D_mul', None)
    columns = golden['sd/W'].shape[2]
    layer = DOConv2d(**args, depth_multiplier=columns).double()
    state = {'weight': golden['sd/W']}
    for ours, theirs in (('bias', 'bias'), ('depth', 'D')):
        if f'sd/{theirs}' in golden:
            state[ours] = golden[f'sd/{theirs}']
    layer.load_state_dict({key: torch.from_numpy(value) for key, value in state.items()})
    x = torch.from_numpy(golden['in/x']).requires_grad_()
    y = layer(x)
    np.testing.assert_allclose(y.detach(), golden['out/y'], atol=1e-10)
    np.testing.assert_allclose(
        layer.folded().weight.detach(), golden['out/folded_weight'], atol=1e-12
    )
    (y * torch.from_numpy(golden['grad/upstream'])).sum().backward()
    np.testing.assert_allclose(x.grad, golden['grad/x'], atol=1e-9)
    np.testing.assert_allclose(layer.weight.grad, golden['grad/W'], atol=1e-9)
    if layer.depth is not None:
        np.testing.assert_allclose(layer.depth.grad, golden['grad/D'], atol=1e-9)


def test_starts_as_the_plain_convolution():
    torch.manual_seed(1)
    layer = DOConv2d(4, 6, 3, padding=1)
    x = torch.rand(2, 4, 7, 9)
    plain = F.conv2d(x, layer.weight.detach().unflatten(2, (3, 3)), layer.bias, padding=1)
    torch.testing.assert_close(layer(x), plain)


def test_conv_cfg_finds_it_in_any_scope():
    assert isinstance(build_conv({'type': 'DOConv2d'}, 3, 4, 3), DOConv2d)
    assert MODELS.get('DOConv2d') is DOConv2d


def test_too_few_columns():
    with pytest.raises(ValueError, match='depth_multiplier must be at least 9, the kernel, got 8'):
        DOConv2d(3, 3, 3, depth_multiplier=8)


def test_folding_a_network_leaves_plain_convolutions_and_the_result():
    block = {'type': 'RFFTBlock', 'conv_cfg': {'type': 'DOConv2d'}}
    net = BACKBONES.build({'type': 'AHDRNet', 'num_feats': 8, 'fusion_block': block}).eval()
    for name, parameter in net.named_parameters():
        if name.endswith('depth'):
            nn.init.normal_(parameter, std=0.1)
    x = torch.rand(1, 3, 6, 16, 12)
    before = net(x)
    folded = fuse(net)
    torch.testing.assert_close(folded(x), before, rtol=0, atol=1e-5)
    assert not any(isinstance(module, DOConv2d) for module in folded.modules())
    assert not any(name.endswith('depth') for name in folded.state_dict())


def test_folding_a_layer_that_stands_twice():
    layer = DOConv2d(2, 2, 3)
    folded = fuse(nn.Sequential(layer, nn.ReLU(), layer))
    assert [type(part) for part in folded] == [nn.Conv2d, nn.ReLU, nn.Conv2d]


def test_a_child_that_is_called_fuse_is_left_alone():
    net = nn.Module()
    net.fuse = nn.Conv2d(1, 1, 1)
    assert fuse(net) is net


def test_a_one_by_one_kernel_has_no_columns():
    with pytest.raises(ValueError, match='depth_multiplier must be 1 for a 1x1 kernel, got 4'):
        DOConv2d(4, 8, 1, depth_multiplier=4)


def test_folding_one_layer_gives_its_replacement():
    assert type(fuse(DOConv2d(2, 2, 3))) is nn.Conv2d


def test_evaluation_follows_new_weights():
    layer, other = DOConv2d(2, 2, 3).eval(), DOConv2d(2, 2, 3).eval()
    x = torch.rand(1, 2, 5, 5)
    layer(x)
    layer.load_state_dict(other.state_dict())
    assert torch.equal(layer(x), other(x))
