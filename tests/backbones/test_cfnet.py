import json

import numpy as np
import pytest
import torch

from restorekit.blocks import CFB, SRB
from restorekit.convert.cfnet import convert, rename, rename_part
from restorekit.registry import BACKBONES

CFAN = {
    'type': 'CFNet',
    'projection': (3, 1, 1),
    're_guide': None,
    'gate': {'reduction': 16},
}


def golden_state(golden):
    return {key[3:]: torch.from_numpy(golden[key]) for key in golden if key.startswith('sd/')}


def parameters(**options):
    return sum(p.numel() for p in BACKBONES.build(options).parameters())


@pytest.mark.parametrize(('scale', 'count'), [(2, 17_048_297), (4, 28_975_849)])
def test_published_size_and_keys(golden_root, scale, count):
    net = BACKBONES.build({'type': 'CFNet', 'scale': scale, 'under_first_act': False})
    assert sum(p.numel() for p in net.parameters()) == count
    published = json.loads(
        (golden_root / '05_cfnet/default_config_keys_and_params.json').read_text()
    )
    shapes = {rename(name): tuple(s) for name, s in published[f'x{scale}']['keys'].items()}
    assert shapes == {name: tuple(p.shape) for name, p in net.state_dict().items()}
    assert scale != 2 or len(shapes) == 645


def test_size_of_cfan():
    assert parameters(**CFAN) == 5_501_828


@pytest.mark.parametrize('scale', [2, 3, 4])
def test_any_size_at_each_scale(scale):
    net = BACKBONES.build({'type': 'CFNet', 'num_feats': 4, 'num_groups': 2, 'scale': scale}).eval()
    assert net(torch.rand(1, 2, 3, 5, 7)).shape == (1, 3, 5 * scale, 7 * scale)


@pytest.mark.parametrize('name', ['srb_x2_g2', 'srb_x2_g3', 'srb_x2_g4', 'srb_x4_g2', 'srb_x4_g4'])
def test_golden_srb(golden_root, name):
    golden = np.load(golden_root / f'05_cfnet/{name}.npz')
    args = json.loads(str(golden['meta']))['args']
    block = SRB(args['num_features'], scale=args['scale'], num_groups=args['num_groups']).double()
    block.load_state_dict(_parts(golden))
    x = next(torch.from_numpy(golden[key]) for key in golden if key.startswith('in/'))
    np.testing.assert_allclose(block(x).detach(), golden['out/y'], atol=1e-9)


@pytest.mark.parametrize('name', ['cfb_x2_g2', 'cfb_x2_g3', 'cfb_x2_g4', 'cfb_x4_g3', 'cfb_x4_g4'])
def test_golden_cfb(golden_root, name):
    golden = np.load(golden_root / f'05_cfnet/{name}.npz')
    args = json.loads(str(golden['meta']))['args']
    block = CFB(
        args['num_features'], scale=args['scale'], num_groups=args['num_groups'], re_guide=3
    ).double()
    state = {k: v for k, v in _parts(golden).items() if block.re_guide or 're_guide' not in k}
    block.load_state_dict(state)
    inputs = [torch.from_numpy(golden[f'in/{n}']).requires_grad_() for n in ('f_in', 'g1', 'g2')]
    y = block(*inputs)
    np.testing.assert_allclose(y.detach(), golden['out/y'], atol=1e-9)


def _parts(golden):
    state = golden_state(golden)
    return {
        f'{rename_part(name.rpartition(".")[0])}.{name.rpartition(".")[2]}': value
        for name, value in state.items()
    }


