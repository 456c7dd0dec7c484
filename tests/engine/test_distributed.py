"""Runs of several processes on one machine, which meet through gloo; one by tools/dist_train.sh."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from restorekit.config import config_folder
from restorekit.io import write_image
from restorekit.io.checkpoint import read_checkpoint
from tests.conftest import smooth_image, write_photos
from tests.engine.conftest import tiny_config
from tests.helpers import ranks, restorekit

ROOT = Path(__file__).parents[2]
# Batch normalisation would see other batches on each rank.
PLAIN = {'model.backbone.block': {'type': 'AttentiveInception', 'norm_cfg': None}}
pytestmark = pytest.mark.slow


@pytest.fixture(scope='module', autouse=True)
def _one_thread():
    """As the ranks have it: what runs in this process is compared with them."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def written(config):
    """The config as a file."""
    path = Path(config.work_dir).with_suffix('.py')
    path.parent.mkdir(parents=True, exist_ok=True)
    config.dump(str(path))
    return path


def start(config, count):
    environment = {
        **os.environ,
        'PATH': f'{Path(sys.executable).parent}:{os.environ["PATH"]}',
        'MAX_RESTARTS': '1',
        'OMP_NUM_THREADS': '1',
    }
    command = ['bash', ROOT / 'tools/dist_train.sh', written(config), str(count)]
    return subprocess.Popen(
        [*map(str, command), '--work-dir', config.work_dir],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def train(config, count, *options):
    ranks(count, 'train', written(config), *options)
    return read_checkpoint(f'{config.work_dir}/iter_12.pth')


def train_alone(config):
    restorekit('train', written(config))
    return read_checkpoint(f'{config.work_dir}/iter_12.pth')


def evaluate_alone(config, work_dir):
    words = (f'{config.work_dir}.py', f'{config.work_dir}/iter_12.pth', '--work-dir', work_dir)
    restorekit('test', *words)


def losses(checkpoint):
    return checkpoint['message_hub']['log_scalars']['train/loss']['values']


def assert_close(a, b):
    torch.testing.assert_close(losses(a), losses(b), rtol=1e-4, atol=1e-6)
    for name, value in a['state_dict'].items():
        torch.testing.assert_close(b['state_dict'][name], value, rtol=1e-3, atol=2e-4)


def assert_same(a, b):
    assert torch.equal(losses(a), losses(b))
    assert all(torch.equal(a['state_dict'][k], b['state_dict'][k]) for k in a['state_dict'])


def figures(work_dir):
    return json.loads((Path(work_dir) / 'results.json').read_text())['PSNR']['images']


def of_ranks(photos, folder, count, **options):
    """The same run for any number of ranks: twelve steps of four images."""
    return tiny_config(
        photos, folder, **PLAIN, **{'train_dataloader.batch_size': 4 // count, **options}
    )


@pytest.fixture(scope='module')
def photos(tmp_path_factory):
    """Seven of them: no even division."""
    folder = write_photos(tmp_path_factory.mktemp('of_ranks') / 'photos')
    write_image(folder / 'photo6.png', smooth_image(70, 70, seed=6))
    return folder


@pytest.fixture(scope='module')
def alone(photos):
    """The config of a finished run of one process."""
    config = of_ranks(photos, photos.parent / 'ranks1', 1)
    train_alone(config)
    return config


@pytest.fixture(scope='module')
def together(photos):
    """And of two."""
    config = of_ranks(photos, photos.parent / 'ranks2', 2)
    train(config, 2)
    return config


def result(config):
    return read_checkpoint(f'{config.work_dir}/iter_12.pth')


def test_one_two_and_four_processes_give_one_curve(photos, alone, together, tmp_path):
    four = of_ranks(photos, tmp_path / 'ranks4', 4)
    train(four, 4)
    for config in (alone, together, four):
        validated = figures(config.work_dir)
        evaluate_alone(config, tmp_path / 'alone')
        assert validated == figures(tmp_path / 'alone')
        assert len(validated) == 7
    assert_close(result(alone), result(together))
    assert_close(result(alone), result(four))
    assert result(four)['meta']['position'] == result(alone)['meta']['position'] == 48


def test_a_rank_that_dies_is_started_again_and_ends_in_the_same_bits(photos, together, tmp_path):
    config = of_ranks(photos, tmp_path / 'part', 2, **{'default_hooks.checkpoint.interval': 2})
    process = start(config, 2)
    try:
        wait_for(lambda: (tmp_path / 'part/iter_4.pth').exists())
        os.kill(ranks_of(process)[1], signal.SIGKILL)
        output, _ = process.communicate(timeout=300)
    finally:
        process.kill()
    assert process.returncode == 0, output[-4000:]
    assert_same(result(together), result(config))
    log = '\n'.join(path.read_text() for path in (tmp_path / 'part').glob('*/*.log'))
    assert 'resumed epoch: 0, iter: ' in log


def ranks_of(process):
    """Process ids of the ranks that torchrun has started, in the order of their start."""
    children = {}
    for folder in Path('/proc').glob('[0-9]*'):
        try:
            words = (folder / 'stat').read_text().rpartition(')')[2].split()
            command = (folder / 'cmdline').read_text()
        except OSError:
            continue
        children.setdefault(int(words[1]), []).append((int(folder.name), command))
    found, level = [], [process.pid]
    while level:
        below = [entry for parent in level for entry in children.get(parent, ())]
        found += [pid for pid, command in below if 'train.py' in command and 'run' not in command]
        level = [pid for pid, _ in below]
    return sorted(found)


def wait_for(condition, seconds=300):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, 'waited in vain'
        time.sleep(0.02)


def test_three_ranks_resume_in_the_same_bits_without_bucket_rebuild(photo_folder, tmp_path):
    options = {**PLAIN, 'find_unused_parameters': True}
    whole = tiny_config(photo_folder, tmp_path / 'whole', **options)
    expected = train(whole, 3)
    part = tiny_config(photo_folder, tmp_path / 'part', **options)
    assert_same(expected, train(part, 3, '--resume', f'{whole.work_dir}/iter_4.pth'))


def test_a_run_goes_on_with_another_number_of_ranks(photos, alone, together, tmp_path):
    one = of_ranks(photos, tmp_path / 'two-to-one', 1)
    one.load_from, one.resume = f'{together.work_dir}/iter_4.pth', True
    two = of_ranks(photos, tmp_path / 'one-to-two', 2)
    results = {
        (2, 1): (one, train_alone(one)),
        (1, 2): (two, train(two, 2, '--resume', f'{alone.work_dir}/iter_4.pth')),
    }
    for (before, now), (config, checkpoint) in results.items():
        assert_close(result(alone), checkpoint)
        assert checkpoint['meta']['position'] == result(alone)['meta']['position'] == 48
        log = '\n'.join(path.read_text() for path in Path(config.work_dir).glob('*/*.log'))
        assert f'another number of processes ({before} before, {now} now)' in log


def sharding():
    wrapper = Config.fromfile(str(config_folder() / '_base_/fsdp.py')).model_wrapper_cfg.to_dict()
    wrapper['auto_wrap_policy']['min_num_params'] = 1000  # the networks here are small
    return wrapper


def test_averaged_and_sharded_weights_do_not_go_together(photo_folder, tmp_path):
    options = {'custom_hooks': [{'type': 'EMAHook'}], 'model_wrapper_cfg': sharding()}
    config = written(tiny_config(photo_folder, tmp_path / 'run', **options))
    said = ranks(1, 'train', config, expect=1)
    assert 'EMAHook: averaged weights and sharded weights' in said
    assert not (tmp_path / 'run/iter_4.pth').exists()


def test_sharded_weights(photo_folder, tmp_path):
    network = {'type': 'ResidualNet', 'in_channels': 1, 'num_feats': 8, 'num_blocks': 2}
    copies = {'model.backbone': network, 'optim_wrapper.clip_grad': {'max_norm': 0.5}}
    sharded = {**copies, 'model_wrapper_cfg': sharding()}
    whole = tiny_config(photo_folder, tmp_path / 'sharded', **sharded)
    expected = train(whole, 2)
    assert_close(train(tiny_config(photo_folder, tmp_path / 'copies', **copies), 2), expected)
    part = tiny_config(photo_folder, tmp_path / 'part', **sharded)
    assert_same(expected, train(part, 2, '--resume', f'{whole.work_dir}/iter_4.pth'))
    # And one process goes on with it, or two with what copies left.
    alone = tiny_config(photo_folder, tmp_path / 'alone', **copies)
    alone.load_from, alone.resume = f'{whole.work_dir}/iter_4.pth', True
    alone.train_dataloader.batch_size = 4
    assert_close(train_alone(alone), expected)
    mixed = tiny_config(photo_folder, tmp_path / 'mixed', **sharded)
    assert_close(train(mixed, 2, '--resume', f'{tmp_path}/copies/iter_4.pth'), expected)
    # The checkpoint is a whole model's: one process tests it.
    validated = figures(whole.work_dir)
    evaluate_alone(whole, tmp_path / 'tested')
    assert [row['value'] for row in figures(tmp_path / 'tested')] == pytest.approx(
        [row['value'] for row in validated], abs=1e-3
    )
