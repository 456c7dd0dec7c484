"""`restorekit benchmark`: several models, one table."""

from __future__ import annotations

import pytest
import torch

from restorekit.functional import imresize, psnr
from restorekit.io import read_image
from restorekit.registry import MODELS
from tests.helpers import error_of, restorekit

DATA = """
default_scope = 'restorekit'
model = {model!r}
val_cfg = test_cfg = dict(type='TestLoop')
test_dataloader = dict(
    batch_size=1,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='FolderDataset',
        gt_dir={photos!r},
        degradation=dict(scale=2),
        pipeline=[
            dict(type='LoadImages'),
            dict(type='BicubicDownscale', rounded=True),
            dict(type='PackInputs'),
        ],
    ),
)
test_evaluator = [dict(type='PSNR', crop_border='scale', baseline=True), dict(type='SSIM')]
custom_hooks = [dict(type='ReportHook')]
"""
MODELS_BY_NAME = {
    'bicubic': {'type': 'Restorer', 'backbone': {'type': 'Bicubic', 'scale': 2}},
    'small': {
        'type': 'Restorer',
        'backbone': {'type': 'ResidualNet', 'num_feats': 4, 'num_blocks': 1},
        'pre_upscale': 2,
    },
}


@pytest.fixture
def configs(photo_folder, tmp_path):
    for name, model in MODELS_BY_NAME.items():
        (tmp_path / f'{name}.py').write_text(DATA.format(model=model, photos=str(photo_folder)))
    torch.save(MODELS.build(MODELS_BY_NAME['small']).state_dict(), tmp_path / 'small.pth')
    return [tmp_path / 'bicubic.py', f'{tmp_path}/small.py={tmp_path}/small.pth']


def test_one_table_of_all(configs, photo_folder, tmp_path):
    out = tmp_path / 'out'
    printed = restorekit('benchmark', *configs, '-o', out).stdout
    text = (out / 'benchmark.md').read_text()
    assert text in printed
    rows = [line.strip('| ').split(' | ') for line in text.split('\n\n')[0].splitlines()]
    assert rows[0] == ['model', 'setting', 'photos']
    assert [row[:2] for row in rows[2:]] == [['input', 'x2'], ['bicubic', 'x2'], ['small', 'x2']]
    values = []
    for path in sorted(photo_folder.iterdir()):
        gt = torch.from_numpy(read_image(path).copy()).movedim(-1, 0).double()
        small = imresize((gt * 255).round().to(torch.uint8), 0.5).double() / 255
        enlarged = imresize(small, 2).clamp(0, 1)
        values.append(psnr(enlarged[None, :, 2:-2, 2:-2], gt[None, :, 2:-2, 2:-2]).item())
    expected = f'{sum(values) / len(values):.2f}'
    assert rows[2][2].split(' / ')[0] == rows[3][2].split(' / ')[0] == expected
    assert rows[4][2].split(' / ')[0] != expected
    assert 'PSNR: channels as restored, crop border = scale, clipped to [0, 1], unrounded' in text
    assert {path.name for path in out.iterdir()} == {'0_bicubic', '1_small', 'benchmark.md'}


def test_slips_are_named_before_anything_is_tested(configs, tmp_path):
    out = ['-o', tmp_path / 'out']
    assert 'no.py: no such config' in error_of('benchmark', *configs, tmp_path / 'no.py', *out)
    assert not (tmp_path / 'out').exists()
    message = error_of('benchmark', f'{tmp_path}/small.py={tmp_path}/no.pth', *out)
    assert 'no.pth: no such checkpoint' in message
    assert 'name the checkpoint' in error_of('benchmark', tmp_path / 'small.py', *out)
    assert not (tmp_path / 'out/benchmark.md').exists()