@pytest.mark.parametrize('name', ['cfnet_x2_g3', 'cfnet_x4_g3', 'cfnet_x4_g4'])
def test_golden_network(golden_root, name):
    golden = np.load(golden_root / f'05_cfnet/{name}.npz')
    args = json.loads(str(golden['meta']))['args']
    net = BACKBONES.build(
        {
            'type': 'CFNet',
            'num_feats': args['num_features'],
            'num_groups': args['num_groups'],
            'num_steps': args['num_cfbs'],
            'scale': args['scale'],
            'under_first_act': False,
        }
    ).double()
    net.load_state_dict(convert(golden_state(golden)))
    pair = [torch.from_numpy(golden[f'in/lr_{k}']).requires_grad_() for k in ('under', 'over')]
    outputs = net.forward_train(torch.stack(pair, dim=1))

    def published(image):  # what their forward does at its end
        return (127.5 * image + 127.5).clamp(0, 255)

    images = {
        k: [published(i) for i in (outputs[f'sr_{k}'], *outputs[f'steps_{k}'])]
        for k in ('under', 'over')
    }
    for kind, steps in images.items():
        for step, image in enumerate(steps):
            np.testing.assert_allclose(image.detach(), golden[f'out/sr_{kind}_{step}'], atol=1e-8)
    fused = (images['under'][-1] + images['over'][-1]) / 2
    np.testing.assert_allclose(fused.detach(), golden['out/fused'], atol=1e-8)
    torch.testing.assert_close(net(torch.stack(pair, dim=1)), outputs['output'])


def test_named_outputs():
    torch.manual_seed(0)
    net = BACKBONES.build({**CFAN, 'num_feats': 16, 'num_groups': 2, 'num_steps': 2})
    outputs = net.forward_train(torch.rand(1, 2, 3, 6, 5))
    assert set(outputs) == {'output', 'sr_under', 'sr_over', 'steps_under', 'steps_over'}
    assert len(outputs['steps_under']) == len(outputs['steps_over']) == 2
    mean = (outputs['steps_under'][-1] + outputs['steps_over'][-1]) / 2
    torch.testing.assert_close(outputs['output'], mean)


def test_the_gate_remembers_the_step_before():
    torch.manual_seed(0)
    net = (
        BACKBONES.build({**CFAN, 'num_feats': 16, 'num_groups': 1, 'num_steps': 2}).double().eval()
    )
    x = torch.rand(1, 2, 3, 6, 6).double()
    seen = []
    for gate in net.branches[0].gates:
        gate.register_forward_hook(lambda *args: None)
        original = gate.forward_with
        gate.forward_with = lambda f, s, call=original: (
            seen.append((f, s, call(f, s))) or seen[-1][2]
        )
    net.forward_train(x)
    assert [before is None for _, before, _ in seen] == [True, True, False]
    features, before, (gated, weights) = seen[2]
    assert torch.equal(before, seen[1][2][1])
    torch.testing.assert_close(gated, features * before + features * (weights + 1))


def test_shared_steps_and_recomputation():
    torch.manual_seed(0)
    options = {**CFAN, 'num_feats': 16, 'num_groups': 2, 'num_steps': 3, 'share_steps': True}
    net = BACKBONES.build(options).double()
    assert len(net.branches[0].cfbs) == 1
    x = torch.rand(1, 2, 3, 6, 6).double()
    plain = net(x)
    plain.sum().backward()
    before = {n: p.grad.clone() for n, p in net.named_parameters() if p.grad is not None}
    net.zero_grad()
    net.checkpoint_steps = True
    again = net(x)
    again.sum().backward()
    torch.testing.assert_close(again, plain)
    for name, parameter in net.named_parameters():
        if name in before:
            torch.testing.assert_close(parameter.grad, before[name])


def test_bad_arguments():
    with pytest.raises(ValueError, match=r'output_padding must be the scale, 2, got \(3, 1, 0\)'):
        BACKBONES.build({'type': 'CFNet', 'projection': (3, 1, 0)})
    with pytest.raises(ValueError, match=r'scale must be one of \(2, 3, 4\)'):
        BACKBONES.build({'type': 'CFNet', 'scale': 5})
    net = BACKBONES.build({'type': 'CFNet', 'num_feats': 4, 'num_groups': 1})
    with pytest.raises(ValueError, match=r'expected pairs .* got \(1, 3, 3, 8, 8\)'):
        net(torch.rand(1, 3, 3, 8, 8))
