"""Networks whose published names stand in a table; the figures are in tests/backbones."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from restorekit.cli.convert import NETWORKS as OFFERED
from restorekit.convert import NETWORKS, convert_checkpoint, fusion, superres, tables
from restorekit.registry import BACKBONES

# A small network of ours, and a name of theirs that tells its size.
CASES = {
    'dncnn': ({'type': 'PlainNet', 'widths': (4, 4, 4)}, 'convs.3.bias'),
    'fsrcnn': ({'type': 'FSRCNN', 'num_blocks': 3, 'act_each_mapping': False}, 'map_3.bias'),
    'imdn': ({'type': 'IMDN', 'num_feats': 16, 'num_blocks': 2}, 'IMDB2.c1.bias'),
    'lapsrn': (
        {'type': 'LapSRN', 'num_feats': 4, 'num_layers': 2, 'scale': 4},
        'convt_I2.weight convt_F1.0.cov_block.4.weight convt_F2.0.cov_block.4.weight',
    ),
    'vdsr': (
        {'type': 'PlainNet', 'widths': (4, 4, 4), 'bias': False},
        'residual_layer.1.conv.weight',
    ),
}


def published(network):
    """Our state, and the same under their names."""
    config, hint = CASES[network]
    ours = BACKBONES.build(config).state_dict()
    table = tables.spelled(getattr(tables, network)(hint.split()))
    assert sorted(table.values()) == sorted(ours)
    return ours, {theirs: ours[name] for theirs, name in table.items()}


def test_the_command_offers_what_there_is():
    assert sorted(OFFERED) == sorted(NETWORKS)


@pytest.mark.parametrize('network', CASES)
def test_every_name_once(network, tmp_path):
    ours, theirs = published(network)
    torch.save({f'module.{name}': value for name, value in theirs.items()}, tmp_path / 'a.pt')
    assert convert_checkpoint(network, tmp_path / 'a.pt', tmp_path / 'b.pth') == len(ours)
    state = torch.load(tmp_path / 'b.pth', weights_only=True)['state_dict']
    assert state.keys() == {f'backbone.{name}' for name in ours}
    assert all(torch.equal(state[f'backbone.{name}'], value) for name, value in ours.items())


@pytest.mark.parametrize('network', CASES)
def test_a_missing_name_and_another_network_are_told(network, tmp_path):
    _, theirs = published(network)
    name = next(iter(theirs))
    torch.save({k: v for k, v in theirs.items() if k != name}, tmp_path / 'a.pt')
    with pytest.raises(ValueError, match=rf'a\.pt: not the weights .*missing are {name}$'):
        convert_checkpoint(network, tmp_path / 'a.pt', tmp_path / 'b.pth')
    torch.save({'other.weight': torch.zeros(1)}, tmp_path / 'a.pt')
    message = r'a\.pt: not the weights of the published .*: unknown are other\.weight; missing are'
    with pytest.raises(ValueError, match=message):
        convert_checkpoint(network, tmp_path / 'a.pt', tmp_path / 'b.pth')
    assert not (tmp_path / 'b.pth').exists()


def test_kair_counts_the_activations_of_dncnn():
    table = tables.dncnn(['model.0.weight', 'model.2.weight', 'model.4.weight'])
    assert table == {'model.0.*': 'body.0.0.*', 'model.2.*': 'body.1.0.*', 'model.4.*': 'tail.*'}


SUPER_RESOLUTION = {
    'dbpn': {'type': 'DBPN', 'num_feats': 4, 'num_head_feats': 4, 'num_stages': 3},
    'edsr': {'type': 'ResidualNet', 'num_feats': 4, 'num_blocks': 2, 'scale': 2},
}


@pytest.mark.parametrize('network', SUPER_RESOLUTION)
def test_a_whole_network_that_lacks_one_name(network):
    ours = BACKBONES.build(SUPER_RESOLUTION[network]).state_dict()
    hints = {
        'dbpn': ['up3.act.weight'],
        'edsr': ['body.1.conv1.weight', 'upsample.0.weight'],
    }
    table = tables.spelled(getattr(superres, network)(hints[network]))
    assert sorted(table.values()) == sorted(ours)
    theirs = {name: ours[renamed] for name, renamed in table.items()}
    assert NETWORKS[network](theirs).keys() == ours.keys()
    name = next(iter(theirs))
    del theirs[name]
    with pytest.raises(ValueError, match=rf'published \w+: missing are {name}'):
        NETWORKS[network](theirs)


FUSION = {
    'deepfuse': {'type': 'DeepFuse', 'num_feats': 4},
    'ifcnn': {'type': 'IFCNN', 'num_feats': 4},
    'mefnet': {'type': 'MEFNet', 'num_feats': 4, 'num_layers': 2},
    'u2fusion': {
        'type': 'U2Fusion',
        'num_feats': 4,
        'num_layers': 2,
        'growth': 4,
        'tail_widths': (4, 4),
    },
}
HINTS = {'mefnet': ['lr.9.weight'], 'u2fusion': ['dense_layers.1.conv.0.weight', 'sub.2.weight']}


@pytest.mark.parametrize('network', FUSION)
def test_networks_of_fusion_load(network, tmp_path):
    ours = BACKBONES.build(FUSION[network]).state_dict()
    table = tables.spelled(getattr(fusion, network)(HINTS.get(network, [])))
    theirs = {name: ours[renamed] for name, renamed in table.items() if renamed is not None}
    torch.save(theirs, tmp_path / 'a.pt')
    convert_checkpoint(network, tmp_path / 'a.pt', tmp_path / 'b.pth')
    state = torch.load(tmp_path / 'b.pth', weights_only=True)['state_dict']
    assert state.keys() == {f'backbone.{name}' for name in ours}


def test_arrays_of_numpy(tmp_path):
    ours = BACKBONES.build({'type': 'DeepFuse', 'num_feats': 4}).state_dict()
    kernels = {f'arr_{i}': kernel.flip(2, 3).numpy() for i, kernel in enumerate(ours.values())}
    np.savez(tmp_path / 'a.npz', **kernels)
    assert convert_checkpoint('deepfuse', tmp_path / 'a.npz', tmp_path / 'b.pth') == 6
    state = torch.load(tmp_path / 'b.pth', weights_only=True)['state_dict']
    assert all(torch.equal(state[f'backbone.{name}'], value) for name, value in ours.items())
    with pytest.raises(ValueError, match=r'a\.npz: not the weights .* IFCNN: unknown are arr_0'):
        convert_checkpoint('ifcnn', tmp_path / 'a.npz', tmp_path / 'c.pth')
    (tmp_path / 'a.npz').write_bytes(b'x')
    with pytest.raises(ValueError, match=r'a\.npz: damaged or no archive of arrays'):
        convert_checkpoint('deepfuse', tmp_path / 'a.npz', tmp_path / 'c.pth')
    with pytest.raises(FileNotFoundError, match=r'd\.npz: no such checkpoint'):
        convert_checkpoint('deepfuse', tmp_path / 'd.npz', tmp_path / 'c.pth')
    assert not (tmp_path / 'c.pth').exists()
