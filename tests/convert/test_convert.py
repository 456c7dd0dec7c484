"""Published weights under our names; the values are compared in tests/backbones."""

from __future__ import annotations

import pytest
import torch

from restorekit.convert import convert_checkpoint
from restorekit.convert.ahdrnet import rename as rename_ahdrnet
from restorekit.convert.cfnet import rename as rename_cfnet
from restorekit.registry import BACKBONES

BRANCHES, PAIR = ('over', 'under'), (0, 1)
BLOCKS = ('srb_1', 'srb_2', *(f'cfb_{branch}{step}' for branch in BRANCHES for step in PAIR))
KINDS = ('up', 'down', 'uptran', 'downtran')
GROUPS = [f'{kind}Blocks.{group}' for kind in KINDS for group in range(3)]
PARTS = ('compress_in', 'compress_out', 're_guide', *GROUPS)
# Every place that there might be in the published networks.
PLACES = {
    'ahdrnet': [
        *('conv1', 'conv2', 'conv3', 'conv_up', 'att11', 'att12', 'att31', 'att32', 'GFF_1x1'),
        *('GFF_3x3', 'attConv1', 'attConv3'),
        *(f'RDB{block}.dense_layers.{layer}.conv' for block in (1, 2, 3) for layer in range(6)),
        *(f'RDB{block}.conv_1x1' for block in (1, 2, 3)),
    ],
    'cfnet': [
        *(f'{k}_{b}.{i}' for k in ('conv_in', 'feat_in', 'out') for b in BRANCHES for i in PAIR),
        *(f'conv_out_{branch}.0' for branch in BRANCHES),
        *(f'out_{number}.{step}.{i}' for number in (1, 2) for step in PAIR for i in PAIR),
        *(f'conv_out_{number}.{step}.0' for number in (1, 2) for step in PAIR),
        *(f'{block}.{part}.{i}' for block in BLOCKS for part in PARTS for i in PAIR),
    ],
}
NETS = {
    'ahdrnet': {'type': 'AHDRNet', 'num_feats': 4, 'fusion_block': {'type': 'DRDB'}},
    'cfnet': {
        'type': 'CFNet',
        'num_feats': 4,
        'num_groups': 3,
        'num_steps': 2,
        'under_first_act': False,
    },
}
RENAME = {'ahdrnet': rename_ahdrnet, 'cfnet': rename_cfnet}


@pytest.fixture(params=NETS)
def kind(request):
    return request.param


@pytest.fixture
def weights(kind):
    """Ours under the published names, found by renaming every name that there might be."""
    ours = BACKBONES.build(NETS[kind]).state_dict()
    theirs = {
        f'{place}.{end}': ours[renamed]
        for place in PLACES[kind]
        for end in ('weight', 'bias')
        if (renamed := RENAME[kind](f'{place}.{end}')) in ours
    }
    assert len(theirs) == len(ours)
    return ours, theirs


def test_every_name_once(kind, weights, tmp_path):
    ours, theirs = weights
    torch.save({f'module.{name}': value for name, value in theirs.items()}, tmp_path / 'a.pt')
    assert convert_checkpoint(kind, tmp_path / 'a.pt', tmp_path / 'new/b.pth') == len(ours)
    state = torch.load(tmp_path / 'new/b.pth', weights_only=True)['state_dict']
    assert set(state) == {f'backbone.{name}' for name in ours}
    for name, value in ours.items():
        assert torch.equal(state[f'backbone.{name}'], value)


def test_any_missing_name_is_told(kind, weights, tmp_path):
    optional = ('attConv1', 'attConv3')
    for name in (n for n in weights[1] if not n.startswith(optional)):
        state = {key: value for key, value in weights[1].items() if key != name}
        torch.save(state, tmp_path / 'a.pt')
        with pytest.raises(ValueError, match=rf'a\.pt: not the weights .*missing are {name}$'):
            convert_checkpoint(kind, tmp_path / 'a.pt', tmp_path / 'b.pth')
    assert not (tmp_path / 'b.pth').exists()


def test_another_networks_weights_are_refused(kind, weights, tmp_path):
    state = BACKBONES.build({'type': 'ResidualNet', 'num_feats': 4, 'num_blocks': 1}).state_dict()
    torch.save({'state_dict': state}, tmp_path / 'a.pt')
    message = r'unknown are head\.weight, head\.bias, .* and \d+ more; missing are .* more$'
    with pytest.raises(ValueError, match=message):
        convert_checkpoint(kind, tmp_path / 'a.pt', tmp_path / 'b.pth')
    torch.save({**weights[1], 'conv9.weight': torch.rand(1)}, tmp_path / 'a.pt')
    with pytest.raises(ValueError, match=r'unknown are conv9\.weight$'):
        convert_checkpoint(kind, tmp_path / 'a.pt', tmp_path / 'b.pth')
    assert not (tmp_path / 'b.pth').exists()


def test_files_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match='no such checkpoint'):
        convert_checkpoint('cfnet', tmp_path / 'a.pt', tmp_path / 'b.pth')
    (tmp_path / 'a.pt').write_bytes(b'x')
    with pytest.raises(ValueError, match='damaged or no checkpoint'):
        convert_checkpoint('cfnet', tmp_path / 'a.pt', tmp_path / 'b.pth')
    with pytest.raises(ValueError, match='overwritten by its own result'):
        convert_checkpoint('cfnet', tmp_path / 'a.pt', tmp_path / 'a.pt')
    with pytest.raises(ValueError, match="must be one of ahdrnet, .*, got 'sam'"):
        convert_checkpoint('sam', tmp_path / 'a.pt', tmp_path / 'b.pth')
