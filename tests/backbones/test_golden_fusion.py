"""MEF-Net and its guided filter against what their authors' code computes."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from restorekit.convert import NETWORKS
from restorekit.functional import fast_guided_filter, guided_filter
from restorekit.io.checkpoint import read_checkpoint
from restorekit.registry import BACKBONES, MODELS


def tensors(golden_root, name):
    golden = np.load(golden_root / f'08_mefnet/{name}.npz')
    return {key: torch.from_numpy(golden[key]) for key in golden if key != 'meta'}


@pytest.mark.parametrize('radius', [1, 2])
@pytest.mark.parametrize('eps', ['1e-08', '0.0001'])
def test_guided_filters(golden_root, radius, eps):
    golden = tensors(golden_root, 'guided_filter')
    x, y, large = (golden[f'in/{name}'] for name in ('lr_x', 'lr_y', 'hr_x'))
    options = {'radius': radius, 'eps': float(eps)}
    for name, result in (
        ('gf', guided_filter(y, x, **options)),
        ('fgf', fast_guided_filter(y, x, large, **options)),
    ):
        expected = golden[f'out/{name}_r{radius}_eps{eps}']
        torch.testing.assert_close(result, expected, rtol=1e-8, atol=1e-8)


def test_golden_mefnet(golden_root):
    golden = tensors(golden_root, 'e2emef_small_with_weights')
    net = BACKBONES.build({'type': 'MEFNet'}).double()
    state = {key[3:]: value for key, value in golden.items() if key.startswith('sd/')}
    net.load_state_dict(NETWORKS['mefnet']({k: v.double() for k, v in state.items()}))
    with torch.no_grad():
        small = net.layers(golden['in/x_lr'])
        result = net.fuse(golden['in/x_hr'][None], golden['in/x_lr'])
    torch.testing.assert_close(small, golden['out/w_lr'], rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(result, golden['out/o_hr'], rtol=1e-9, atol=1e-9)


def test_official_mefnet(golden_root, data_root):
    golden = tensors(golden_root, 'corridor256')
    published = read_checkpoint(data_root / 'weights/mefnet_official.pt', unsafe=True)['state_dict']
    model = MODELS.build(
        {
            'type': 'Restorer',
            'backbone': {'type': 'MEFNet'},
            'data_preprocessor': {
                'type': 'ImagePreprocessor',
                'color': 'y',
                'mean': 16 / 255,
                'std': 219 / 255,
            },
        }
    ).eval()
    model.backbone.load_state_dict(NETWORKS['mefnet'](published))
    rgb = torch.stack([golden[f'in/rgb_u8_0{i}'] for i in range(1, 5)]).permute(0, 3, 1, 2) / 255
    luma = 0.299 * rgb[:, 0] + 0.587 * rgb[:, 1] + 0.114 * rgb[:, 2]
    with torch.no_grad():
        result = model.backbone.double().fuse(
            luma[None, :, None].double(), golden['in/y_lr'].double()
        )
        torch.testing.assert_close(result.float(), golden['out/fused_y_f64'], rtol=0, atol=1e-6)
        fused = model.float().restore(rgb[None])[0].clamp(0, 1)
    published = golden['out/fused_rgb_u8'].permute(2, 0, 1) / 255
    # Ours reduces luma without rounding, theirs RGB with it.
    difference = (fused - published).abs()
    assert difference.mean() < 1 / 255
    assert (difference > 8 / 255).float().mean() < 1e-3
