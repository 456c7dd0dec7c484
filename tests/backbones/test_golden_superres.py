"""Networks of super-resolution and denoising against what their authors' code computes."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from restorekit.backbones.ammsnet import DIV2K_MEAN
from restorekit.convert import NETWORKS
from restorekit.registry import BACKBONES
from restorekit.restorers import ImagePreprocessor

CHANNEL_ATTENTION = {
    'type': 'ResidualBlock',
    'attention': {'type': 'ChannelAttention', 'reduction': 4},
}
GROUP = {'type': 'ResidualGroup', 'num_blocks': 2}
SAN_GROUP = {**GROUP, 'attention': {'type': 'SOCA', 'reduction': 8}}
SWIN = {'num_feats': 12, 'num_heads': (2, 3), 'num_blocks': 2, 'window': 4}
EDSR = {'type': 'ResidualNet', 'num_feats': 8, 'num_blocks': 2}
RCAN = {
    'type': 'ResidualNet',
    'num_feats': 16,
    'num_blocks': 2,
    'block': {**GROUP, 'block': CHANNEL_ATTENTION},
}
UNIT, IN_255, GRAY = (0.0, 1.0), (DIV2K_MEAN, 1 / 255), (0.0, 1 / 255)
# Network, ours, mean and deviation of the preprocessor, and whether the golden is in [0, 255].
CASES = {
    '14_edsr/edsr_x2': ('edsr', {**EDSR, 'scale': 2}, IN_255, False),
    '14_edsr/edsr_x4': (
        'edsr',
        {**EDSR, 'scale': 4, 'block': {'type': 'ResidualBlock', 'res_scale': 0.5}},
        IN_255,
        False,
    ),
    '15_rcan/rcan_x2': ('rcan', {**RCAN, 'scale': 2}, IN_255, False),
    '15_rcan/rcan_x4': ('rcan', {**RCAN, 'scale': 4}, IN_255, False),
    **{
        f'04_san/san_tiny_x{scale}': (
            'san',
            {'type': 'SAN', 'num_feats': 16, 'num_groups': 2, 'group': SAN_GROUP, 'scale': scale},
            IN_255,
            True,
        )
        for scale in (2, 3, 4)
    },
    '07_srfbn/srfbn_x2': (
        'srfbn',
        {'type': 'SRFBN', 'num_feats': 6, 'num_groups': 3, 'num_steps': 3},
        IN_255,
        True,
    ),
    '16_dbpn/dbpn_x2': ('dbpn', {'type': 'DBPN', 'num_feats': 4, 'num_head_feats': 8}, UNIT, False),
    '17_swinir/classical_x2': (
        'swinir',
        {'type': 'SwinIR', **SWIN, 'scale': 2},
        (DIV2K_MEAN, 1.0),
        False,
    ),
    '17_swinir/light_x3': (
        'swinir',
        {'type': 'SwinIR', **SWIN, 'scale': 3, 'num_tail_feats': None},
        (DIV2K_MEAN, 1.0),
        False,
    ),
    '17_swinir/jpeg_gray': (
        'swinir',
        {'type': 'SwinIR', **SWIN, 'scale': 1, 'in_channels': 1},
        GRAY,
        False,
    ),
    '10_dncnn/tiny_R': (
        'dncnn',
        {'type': 'PlainNet', 'widths': (8,) * 4, 'residual': 'subtract'},
        UNIT,
        False,
    ),
    '10_dncnn/tiny_BR': (
        'dncnn',
        {
            'type': 'PlainNet',
            'widths': (8,) * 4,
            'residual': 'subtract',
            'norm_cfg': {'type': 'BN', 'eps': 1e-4},
        },
        UNIT,
        False,
    ),
}


def load(golden_root, name):
    network, config, (mean, std), in_255 = CASES[name]
    golden = np.load(golden_root / f'{name}.npz')
    state = {key[3:]: torch.from_numpy(golden[key]) for key in golden if key.startswith('sd/')}
    net = BACKBONES.build(config).double().eval()
    net.load_state_dict(NETWORKS[network](state))
    color = 'y' if config.get('in_channels', 3) == 1 or network == 'dncnn' else 'rgb'
    preprocessor = ImagePreprocessor(color)
    preprocessor.changes_values = True
    # Their mean is a float32 even in a network of float64, or a layer of it.
    theirs = state['add_mean.bias'] / 255 if in_255 else torch.tensor(mean).double()
    preprocessor.mean = theirs.reshape(-1, 1, 1)
    preprocessor.std = torch.tensor(std, dtype=torch.float64).reshape(-1, 1, 1)
    return golden, net, preprocessor, 255.0 if in_255 else 1.0


@pytest.mark.parametrize('name', CASES)
def test_golden(golden_root, name):
    golden, net, preprocessor, peak = load(golden_root, name)
    x = torch.from_numpy(golden['in/x']).requires_grad_()
    encoded = preprocessor.encode(x / peak)
    named = net.forward_train(encoded)
    steps = [preprocessor.decode(step) * peak for step in named.get('steps', [named['output']])]
    expected = sorted(key for key in golden if key.startswith('out/'))
    assert len(steps) == len(expected)
    for step, key in zip(steps, expected, strict=True):
        np.testing.assert_allclose(step.detach(), golden[key], rtol=1e-9, atol=1e-9 * peak)
    if 'grad/upstream' not in golden:
        return
    # Of several steps, each was given the same.
    (sum(steps) * torch.from_numpy(golden['grad/upstream'])).sum().backward()
    scale = np.abs(golden['grad/x']).max()
    np.testing.assert_allclose(x.grad, golden['grad/x'], rtol=1e-8, atol=1e-9 * scale)
    gradients = {k[8:]: torch.from_numpy(golden[k]) for k in golden if k.startswith('grad/sd/')}
    if gradients:
        parameters = dict(net.named_parameters())
        renamed = NETWORKS[CASES[name][0]](gradients)
        assert renamed.keys() == parameters.keys()
        for key, gradient in renamed.items():
            scale = float(gradient.abs().max())
            torch.testing.assert_close(
                parameters[key].grad, gradient, rtol=1e-8, atol=1e-9 * max(scale, 1.0)
            )


COUNTS = [
    ({'type': 'ResidualNet', 'scale': 2}, 1_369_859),  # EDSR-baseline
    ({'type': 'ResidualNet', 'scale': 2, 'num_feats': 256, 'num_blocks': 32}, 40_729_603),  # EDSR
    (
        {
            'type': 'ResidualNet',
            'scale': 2,
            'num_blocks': 10,
            'block': {
                'type': 'ResidualGroup',
                'num_blocks': 20,
                'block': {'type': 'ResidualBlock', 'attention': {'type': 'ChannelAttention'}},
            },
        },
        15_444_643,  # RCAN, mean shifts not counted
    ),
    ({'type': 'DBPN', 'scale': 2}, 5_953_526),
    ({'type': 'DBPN', 'scale': 4}, 10_426_358),
    ({'type': 'SwinIR', 'scale': 2}, 11_752_487),
    (
        {
            'type': 'SwinIR',
            'num_feats': 60,
            'num_heads': (6,) * 4,
            'num_tail_feats': None,
            'scale': 2,
        },
        910_152,  # light
    ),
]


@pytest.mark.parametrize(('config', 'count'), COUNTS)
def test_published_size(config, count):
    with torch.device('meta'):
        net = BACKBONES.build(config)
    assert sum(p.numel() for p in net.parameters()) == count


def test_memnet_has_the_papers_size():
    """677 k, which counts convolutions alone."""
    weights = BACKBONES.build({'type': 'MemNet'}).parameters()
    assert sum(weight.numel() for weight in weights if weight.ndim == 4) == 676_992
