"""`restorekit demo`, step by step."""

from __future__ import annotations

import re

import pytest

from restorekit.cli import demo
from restorekit.io import image_size
from tests.helpers import restorekit

SMALL = """
_base_ = 'restorekit::demo/ain-small_x2_1k_photos.py'
model = dict(backbone=dict(num_feats=8, num_blocks=1))
train_dataloader = dict(batch_size=1)
train_cfg = dict(max_iters=20, val_interval=10000)
"""


def test_a_step_that_fails_ends_the_demo(capfd):
    with pytest.raises(SystemExit) as end:
        demo._call('restore', '--no-such')
    assert end.value.code == 2
    out, err = capfd.readouterr()
    assert out == '\n$ restorekit restore --no-such\n'
    assert 'required: IMAGE' in err or '--no-such' in err


@pytest.mark.slow
def test_the_commands_that_it_calls_fit_together(tmp_path, monkeypatch):
    """Its own photographs and steps; a small network, trained for a moment."""
    pytest.importorskip('skimage')
    (tmp_path / 'small.py').write_text(SMALL)
    work, called = tmp_path / 'work', []

    def call(*command):
        called.append(command[0])
        restorekit(*command)
        if command[0] == 'train':
            (work / 'iter_20.pth').rename(work / 'iter_1000.pth')

    monkeypatch.setattr(demo, 'CONFIG', str(tmp_path / 'small.py'))
    monkeypatch.setattr(demo, '_call', call)
    said = restorekit('demo', work).stdout
    assert called == ['train', 'test', 'restore']
    scores = dict(re.findall(r'(bicubic|restored) (\d\d\.\d\d) dB', said))
    assert float(scores['bicubic']) == pytest.approx(33.9, abs=0.05)
    assert float(scores['restored']) > 20
    assert image_size(work / 'chelsea.png') == (300 + 28, 3 * 450)
    assert image_size(work / 'restored/chelsea_small.png') == (300, 450)
    assert 'PSNR (dB) input | PSNR (dB) restored' in (work / 'results.md').read_text()
    assert list((work / 'panels/test').iterdir())
