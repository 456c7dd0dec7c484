import json
import os
import re
import shutil
import signal
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.hooks import Hook

from restorekit.engine.hooks import NonFiniteError
from restorekit.io import read_image
from restorekit.io.checkpoint import CheckpointError, read_checkpoint
from restorekit.registry import BLOCKS, OPTIM_WRAPPERS, RUNNERS, TRANSFORMS
from tests.engine.conftest import losses_of, run, tiny_config


def final(config):
    return read_checkpoint(f'{config.work_dir}/iter_12.pth')


def same(a, b):
    return all(torch.equal(a[key], b[key]) for key in a) and a.keys() == b.keys()


def test_a_run_leaves_what_it_promises(plain_run):
    work = Path(plain_run.work_dir)
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


def test_checkpoints_are_plain(plain_run):
    checkpoint = torch.load(f'{plain_run.work_dir}/iter_8.pth', weights_only=True)
    assert checkpoint['meta']['iter'] == 8
    assert checkpoint['meta']['position'] == 16
    assert checkpoint['meta']['model'] == plain_run.cfg.model.to_dict()
    assert checkpoint['meta']['cfg'] == plain_run.cfg.pretty_text


VARIANTS = {
    'plain': {},
    'on_device': {'train_dataloader.on_device': True},
    'workers': {'train_dataloader.num_workers': 2},
    'dropout': {
        'model.backbone.block': {'type': 'Dropout'},
        'model.backbone.long_skip_attention': False,
    },
    'validated': {
        'model.backbone.block': {'type': 'Dropout'},
        'model.backbone.long_skip_attention': False,
        'default_hooks.checkpoint.interval': 3,
    },
    'bfloat16': {'optim_wrapper.type': 'AmpOptimWrapper'},
    'ema': {'custom_hooks': [{'type': 'EMAHook', 'ema_type': 'ExponentialMovingAverage'}]},
    'best': {'default_hooks.checkpoint.save_best': 'photos_q20/PSNR'},
    'accumulation': {'optim_wrapper.accumulative_counts': 3},
    'onecycle': {
        'param_scheduler': {
            'type': 'OneCycleLR',
            'eta_max': 1e-2,
            'total_steps': 12,
            'by_epoch': False,
        }
    },
}


@pytest.fixture
def dropout_block():
    class Dropout(torch.nn.Module):
        def __init__(self, channels):
            super().__init__()
            self.conv = torch.nn.Conv2d(channels, channels, 3, padding=1)

        def forward(self, x):
            return x + torch.nn.functional.dropout(self.conv(x), 0.5, self.training)

    BLOCKS.register_module(module=Dropout, force=True)
    yield
    del BLOCKS.module_dict['Dropout']


@pytest.mark.parametrize(
    'variant',
    [pytest.param(name, marks=pytest.mark.slow if name != 'plain' else ()) for name in VARIANTS],
)
@pytest.mark.usefixtures('dropout_block')
def test_a_resumed_run_ends_in_the_same_bits(photo_folder, tmp_path, variant):
    whole = tiny_config(photo_folder, tmp_path / 'whole', **VARIANTS[variant])
    run(whole, f'whole-{variant}')
    part = tiny_config(photo_folder, tmp_path / 'part', **VARIANTS[variant])
    # A checkpoint due at 4 waits for the end of an accumulation.
    first = 6 if variant in ('accumulation', 'validated') else 4
    part.resume, part.load_from = True, f'{whole.work_dir}/iter_{first}.pth'
    part.randomness.seed = None if variant == 'plain' else 0  # the checkpoint's counts
    run(part, f'part-{variant}')
    a, b = final(whole), final(part)
    assert same(a['state_dict'], b['state_dict'])
    if 'ema_state_dict' in a:
        assert same(a['ema_state_dict'], b['ema_state_dict'])
    losses = [c['message_hub']['log_scalars']['train/loss']['values'] for c in (a, b)]
    assert torch.equal(*losses)


