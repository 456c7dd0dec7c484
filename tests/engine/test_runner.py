import json

import numpy as np
import pytest
import torch

from restorekit.engine.checkpoint import CheckpointError, read_checkpoint
from restorekit.io import read_image
from restorekit.registry import OPTIM_WRAPPERS, RUNNERS
from tests.engine.conftest import tiny_config


def run(config, name):
    config.experiment_name = name
    runner = RUNNERS.build(config)
    runner.train()
    return runner


def final(config):
    return read_checkpoint(f'{config.work_dir}/iter_12.pth')


def same(a, b):
    return all(torch.equal(a[key], b[key]) for key in a) and a.keys() == b.keys()


def test_a_run_leaves_what_it_promises(config, tmp_path):
    run(config, 'promises')
    work = tmp_path / 'run'
    table = (work / 'results.md').read_text()
    assert '| dataset | images | PSNR (dB) input | PSNR (dB) restored | SSIM |' in table
    assert '| photos_q20 | 6 |' in table
    assert 'crop border 0, clipped to [0, 1], unrounded' in table
    rows = json.loads((work / 'results.json').read_text())['PSNR']['images']
    assert [row['name'] for row in rows] == [f'photo{i}' for i in range(6)]
    panels = sorted(path.relative_to(work).as_posix() for path in work.glob('panels/*/*.png'))
    assert len(panels) == 8  # four of each of two validations
    assert panels[0] == 'panels/iter_0000006/photos_q20_photo0.png'
    assert read_image(work / panels[0]).shape == (64 + 28, 3 * 80, 3)
    log = next(work.glob('*/*.log')).read_text()
    for words in ('loss: ', 'lr: ', 'eta: ', 'data_time: '):
        assert words in log


def test_checkpoints_are_plain(config):
    run(config, 'plain')
    checkpoint = torch.load(f'{config.work_dir}/iter_8.pth', weights_only=True)
    assert checkpoint['meta']['iter'] == 8
    assert checkpoint['meta']['position'] == 16


@pytest.mark.parametrize('workers', [0, 2])
def test_a_resumed_run_ends_in_the_same_bits(photo_folder, tmp_path, workers):
    loader = {'train_dataloader.num_workers': workers}
    whole = tiny_config(photo_folder, tmp_path / 'whole', **loader)
    run(whole, f'whole{workers}')
    part = tiny_config(photo_folder, tmp_path / 'part', **loader)
    part.resume, part.load_from = True, f'{whole.work_dir}/iter_4.pth'
    run(part, f'part{workers}')
    assert same(final(whole)['state_dict'], final(part)['state_dict'])
    losses = [final(c)['message_hub']['log_scalars']['train/loss']['values'] for c in (whole, part)]
    assert torch.equal(*losses)


def test_resuming_with_another_batch_size_goes_on_where_it_was(photo_folder, tmp_path):
    whole = tiny_config(photo_folder, tmp_path / 'whole')
    run(whole, 'batch2')
    part = tiny_config(photo_folder, tmp_path / 'part', **{'train_dataloader.batch_size': 3})
    part.resume, part.load_from = True, f'{whole.work_dir}/iter_4.pth'
    runner = run(part, 'batch3')
    assert runner.train_dataloader.sampler.start == 8
    assert final(part)['meta']['position'] == 8 + 8 * 3


def test_weights_of_another_model(config, tmp_path):
    run(config, 'one')
    config.model.backbone.num_feats = 4
    config.load_from, config.work_dir = f'{tmp_path}/run/iter_12.pth', str(tmp_path / 'other')
    config.experiment_name = 'other'
    with pytest.raises(CheckpointError, match='does not fit the model of the config'):
        RUNNERS.build(config).test()


@pytest.mark.parametrize(('accumulated', 'expected'), [(1, 1e-3 * 2 / 16), (4, 1e-3 * 8 / 16)])
def test_auto_scale_lr_counts_the_real_total_batch(config, accumulated, expected):
    config.auto_scale_lr.enable = True
    config.experiment_name = f'scale{accumulated}'
    runner = RUNNERS.build(config)
    options = {**config.optim_wrapper, 'accumulative_counts': accumulated}
    optim_wrapper = runner.build_optim_wrapper(options)
    runner.scale_lr(optim_wrapper, config.auto_scale_lr)
    assert optim_wrapper.get_lr()['lr'] == [pytest.approx(expected)]


def test_amp_trains_on_cpu_close_to_full_precision(photo_folder, tmp_path):
    plain = tiny_config(photo_folder, tmp_path / 'plain')
    amp = tiny_config(photo_folder, tmp_path / 'amp', **{'optim_wrapper.type': 'AmpOptimWrapper'})
    losses = [
        run(c, name).message_hub.get_scalar('train/loss').data[0]
        for c, name in ((plain, 'fp32'), (amp, 'bf16'))
    ]
    np.testing.assert_allclose(*losses, rtol=0.05)
    assert not np.array_equal(*losses)


def test_amp_dtype_is_checked():
    parameter = torch.nn.Parameter(torch.ones(1))
    options = {'type': 'AmpOptimWrapper', 'optimizer': torch.optim.SGD([parameter], lr=1)}
    with pytest.raises(ValueError, match="dtype must be one of .* got 'float8'"):
        OPTIM_WRAPPERS.build({**options, 'dtype': 'float8'})


def test_tensorboard_gets_scalars_and_panels(config, tmp_path):
    events = pytest.importorskip('tensorboard.backend.event_processing.event_accumulator')
    config.visualizer.vis_backends = [{'type': 'TensorboardVisBackend'}]
    run(config, 'tensorboard')
    folder = next((tmp_path / 'run').glob('*/vis_data'))
    accumulator = events.EventAccumulator(str(folder), {'images': 0})
    accumulator.Reload()
    assert 'loss' in accumulator.Tags()['scalars']
    assert 'panels/photos_q20_photo0' in accumulator.Tags()['images']
