import json

import numpy as np
import pytest
import torch
from torch import nn

from restorekit.blocks import MSFF, SOCA, AttentionUnit, NonLocal, ShallowBlock
from restorekit.contracts import without_gradient

SOCA_MAP = {'conv_du.0': 'gate.0', 'conv_du.2': 'gate.2'}
NON_LOCAL_MAP = {
    'non_local.theta': 'theta',
    'non_local.phi.0': 'phi',
    'non_local.g.0': 'g',
    'non_local.W': 'project',
}


def load(block, golden, key_map):
    """A block in float64 with the golden weights that the map names, renamed."""
    weights = {}
    for name in golden.files:
        for theirs, ours in key_map.items():
            if name.startswith(f'sd/{theirs}.'):
                weights[ours + name.removeprefix(f'sd/{theirs}')] = torch.from_numpy(golden[name])
    block.double().eval().load_state_dict(weights)
    return block


def check(block, golden):
    x = torch.from_numpy(golden['in/x']).requires_grad_()
    y = block(x)
    np.testing.assert_allclose(y.detach(), golden['out/y'], atol=1e-9)
    (y * torch.from_numpy(golden['grad/upstream'])).sum().backward()
    np.testing.assert_allclose(x.grad, golden['grad/x'], atol=1e-9)


@pytest.mark.parametrize('size', ['12x20', '15x9'])
def test_golden_soca(golden_root, size):
    golden = np.load(golden_root / f'04_san/soca_{size}.npz')
    check(load(SOCA(16, reduction=8), golden, SOCA_MAP), golden)


@pytest.mark.parametrize('size', ['12x20', '15x9'])
def test_golden_non_local_by_region(golden_root, size):
    golden = np.load(golden_root / f'04_san/nonlocal_ca_nobn_{size}.npz')
    check(load(NonLocal(16, reduction=8, regions=2), golden, NON_LOCAL_MAP), golden)


@pytest.mark.parametrize('size', ['12x20', '14x13', '15x9'])
def test_golden_non_local_with_its_normalisation_folded(golden_root, size):
    golden = np.load(golden_root / f'04_san/nonlocal_ca_bn_eval_{size}.npz')
    assert json.loads(str(golden['meta']))['args']['inter_feat'] == 8
    names = {k: v for k, v in NON_LOCAL_MAP.items() if k != 'non_local.W'}
    block = NonLocal(16, reduction=2, regions=2)
    block = load(block, golden, {**names, 'non_local.W.0': 'project'})
    entries = ('weight', 'bias', 'running_mean', 'running_var')
    norm = {name: torch.from_numpy(golden[f'sd/non_local.W.1.{name}']) for name in entries}
    gain = norm['weight'] / (norm['running_var'] + 1e-5).sqrt()
    with torch.no_grad():
        block.project.weight *= gain[:, None, None, None]
        block.project.bias.copy_((block.project.bias - norm['running_mean']) * gain + norm['bias'])
    check(block, golden)


def direct(block, x):
    """The definition, with the matrix of all pairs."""
    q, k, v = block.theta(x), block.phi(x), block.g(x)
    if block.sub_sample:
        k, v = (nn.functional.max_pool2d(t, 2) for t in (k, v))
    weight = (q.flatten(2).transpose(1, 2) @ k.flatten(2)).softmax(-1)
    y = (weight @ v.flatten(2).transpose(1, 2)).transpose(1, 2).reshape(q.shape)
    return x + block.project(y)


@pytest.mark.parametrize('sub_sample', [True, False])
def test_non_local_is_its_definition(sub_sample):
    block = NonLocal(8, sub_sample=sub_sample).double()
    x = torch.randn(2, 8, 9, 7).double()
    torch.testing.assert_close(block(x), direct(block, x))


def test_the_key_bias_gets_no_gradient_and_needs_none():
    block, x = NonLocal(8).double(), torch.randn(1, 8, 8, 8).double()
    block(x).square().sum().backward()
    assert block.phi.bias.grad.abs().max() < 1e-10 < block.theta.bias.grad.abs().max()


def test_regions_do_not_see_each_other():
    block = NonLocal(4, regions=2)
    x = torch.randn(1, 4, 8, 8)
    changed = x.clone()
    changed[..., 4:, 4:] += 1
    difference = (block(changed) - block(x)).abs().sum(1)[0]
    assert difference[:4].max() == difference[:, :4].max() == 0 < difference[4:, 4:].min()


@pytest.mark.parametrize(
    ('options', 'size'), [({}, 1), ({'regions': 2}, 3), ({'regions': 3, 'sub_sample': False}, 2)]
)
def test_non_local_smaller_than_its_sub_sampling(options, size):
    block = NonLocal(4, **options)
    least = block.min_size
    assert block(torch.rand(1, 4, least, least + 3)).shape == (1, 4, least, least + 3)
    with pytest.raises(ValueError, match=f'at least {least} x {least} .*got {size} x 9'):
        block(torch.rand(1, 4, size, 9))


@pytest.mark.parametrize('kind', [NonLocal, SOCA])
def test_reduction_must_divide(kind):
    with pytest.raises(ValueError, match='reduction must divide channels, got 5 and 16'):
        kind(16, reduction=5)


def test_soca_on_constant_features_and_in_amp():
    block = SOCA(16)
    for features in (torch.full((1, 16, 8, 8), 0.7), torch.zeros(1, 16, 8, 8)):
        x = features.requires_grad_()
        with torch.autocast('cpu', dtype=torch.bfloat16):
            y = block(x)
        y.float().sum().backward()
        assert torch.isfinite(y).all()
        assert torch.isfinite(x.grad).all()


def test_non_finite_input_passes_through():
    x = torch.rand(1, 16, 8, 8)
    x[0, 0, 0, 0] = torch.nan
    for block in (SOCA(16), NonLocal(16), MSFF(16), ShallowBlock(16), AttentionUnit(16)):
        assert torch.isnan(block(x)).any()


def test_attention_unit_takes_what_remains():
    unit = AttentionUnit(16, branches=[{'type': 'SOCA', 'reduction': 4}])
    assert unit.fuse.in_channels == 16
    x = torch.rand(1, 16, 5, 5)
    torch.testing.assert_close(unit(x), x + unit.fuse(unit.branches[0](x)))
    assert AttentionUnit(16).fuse.in_channels == 32
    assert without_gradient(AttentionUnit(16)) == {'branches.0.phi.bias'}
    with pytest.raises(ValueError, match='at least one branch'):
        AttentionUnit(16, branches=[])