def test_images_kept_on_the_device_train_the_same_weights(plain_run, config):
    config.train_dataloader.on_device = True
    runner = run(config, 'on-device')
    assert same(final(config)['state_dict'], final(plain_run.cfg)['state_dict'])
    assert list(losses_of(runner)) == list(losses_of(plain_run))


def test_resuming_with_another_batch_size_goes_on_where_it_was(plain_run, photo_folder, tmp_path):
    part = tiny_config(photo_folder, tmp_path / 'part', **{'train_dataloader.batch_size': 3})
    part.resume, part.load_from = True, f'{plain_run.work_dir}/iter_4.pth'
    runner = run(part, 'batch3')
    assert runner.train_dataloader.sampler.start == 8
    assert final(part)['meta']['position'] == 8 + 8 * 3
    log = next((tmp_path / 'part').glob('*/*.log')).read_text()
    assert 'another number of images per batch (2 before, 3 now)' in log


def test_a_damaged_latest_checkpoint_is_passed_over(plain_run, config, tmp_path):
    shutil.copytree(plain_run.work_dir, config.work_dir)
    expected = final(config)['state_dict']
    path = tmp_path / 'run/iter_12.pth'
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    config.resume = True
    run(config, 'repaired')
    log = '\n'.join(file.read_text() for file in (tmp_path / 'run').glob('*/*.log'))
    assert re.search(r'Passed over: .*iter_12.pth: damaged', log)
    assert 'resumed epoch: 0, iter: 8' in log
    assert same(final(config)['state_dict'], expected)


def test_old_checkpoints_go_and_the_latest_is_named(photo_folder, tmp_path):
    options = {'default_hooks.checkpoint.max_keep_ckpts': 1}
    (tmp_path / 'run').mkdir()
    (tmp_path / 'run/.iter_4.pth.123.part').write_bytes(b'half')
    run(tiny_config(photo_folder, tmp_path / 'run', **options), 'keep1')
    assert [path.name for path in (tmp_path / 'run').glob('*.pth')] == ['iter_12.pth']
    assert not list((tmp_path / 'run').glob('.iter*'))
    assert (tmp_path / 'run/last_checkpoint').read_text() == 'iter_12.pth'


@pytest.mark.slow
@pytest.mark.parametrize('rule', ['greater', 'less'])
def test_the_best_checkpoint_is_kept(photo_folder, tmp_path, rule):
    options = {'default_hooks.checkpoint.save_best': 'photos_q20/PSNR'}
    steps = {'train_cfg.val_interval': 3, 'default_hooks.checkpoint.rule': rule}
    best_run = run(tiny_config(photo_folder, tmp_path / 'run', **options, **steps), f'best-{rule}')
    best = read_checkpoint(tmp_path / 'run/best.pth')
    figures, _ = best_run.message_hub.get_scalar('val/photos_q20/PSNR').data
    assert len(set(figures)) == 4
    at = np.argmax(figures) if rule == 'greater' else np.argmin(figures)
    assert best['meta']['iter'] == 3 * (at + 1)
    assert 'optimizer' not in best
    options = {'default_hooks.checkpoint.save_best': 'photos_q20/PSRN'}
    with pytest.raises(ValueError, match="is not reported; did you mean 'photos_q20/PSNR'"):
        run(tiny_config(photo_folder, tmp_path / 'other', **options), 'slip')
    assert not list((tmp_path / 'other').glob('*.pth')), 'it trained before it said so'


def test_weights_alone_cannot_be_resumed(plain_run, config, tmp_path):
    torch.save(plain_run.model.state_dict(), tmp_path / 'weights.pth')
    config.resume, config.load_from = True, str(tmp_path / 'weights.pth')
    with pytest.raises(CheckpointError, match=r'weights\.pth: weights alone, no run to resume'):
        run(config, 'weights2')


