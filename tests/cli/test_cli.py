"""The doors, as a user goes through them: what they write, exit codes, one clear error."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import torch

from restorekit.cli.options import parse_overrides
from restorekit.functional import imresize, rgb_to_ycbcr
from restorekit.io import read_image, write_image
from restorekit.registry import MODELS, REGISTRIES
from tests.conftest import smooth_image
from tests.engine.conftest import tiny_config
from tests.helpers import Started, error_of, process, ranks, restorekit

ROOT = Path(__file__).parents[2]
OURS = ('BACKBONES', 'BLOCKS', 'LOSSES', 'METRICS', 'DATASETS', 'TRANSFORMS', 'HOOKS')
LUMA = {
    'type': 'Restorer',
    'data_preprocessor': {'type': 'ImagePreprocessor', 'color': 'y'},
    'backbone': {'type': 'AIN', 'num_feats': 8, 'num_blocks': 1},
    'pre_upscale': 2,
}


@pytest.fixture
def config_file(photo_folder, tmp_path):
    path = tmp_path / 'tiny.py'
    tiny_config(photo_folder, tmp_path / 'run').dump(str(path))
    return path


@pytest.fixture
def luma_model(tmp_path):
    """A config and a checkpoint of an untrained luma network that enlarges by 2."""
    torch.manual_seed(0)
    (tmp_path / 'luma.py').write_text(f'model = {LUMA!r}\n')
    torch.save({'state_dict': MODELS.build(LUMA).state_dict()}, tmp_path / 'luma.pth')
    return tmp_path / 'luma.py', tmp_path / 'luma.pth'


def test_overrides_are_literals():
    pairs = ['a.b=3', 'c=1e-3', 'd=true', 'e=None', 'f=text', 'g=[1,(2,3)]', 'h=1,x', 'i=a=b']
    assert parse_overrides(pairs) == {
        'a.b': 3,
        'c': 1e-3,
        'd': True,
        'e': None,
        'f': 'text',
        'g': [1, (2, 3)],
        'h': [1, 'x'],
        'i': 'a=b',
    }
    with pytest.raises(ValueError, match="expected KEY=VALUE, got 'abc'"):
        parse_overrides(['abc'])


@pytest.mark.slow
def test_train_resume_and_test(config_file, tmp_path):
    options = ['--work-dir', tmp_path / 'w', '--cfg-options', 'train_cfg.max_iters=4']
    restorekit('train', config_file, *options, '--no-validate')
    assert not (tmp_path / 'w/panels').exists()
    longer = [*options[:3], 'train_cfg.max_iters=8']
    result = restorekit('train', config_file, *longer, '--resume')
    assert 'resumed epoch: 0, iter: 4' in result.stdout + result.stderr
    assert (tmp_path / 'w/iter_8.pth').exists()
    restorekit('test', config_file, tmp_path / 'w/iter_8.pth', '--work-dir', tmp_path / 't')
    assert '| photos_q20 | 6 |' in (tmp_path / 't/results.md').read_text()
    assert len(list((tmp_path / 't/panels/test').iterdir())) == 4


def test_flags_do_something(config_file, tmp_path):
    options = ['--work-dir', tmp_path / 'w', '--cfg-options', 'train_cfg.max_iters=1']
    result = restorekit('train', config_file, *options, '--amp', '--auto-scale-lr')
    log = result.stdout + result.stderr
    assert 'Learning rate scaled by 0.125' in log
    log += next((tmp_path / 'w').glob('*/*.log')).read_text()
    assert "type='AmpOptimWrapper'" in log


@pytest.mark.slow
def test_two_processes_give_the_figures_of_one(config_file, tmp_path):
    # Batch normalisation would see half the batch on each rank.
    plain = "model.backbone.block={'type':'AttentiveInception','norm_cfg':None}"
    steps = ['--cfg-options', 'train_cfg.max_iters=4', plain]
    two = ['--work-dir', tmp_path / 'two', *steps, 'train_dataloader.batch_size=1']
    ranks(2, 'train', config_file, *two)
    restorekit('train', config_file, '--work-dir', tmp_path / 'one', *steps)
    one, two = (torch.load(tmp_path / n / 'iter_4.pth')['state_dict'] for n in ('one', 'two'))
    torch.testing.assert_close(two, one, rtol=1e-3, atol=1e-5)
    test = ['test', config_file, tmp_path / 'one/iter_4.pth', '--work-dir']
    ranks(2, *test, tmp_path / 'test2', '--cfg-options', plain)
    restorekit(*test, tmp_path / 'test1', '--cfg-options', plain)
    assert (tmp_path / 'test1/results.md').read_text() == (
        tmp_path / 'test2/results.md'
    ).read_text()


def test_restore_keeps_chroma_depth_and_format(luma_model, tmp_path):
    config, weights = luma_model
    photo = smooth_image(20, 31)
    write_image(tmp_path / 'photo.tif', photo, bits=16)
    out = tmp_path / 'out'
    restorekit(
        'restore', tmp_path / 'photo.tif', '-m', config, '-w', weights, '-o', out, '--bits', '16'
    )
    restored = torch.from_numpy(read_image(out / 'photo.tif')).movedim(-1, 0)
    assert restored.shape == (3, 40, 62)
    expected = imresize(rgb_to_ycbcr(torch.from_numpy(photo).movedim(-1, 0)), 2)[1:]
    inside = (restored > 0.02).all(0) & (restored < 0.98).all(
        0
    )  # clipped colours lose their chroma
    assert inside.float().mean() > 0.3
    difference = (rgb_to_ycbcr(restored)[1:] - expected).abs()[:, inside]
    assert difference.max() < 1e-3


def test_restore_gray_and_several_files(luma_model, tmp_path):
    config, weights = luma_model
    write_image(tmp_path / 'gray.png', smooth_image(12, 15, 1))
    write_image(tmp_path / 'b.jpg', smooth_image(9, 9))
    command = ['restore', tmp_path / 'gray.png', tmp_path / 'b.jpg', '-m', config, '-w', weights]
    restorekit(*command, '-o', tmp_path / 'out')
    assert read_image(tmp_path / 'out/gray.png').shape == (24, 30, 1)
    assert read_image(tmp_path / 'out/b.png').shape == (18, 18, 3)
    one = ['restore', tmp_path / 'b.jpg', '-m', config, '-w', weights, '-o', tmp_path / 'one.bmp']
    restorekit(*one)
    np.testing.assert_array_equal(
        read_image(tmp_path / 'one.bmp'), read_image(tmp_path / 'out/b.png')
    )


def test_restore_does_the_rest_when_one_file_is_damaged(luma_model, tmp_path):
    config, weights = luma_model
    write_image(tmp_path / 'good.png', smooth_image(9, 9))
    (tmp_path / 'bad.png').write_bytes((tmp_path / 'good.png').read_bytes()[:60])
    images = [tmp_path / 'bad.png', tmp_path / 'good.png']
    message = error_of('restore', *images, '-m', config, '-w', weights, '-o', tmp_path / 'out')
    assert '1 of 2 images restored' in message
    assert 'bad.png: truncated' in message
    assert [path.name for path in (tmp_path / 'out').iterdir()] == ['good.png']


def test_restore_refuses_before_it_starts(luma_model, tmp_path):
    config, weights = luma_model
    model = ['-m', config, '-w', weights]
    photo = tmp_path / 'a.png'
    write_image(photo, smooth_image(9, 9))
    (tmp_path / 'sub').mkdir()
    write_image(tmp_path / 'sub/a.png', smooth_image(9, 9))
    before = photo.read_bytes()
    assert 'no.png' in error_of(
        'restore', tmp_path / 'no.png', photo, *model, '-o', tmp_path / 'out'
    )
    assert 'overwritten by its own result' in error_of('restore', photo, *model, '-o', tmp_path)
    two = [photo, tmp_path / 'sub/a.png']
    assert 'several images would be' in error_of('restore', *two, *model, '-o', tmp_path / 'out')
    assert 'a file for 2 images' in error_of('restore', *two, *model, '-o', tmp_path / 'x.png')
    assert 'cannot be written' in error_of('restore', photo, *model, '-o', photo / 'out')
    (tmp_path / 'done').mkdir()
    write_image(tmp_path / 'done/a.png', smooth_image(5, 5))
    done = (tmp_path / 'done/a.png').read_bytes()
    message = error_of('restore', photo, *model, '-o', tmp_path / 'done')
    assert 'exists already' in message
    assert (tmp_path / 'done/a.png').read_bytes() == done
    deep = ['-o', tmp_path / 'x.jpg', '--bits', '16']
    assert '16 bits need .png' in error_of('restore', photo, *model, *deep)
    gpu = ['-o', tmp_path / 'out', '--device', 'gpu']
    assert "device 'gpu' is not there" in error_of('restore', photo, *model, *gpu)
    assert 'name its checkpoint' in error_of('restore', photo, '-m', config, '-o', tmp_path / 'out')
    assert photo.read_bytes() == before
    assert not list((tmp_path / 'out').glob('*'))


def test_training_errors_are_one_message(config_file, tmp_path):
    def train(*options):
        return error_of(
            'train', config_file, '--work-dir', tmp_path / 'w', '--cfg-options', *options
        )

    data = 'train_dataloader.dataset.gt_dir'
    assert 'no folder' in train(f'{data}={tmp_path}/nothing')
    (tmp_path / 'empty').mkdir()
    assert 'no image in' in train(f'{data}={tmp_path}/empty')
    assert "did you mean 'num_feats'" in train('model.backbone.num_fets=3')
    assert "did you mean 'AIN'" in train('model.backbone.type=AINN')
    assert 'KEY=VALUE' in train('model')
    (tmp_path / 'small').mkdir()
    write_image(tmp_path / 'small/s.png', smooth_image(15, 40))
    message = train(f'{data}={tmp_path}/small')
    assert 'small/s.png: 15 x 40 pixels are smaller than the crop of 16 x 16' in message
    assert "no key 'lr'" in train('lr=1')
    message = error_of('train', 'bicubic/bicubic_x2.py', '--work-dir', tmp_path / 'w')
    assert 'not a config to train with; it has no train_dataloader' in message
    message = error_of('train', config_file, '--work-dir', tmp_path / 'w', '--launcher', 'pytorch')
    assert 'RANK is not set' in message
    message = error_of('train', config_file, '--work-dir', config_file / 'w')
    assert 'the folder cannot be written' in message
    message = error_of('test', config_file, tmp_path / 'no.pth', '--work-dir', tmp_path / 'w')
    assert 'no.pth: no such checkpoint' in message
    assert 'name the checkpoint' in error_of('test', config_file, '--work-dir', tmp_path / 'w')
    assert 'no such config' in error_of('train', 'ain/nothing.py')
    assert 'configs; `restorekit list configs` shows the ' in error_of('train', 'xyzzy')
    assert not list(tmp_path.glob('w/*.pth'))


def test_overrides_may_be_given_twice_and_a_test_keeps_the_config(config_file, tmp_path):
    options = [
        '--cfg-options',
        'train_cfg.max_iters=1',
        '--cfg-options',
        'model.backbone.num_feats=4',
    ]
    restorekit('train', config_file, '--work-dir', tmp_path / 'w', *options)
    resolved = (tmp_path / 'w/tiny.py').read_text()
    assert 'max_iters=1' in resolved
    assert 'num_feats=4' in resolved
    restorekit(
        'test', tmp_path / 'w/tiny.py', tmp_path / 'w/iter_1.pth', '--work-dir', tmp_path / 'w'
    )
    assert (tmp_path / 'w/tiny.py').read_text() == resolved


@pytest.mark.slow
def test_an_error_in_a_worker_is_one_message(config_file, photo_folder, tmp_path):
    broken = photo_folder / 'photo0.png'
    header = broken.read_bytes()[:200]
    options = ['train_dataloader.num_workers=1', 'train_dataloader.dataset.check=False']
    broken.write_bytes(header)
    work = ['--work-dir', tmp_path / 'w', '--no-validate']
    # A process of its own, since the worker writes to its standard error too.
    with Started('train', config_file, *work, '--cfg-options', *options) as process:
        assert process.wait() == 1
        assert 'Traceback' not in process.said
        assert f'error: {broken}: truncated or empty image (200 bytes)' in process.said


def test_weights_that_are_damaged_give_no_black_pictures(luma_model, tmp_path):
    config, weights = luma_model
    state = torch.load(weights)
    state['state_dict']['backbone.tail.4.bias'][:] = torch.nan
    torch.save(state, tmp_path / 'nan.pth')
    write_image(tmp_path / 'a.png', smooth_image(9, 9))
    model = ['-m', config, '-w', tmp_path / 'nan.pth', '-o', tmp_path / 'out']
    said = error_of('restore', tmp_path / 'a.png', *model)
    assert 'nan.pth: damaged weights: 1 tensors hold NaN or infinity: backbone.tail.4.bias' in said
    assert not (tmp_path / 'out').exists()


def test_list_and_help():
    listing = restorekit('list').stdout
    assert 'BLOCKS:\n  AttentionUnit ' in listing
    assert re.search(r'AIN +Residual network of attentive inception modules', listing)
    parts = [REGISTRIES[kind].get(name) for kind in OURS for name in REGISTRIES[kind]]
    assert all(part.__doc__ for part in parts if part.__module__.startswith('restorekit.'))
    assert 'ain/ain_x2_300k_div2k.py' in listing
    assert 'did you mean' in error_of('list', 'BLOKS')
    assert 'restore image files' in process('-m', 'restorekit', '--help').stdout
    result = restorekit('train', '--help')
    for flag in (
        '--resume',
        '--amp',
        '--auto-scale-lr',
        '--no-validate',
        '--local_rank',
        '--launcher',
    ):
        assert flag in result.stdout


@pytest.mark.slow
def test_two_processes_agree_on_running_statistics(config_file, tmp_path):
    """With batch normalisation each rank sees its part; the checkpoint is everybody's model."""
    steps = ['--cfg-options', 'train_cfg.max_iters=4', 'train_cfg.val_interval=4']
    ranks(2, 'train', config_file, '--work-dir', tmp_path / 'two', *steps)
    validated = (tmp_path / 'two/results.json').read_text()
    test = ['test', config_file, tmp_path / 'two/iter_4.pth', '--work-dir', tmp_path / 'one']
    restorekit(*test)
    assert (tmp_path / 'one/results.json').read_text() == validated
