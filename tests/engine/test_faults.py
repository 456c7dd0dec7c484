"""What goes wrong in the middle of a run."""

import os
import re
import shutil
import signal
import subprocess
import traceback
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch.utils.data import get_worker_info

from restorekit.datasets import DataError
from restorekit.engine.guarding import explained
from restorekit.engine.history import KEPT
from restorekit.io.checkpoint import CheckpointError, read_checkpoint, write_checkpoint
from restorekit.registry import TRANSFORMS
from tests.engine.conftest import losses_of, run, tiny_config


@pytest.fixture
def no_validation(config):
    config.val_dataloader = config.val_cfg = config.val_evaluator = None
    return config


def log_of(work_dir):
    return '\n'.join(path.read_text() for path in work_dir.glob('*/*.log'))


@pytest.fixture
def breaking(photo_folder):
    """A transform that damages one photograph when the fifth sample is read."""
    seen = []

    def spoil(results):
        seen.append(results['files']['gt'][0])
        if len(seen) == 5:
            (photo_folder / 'photo3.png').write_bytes(b'')
        return results

    TRANSFORMS.register_module('Breaking', module=lambda: spoil, force=True)
    yield
    del TRANSFORMS.module_dict['Breaking']


@pytest.mark.usefixtures('breaking')
def test_a_file_that_turns_unreadable_is_named(no_validation, tmp_path):
    no_validation.train_dataloader.dataset.pipeline.insert(1, {'type': 'Breaking'})
    with pytest.raises(ValueError, match=r'photo3\.png: truncated or empty image \(0 bytes\)'):
        run(no_validation, 'named')


@pytest.mark.usefixtures('breaking')
def test_or_another_stands_in_for_it_and_is_counted(no_validation, tmp_path):
    no_validation.train_dataloader.dataset.pipeline.insert(1, {'type': 'Breaking'})
    no_validation.train_dataloader.skip_unreadable = True
    run(no_validation, 'skipped')
    counts = re.findall(r'cannot be read \((\d+) in all\): .*photo3\.png', log_of(tmp_path / 'run'))
    assert counts
    assert counts == [str(n + 1) for n in range(len(counts))]


def test_nothing_left_to_read(no_validation, photo_folder):
    no_validation.train_dataloader.skip_unreadable = True
    no_validation.train_dataloader.dataset.check = False
    for path in photo_folder.iterdir():
        path.write_bytes(b'')
    with pytest.raises(DataError, match='no file can be read any more; the last: .*truncated'):
        run(no_validation, 'nothing')


def test_skipping_needs_positions(no_validation):
    no_validation.train_dataloader.skip_unreadable = True
    no_validation.train_dataloader.sampler = {'type': 'InfiniteSampler'}
    with pytest.raises(ValueError, match='skip_unreadable needs ResumableSampler'):
        run(no_validation, 'positions')


def test_a_worker_that_dies_names_what_it_read(no_validation):
    # torch watches for the deaths of children, and would raise in the midst of later tests.
    child = os.fork()
    if not child:
        try:
            lose_a_worker(no_validation)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0


def test_what_a_dead_worker_does_not_hand_over_is_not_the_news(monkeypatch):
    def learn(seconds):
        raise RuntimeError('DataLoader worker (pid 5) is killed by signal: Killed. ')

    runner = SimpleNamespace(train_dataloader=SimpleNamespace(sampler=None))
    monkeypatch.setattr('restorekit.engine.guarding.time.sleep', learn)
    message = r'worker \(pid 5\) is killed by signal: Killed\. One of '
    with pytest.raises(DataError, match=message), explained(runner):
        raise ConnectionResetError
    monkeypatch.setattr('restorekit.engine.guarding.time.sleep', lambda seconds: None)
    with pytest.raises(EOFError), explained(runner):
        raise EOFError


def lose_a_worker(config):
    def die(results):
        if get_worker_info() is not None and results['files']['gt'][0].endswith('photo2.png'):
            os.kill(os.getpid(), signal.SIGKILL)
        return results

    TRANSFORMS.register_module('Die', module=lambda: die, force=True)
    config.train_dataloader.dataset.pipeline.insert(1, {'type': 'Die'})
    config.train_dataloader.num_workers = 1
    with pytest.raises(DataError, match=r'DataLoader worker .* One of .*photo2\.png'):
        run(config, 'dies')