def test_an_endless_sampler_in_epochs_is_refused(config):
    config.train_cfg = {'type': 'EpochBasedTrainLoop', 'max_epochs': 2}
    with pytest.raises(ValueError, match='ResumableSampler never ends'):
        run(config, 'epochs')


def test_steps_that_are_not_finite_are_left_out_and_end_the_run(photo_folder, tmp_path):
    def spoil(results):
        results['lq'] = results['lq'] * np.nan
        return results

    config = tiny_config(photo_folder, tmp_path / 'run')
    config.val_dataloader = config.val_cfg = config.val_evaluator = None
    config.train_dataloader.dataset.pipeline.insert(3, {'type': 'Spoil'})
    config.custom_hooks = [{'type': 'NonFiniteHook', 'max_in_a_row': 3}]
    TRANSFORMS.register_module('Spoil', module=lambda: spoil, force=True)
    runner = RUNNERS.build(config)
    before = {name: value.clone() for name, value in runner.model.named_parameters()}
    with pytest.raises(NonFiniteError, match='3 times in a row, up to iteration 3'):
        runner.train()
    assert all(torch.equal(before[name], value) for name, value in runner.model.named_parameters())
    log = next((tmp_path / 'run').glob('*/*.log')).read_text()
    for n in (1, 2, 3):
        warning = f'Iteration {n}: gradients are not finite, the step is left out'
        assert f'{warning} ({n} in all, {n} in a row)' in log
    record = json.loads((tmp_path / 'run/nonfinite_rank0.json').read_text())
    assert record['iteration'] == 3
    assert record['batch'][0]['files']['gt'][0].startswith(str(photo_folder))


def test_a_run_says_how_to_repeat_it(plain_run):
    record = json.loads((Path(plain_run.work_dir) / 'run.json').read_text())
    assert record['seed'] == 0
    assert record['versions']['torch'] == torch.__version__
    assert record['data']['train']['samples'] == 6
    assert len(record['data']['train']['names_and_sizes']) == 64


def test_a_signal_ends_the_run_in_order(config, tmp_path):
    class Signal(Hook):
        def after_train_iter(self, runner, **_):
            if runner.iter == 1:
                os.kill(os.getpid(), signal.SIGUSR1)

    runner = RUNNERS.build(config)
    runner.register_hook(Signal(), priority='VERY_HIGH')
    runner.train()
    assert (tmp_path / 'run/requeue').exists()
    assert read_checkpoint(tmp_path / 'run/iter_2.pth')['meta']['iter'] == 2
    config.resume = True
    run(config, 'requeued')
    assert final(config)['meta']['iter'] == 12
    assert not (tmp_path / 'run/requeue').exists()


def test_weights_of_another_model(plain_run, config):
    config.model.backbone.num_feats = 4
    config.load_from = f'{plain_run.work_dir}/iter_12.pth'
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


def test_amp_trains_on_cpu_close_to_full_precision(plain_run, photo_folder, tmp_path):
    amp = tiny_config(photo_folder, tmp_path / 'amp', **{'optim_wrapper.type': 'AmpOptimWrapper'})
    losses = [losses_of(plain_run), losses_of(run(amp, 'bf16'))]
    np.testing.assert_allclose(*losses, rtol=0.05)
    assert not np.array_equal(*losses)


def test_amp_dtype_is_checked():
    parameter = torch.nn.Parameter(torch.ones(1))
    options = {'type': 'AmpOptimWrapper', 'optimizer': torch.optim.SGD([parameter], lr=1)}
    with pytest.raises(ValueError, match=r"must be 'float16' \| 'bfloat16' \| None, got 'float8'"):
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


def test_settings_reach_a_runner_that_is_built_without_load_config(config):
    quality = config.train_dataloader.dataset.pop('degradation').quality
    config.val_dataloader.dataset.pop('degradation', None)
    config.quality = quality + 1
    runner = RUNNERS.build(config)
    assert runner.train_dataloader.dataset.dataset.setting == f'q{quality + 1}'
    assert config.quality == quality + 1, 'the config was changed'
