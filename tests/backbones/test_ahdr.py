import json

import numpy as np
import pytest
import torch

from restorekit.convert.ahdrnet import convert
from restorekit.registry import BACKBONES, BLOCKS

RFFT = {'type': 'RFFTBlock'}
DO_RFFT = {'type': 'RFFTBlock', 'conv_cfg': {'type': 'DOConv2d'}}


def parameters(module):
    return sum(p.numel() for p in module.parameters())


@pytest.mark.parametrize(
    ('block', 'count'), [(None, 1_515_139), (RFFT, 1_038_211), (DO_RFFT, 1_069_315)]
)
def test_published_sizes(block, count):
    assert parameters(BACKBONES.build({'type': 'AHDRNet', 'fusion_block': block})) == count
    less = BACKBONES.build({'type': 'AHDRNet', 'fusion_block': block, 'unused_convs': False})
    assert parameters(less) == count - 2 * (64 * 64 * 9 + 64)


def test_golden_drdb(golden_root):
    for name in ('drdb_tiny_f8', 'drdb_tiny_f16'):
        golden = np.load(golden_root / f'06_ahdr/{name}.npz')
        args = json.loads(str(golden['meta']))['args']
        block = BLOCKS.build(
            {
                'type': 'DRDB',
                'channels': args['nChannels'],
                'num_layers': args['nDenselayer'],
                'growth': args['growthRate'],
            }
        ).double()
        state = {
            key[3:].replace('dense_layers', 'layers').replace('.conv.', '.0.'): golden[key]
            for key in golden
            if key.startswith('sd/')
        }
        block.load_state_dict(
            {k.replace('conv_1x1', 'fuse_layers'): torch.from_numpy(v) for k, v in state.items()}
        )
        y = block(torch.from_numpy(golden['in/x']))
        np.testing.assert_allclose(y.detach(), golden['out/y'], atol=1e-9)


def test_golden_network_and_gradient(golden_root):
    golden = np.load(golden_root / '06_ahdr/tiny_f16.npz')
    net = BACKBONES.build(
        {'type': 'AHDRNet', 'num_feats': 16, 'fusion_block': {'type': 'DRDB', 'growth': 8}}
    ).double()
    state = {k[3:]: torch.from_numpy(golden[k]) for k in golden if k.startswith('sd/')}
    net.load_state_dict(convert(state))
    frames = [torch.from_numpy(golden[f'in/x{i}']) for i in (1, 2, 3)]
    x = torch.stack(frames, dim=1).requires_grad_()
    y = net(x)
    np.testing.assert_allclose(y.detach(), golden['out/y'], atol=1e-9)
    (y * torch.from_numpy(golden['grad/upstream'])).sum().backward()
    for index in range(3):
        np.testing.assert_allclose(x.grad[:, index], golden[f'grad/x{index + 1}'], atol=1e-9)


def test_golden_full_network(golden_root):
    golden = np.load(golden_root / '06_ahdr/full_default_seeded.npz')
    keys = json.loads((golden_root / '06_ahdr_params.json').read_text())['keys']
    rng = np.random.default_rng(606)
    state = {}
    for key, shape in keys.items():
        values = rng.standard_normal(shape)
        values *= 1.2 / np.sqrt(np.prod(shape[1:])) if len(shape) > 1 else 0.05
        state[key] = torch.from_numpy(values.astype(np.float32))
    net = BACKBONES.build({'type': 'AHDRNet'})
    net.load_state_dict(convert(state))
    x = torch.stack([torch.from_numpy(golden[f'in/x{i}']) for i in (1, 2, 3)], dim=1)
    np.testing.assert_allclose(net(x).detach(), golden['out/y_f32'], atol=1e-5)
    result = net.double()(x.double()).detach()
    np.testing.assert_allclose(result, golden['out/y_f64'], atol=1e-9)


def test_any_odd_number_of_exposures():
    net = BACKBONES.build({'type': 'AHDRNet', 'num_feats': 4, 'num_exposures': 5})
    assert net(torch.rand(2, 5, 6, 8, 9)).shape == (2, 3, 8, 9)
    with pytest.raises(ValueError, match='num_exposures must be odd int of 3 to 99, got 4'):
        BACKBONES.build({'type': 'AHDRNet', 'num_exposures': 4})
    with pytest.raises(ValueError, match=r'expected brackets \(N, 5, C, H, W\), got \(2, 3, 6,'):
        net(torch.rand(2, 3, 6, 8, 9))


def test_the_middle_frame_is_the_reference():
    net = BACKBONES.build({'type': 'AHDRNet', 'num_feats': 4}).eval()
    for attention in net.attentions:
        torch.nn.init.constant_(attention[2].bias, -1e9)  # nothing of the outer frames passes
    x = torch.rand(1, 3, 6, 8, 8)
    other = x.clone()
    other[:, [0, 2]] = torch.rand(1, 2, 6, 8, 8)
    assert torch.equal(net(x), net(other))
    other[:, 1] += 0.5
    assert not torch.allclose(net(x), net(other))


@pytest.mark.parametrize(
    'name',
    [
        'ResBlock_fft_bench_backward_15x16',
        'ResBlock_fft_bench_backward_15x17',
        'ResBlock_fft_bench_backward_16x16',
        'ResBlock_fft_bench_ortho_15x17',
        'ResBlock_do_fft_bench_backward_15x17',
        'ResBlock_do_fft_bench_backward_16x16',
        'ResBlock_do_fft_bench_backward_16x17',
        'ResBlock_do_fft_bench_ortho_15x17',
    ],
)
def test_golden_rfft_block(golden_root, name):
    golden = np.load(golden_root / f'02_resfft/{name}.npz')
    args = json.loads(str(golden['meta']))['args']
    block = BLOCKS.build(
        {
            **(DO_RFFT if '_do_' in name else RFFT),
            'channels': args.get('channels', 8),
        }
    ).double()
    places = {'main': 'spatial', 'main_fft': 'frequency'}
    state = {}
    for key in golden:
        parts = key.split('/')[-1].split('.')
        if not key.startswith('sd/') or parts[-1] == 'D_diag':
            continue
        leaf = {'W': 'weight', 'D': 'depth'}.get(parts[-1], parts[-1])
        values = torch.from_numpy(golden[key])
        if parts[0] == 'main_fft' and values.ndim == 3:
            values = values[..., None]  # a 1x1 DO-Conv is a plain convolution
        state[f'{places[parts[0]]}.{2 * int(parts[1])}.{leaf}'] = values
    block.load_state_dict(state)
    x = torch.from_numpy(golden['in/x']).requires_grad_()
    y = block(x)
    np.testing.assert_allclose(y.detach(), golden['out/y'], atol=1e-9)
    (y * torch.from_numpy(golden['grad/upstream'])).sum().backward()
    np.testing.assert_allclose(x.grad, golden['grad/x'], atol=1e-9)


def test_the_skip_keeps_the_middle_frame():
    config = {'type': 'AHDRNet', 'num_feats': 8, 'num_blocks': 1, 'skip': True}
    network = BACKBONES.build(config)
    frames = torch.rand(2, 3, 6, 8, 9)
    assert not torch.allclose(network(frames), frames[:, 1, 3:])
    for parameter in network.tail[1].parameters():
        torch.nn.init.zeros_(parameter)
    torch.testing.assert_close(network(frames), frames[:, 1, 3:])
    with pytest.raises(ValueError, match='skip=True needs in_channels=6, got 3'):
        BACKBONES.build({**config, 'in_channels': 3})