def test_a_full_disk_leaves_the_older_checkpoint(tmp_path):
    disk = tmp_path / 'disk'
    disk.mkdir()
    mount = ['mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', str(disk)]
    if shutil.which('mount') is None or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip('a file system cannot be mounted here')
    try:
        path = disk / 'iter_1.pth'
        write_checkpoint(path, {'state_dict': {'a': torch.zeros(1000)}})
        before = path.read_bytes()
        with pytest.raises(CheckpointError, match=r'iter_1\.pth: the checkpoint cannot be written'):
            write_checkpoint(path, {'state_dict': {'a': torch.zeros(2**20)}})
        assert path.read_bytes() == before
        assert [file.name for file in disk.iterdir()] == ['iter_1.pth']
    finally:
        subprocess.run(['umount', str(disk)], check=True)


def test_histories_do_not_grow_without_end(no_validation, monkeypatch):
    monkeypatch.setattr('restorekit.engine.history.KEPT', 5)
    runner = run(no_validation, 'bounded')
    assert len(runner.message_hub.get_scalar('train/loss').data[0]) == 5
    assert KEPT >= 1000


SWITCHES = {
    'channels_last': ({'model.channels_last': True}, 1e-4),
    'compile': ({'compile': {'backend': 'aot_eager'}}, 1e-4),
}


@pytest.mark.slow
@pytest.mark.parametrize('switch', SWITCHES)
def test_switches_for_speed_keep_the_result(plain_run, photo_folder, tmp_path, switch):
    options, tolerance = SWITCHES[switch]
    fast = run(tiny_config(photo_folder, tmp_path / 'fast', **options), f'fast-{switch}')
    np.testing.assert_allclose(losses_of(plain_run), losses_of(fast), rtol=tolerance)
    a, b = (read_checkpoint(f'{r.work_dir}/iter_12.pth') for r in (plain_run, fast))
    assert a['state_dict'].keys() == b['state_dict'].keys()
    for name, weight in a['state_dict'].items():
        # 12 steps of 1e-3 move a weight by up to 12e-3.
        torch.testing.assert_close(b['state_dict'][name], weight, rtol=1e-3, atol=1e-3)


@pytest.mark.slow
def test_accumulated_gradients_are_those_of_the_whole_batch(photo_folder, tmp_path):
    block = {'model.backbone.block': {'type': 'AttentiveInception', 'norm_cfg': None}}
    schedule = {'param_scheduler': None, 'optim_wrapper.optimizer': {'type': 'SGD', 'lr': 0.1}}
    whole = tiny_config(
        photo_folder,
        tmp_path / 'whole',
        **block,
        **schedule,
        **{'train_dataloader.batch_size': 4, 'train_cfg.max_iters': 3},
    )
    parts = tiny_config(
        photo_folder,
        tmp_path / 'parts',
        **block,
        **schedule,
        **{
            'train_dataloader.batch_size': 2,
            'train_cfg.max_iters': 6,
            'optim_wrapper.accumulative_counts': 2,
        },
    )
    a = run(whole, 'whole-batch').model.state_dict()
    b = run(parts, 'parts-batch').model.state_dict()
    for name, value in a.items():
        torch.testing.assert_close(b[name], value, rtol=1e-5, atol=1e-6)


@pytest.mark.slow
def test_averaged_weights_are_the_average(photo_folder, tmp_path):
    hook = {'type': 'EMAHook', 'ema_type': 'ExponentialMovingAverage', 'momentum': 0.25}
    config = tiny_config(
        photo_folder,
        tmp_path / 'run',
        custom_hooks=[hook],
        **{'default_hooks.checkpoint.interval': 1, 'default_hooks.checkpoint.max_keep_ckpts': -1},
    )
    run(config, 'average')
    folder = tmp_path / 'run'
    steps = [read_checkpoint(folder / f'iter_{n}.pth') for n in range(1, 13)]
    # mmengine exchanges the two when it saves: `state_dict` is the average.
    expected = None
    for step in steps:
        weights = step['ema_state_dict']['module.backbone.tail.0.weight']
        expected = weights if expected is None else 0.75 * expected + 0.25 * weights
    average = steps[-1]['state_dict']['backbone.tail.0.weight']
    torch.testing.assert_close(average, expected, rtol=1e-4, atol=1e-6)
