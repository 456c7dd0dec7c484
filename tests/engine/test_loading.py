"""Batches as the workers of a training loader make them, and how these workers end."""

import os
import signal
import subprocess
import time

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, Dataset

from restorekit.data_sample import DataSample, stacked_targets
from restorekit.engine.loading import stack_samples, start_worker
from restorekit.io.checkpoint import read_checkpoint
from restorekit.registry import FUNCTIONS, RUNNERS
from restorekit.restorers import ImagePreprocessor
from tests.engine.conftest import losses_of, run, tiny_config
from tests.helpers import Started


def samples(sizes=(4, 4), **more):
    made = []
    for number, size in enumerate(sizes):
        sample = DataSample(metainfo={'name': f'n{number}'}, gt=torch.full((1, size, size), number))
        made.append({'inputs': torch.rand(1, size, size), 'data_samples': sample, **more})
    return made


def test_a_batch_is_a_handful_of_tensors():
    given = samples()
    batch = stack_samples(given)
    assert batch['inputs'].shape == (2, 1, 4, 4)
    assert torch.equal(batch['targets']['gt'][:, 0, 0, 0], torch.tensor([0, 1]))
    assert [sample.name for sample in batch['data_samples']] == ['n0', 'n1']
    assert all(not sample.keys() for sample in batch['data_samples'])
    assert 'gt' in given[0]['data_samples'], 'what a dataset may keep was changed'


def test_the_preprocessor_hands_the_targets_back():
    batch = stack_samples(samples())
    data = ImagePreprocessor(color='y')(batch, training=True)
    assert data.keys() == {'inputs', 'data_samples'}
    assert [sample.gt[0, 0, 0].item() for sample in data['data_samples']] == [0, 1]
    assert data['data_samples'][1].gt.data_ptr() == batch['targets']['gt'][1].data_ptr()


@pytest.mark.parametrize(
    'odd', [samples(sizes=(4, 6)), samples(more=1), [{'inputs': torch.ones(1)}] * 2, [1, 2]]
)
def test_what_cannot_be_stacked_comes_as_lists(odd):
    batch = stack_samples(odd)
    assert 'targets' not in batch
    assert len(batch['inputs'] if isinstance(batch, dict) else batch) == 2


def test_a_runner_stacks_in_training_alone(photo_folder, tmp_path):
    runner = RUNNERS.build(tiny_config(photo_folder, tmp_path / 'run'))
    loop = runner.build_train_loop(runner._train_loop)
    assert next(iter(loop.dataloader))['inputs'].shape == (2, 1, 16, 16)
    assert isinstance(next(iter(runner.val_dataloader))['inputs'], list)


def test_a_collate_function_of_the_config_stays(plain_run, photo_folder, tmp_path):
    options = {'train_dataloader.collate_fn': {'type': 'pseudo_collate'}}
    listed = run(tiny_config(photo_folder, tmp_path / 'run', **options), 'listed')
    assert listed.train_dataloader.collate_fn.func is FUNCTIONS.get('pseudo_collate')
    np.testing.assert_array_equal(losses_of(listed), losses_of(plain_run))


class Slow(Dataset):
    def __len__(self):
        return 10

    def __getitem__(self, index):
        time.sleep(0.02)
        return index


def test_workers_are_deaf_to_all_but_their_parent():
    def begin(worker):
        start_worker(worker, 1, 0)

    iterator = iter(DataLoader(Slow(), num_workers=1, worker_init_fn=begin))
    assert next(iterator).item() == 0
    worker = iterator._workers[0]
    for name in ('INT', 'USR1', 'TERM'):  # from a process that is not the parent
        subprocess.run(['sh', '-c', f'kill -{name} {worker.pid}'], check=True)
    assert [int(value) for value in iterator] == list(range(1, 10))
    iterator = iter(DataLoader(Slow(), num_workers=1, worker_init_fn=begin))
    next(iterator)
    worker = iterator._workers[0]
    os.kill(worker.pid, signal.SIGTERM)
    worker.join(5)
    assert worker.exitcode == 0


@pytest.mark.slow
def test_a_signal_to_the_whole_group_ends_in_a_checkpoint(photo_folder, tmp_path):
    options = {'train_dataloader.num_workers': 2, 'train_cfg.max_iters': 10**6}
    config = tiny_config(photo_folder, tmp_path / 'run', **options)
    config.val_dataloader = config.val_cfg = config.val_evaluator = None
    config.dump(str(tmp_path / 'config.py'))
    with Started('train', tmp_path / 'config.py') as process:
        process.wait_for(lambda: list((tmp_path / 'run').glob('iter_*.pth')))
        assert os.getpgid(process.pid) == process.pid
        os.killpg(process.pid, signal.SIGTERM)
        assert process.wait() == 0, process.said
    assert (tmp_path / 'run/requeue').exists()
    last = (tmp_path / 'run/last_checkpoint').read_text()
    assert read_checkpoint(tmp_path / 'run' / last)['meta']['iter'] > 0


def test_targets_stay_stacked_until_a_sample_is_asked_for():
    batch = ImagePreprocessor(color='y')(stack_samples(samples()), True)
    given = batch['data_samples']
    whole = given.targets['gt']
    assert stacked_targets(given)['gt'] is whole
    assert len(given) == 2
    given[1].gt = given[1].gt + 5  # as a model of one's own may
    torch.testing.assert_close(stacked_targets(given)['gt'][:, 0, 0, 0], torch.tensor([0, 6]))
    assert torch.equal(stacked_targets(list(given))['gt'], stacked_targets(given)['gt'])


def test_a_stacked_batch_of_other_channels_is_refused():
    with pytest.raises(ValueError, match=r"color='rgb' takes 3 channels, got \(1, 4, 4\)"):
        ImagePreprocessor()(stack_samples(samples()), True)
