"""Runs of several processes on one machine, through tools/dist_train.sh and gloo."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from restorekit.config import config_folder
from restorekit.io.checkpoint import read_checkpoint
from tests.conftest import smooth_image
from tests.engine.conftest import tiny_config
from tests.helpers import restorekit

ROOT = Path(__file__).parents[2]
# Batch normalisation would see other batches on each rank.
PLAIN = {'model.backbone.block': {'type': 'AttentiveInception', 'norm_cfg': None}}
pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _one_thread():
    """As the ranks have it: what runs in this process is compared with them."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return str(probe.getsockname()[1])


def start(config, ranks, *options, restarts=0):
    path = Path(config.work_dir).with_suffix('.py')
    path.parent.mkdir(parents=True, exist_ok=True)
    config.dump(str(path))
    environment = {
        **os.environ,
        'PATH': f'{Path(sys.executable).parent}:{os.environ["PATH"]}',
        'PORT': free_port(),
        'MAX_RESTARTS': str(restarts),
        'OMP_NUM_THREADS': '1',
    }
    command = ['bash', ROOT / 'tools/dist_train.sh', path, str(ranks)]
    return subprocess.Popen(
        [*map(str, command), '--work-dir', config.work_dir, *map(str, options)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finish(process):
    output, _ = process.communicate(timeout=300)
    assert process.returncode == 0, output[-4000:]
    return output


def train(config, ranks, *options):
    finish(start(config, ranks, *options))
    return read_checkpoint(f'{config.work_dir}/iter_12.pth')


def train_alone(config):
    path = Path(config.work_dir).with_suffix('.py')
    path.parent.mkdir(parents=True, exist_ok=True)
    config.dump(str(path))
    restorekit('train', path)
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


def figures(config):
    return json.loads((Path(config.work_dir) / 'results.json').read_text())['PSNR']['images']


def test_one_two_and_four_processes_give_one_curve(photo_folder, tmp_path):
    from restorekit.io import write_image

    write_image(photo_folder / 'photo6.png', smooth_image(70, 70, seed=6))  # 7: no even division
    results = {}
    for ranks, batch in ((1, 4), (2, 2), (4, 1)):
        options = {**PLAIN, 'train_dataloader.batch_size': batch}
        config = tiny_config(photo_folder, tmp_path / f'ranks{ranks}', **options)
        results[ranks] = train_alone(config) if ranks == 1 else train(config, ranks)
        validated = figures(config)
        evaluate_alone(config, f'{config.work_dir}/alone')
        config.work_dir = f'{config.work_dir}/alone'
        assert validated == figures(config)
        assert len(validated) == 7
    assert_close(results[1], results[2])
    assert_close(results[1], results[4])
    assert results[4]['meta']['position'] == results[1]['meta']['position'] == 48


def test_a_rank_that_dies_is_started_again_and_ends_in_the_same_bits(photo_folder, tmp_path):
    options = {**PLAIN, 'default_hooks.checkpoint.interval': 2}
    expected = train(tiny_config(photo_folder, tmp_path / 'whole', **options), 2)
    config = tiny_config(photo_folder, tmp_path / 'part', **options)
    process = start(config, 2, restarts=1)
    try:
        wait_for(lambda: (tmp_path / 'part/iter_4.pth').exists())
        os.kill(ranks_of(process)[1], signal.SIGKILL)
        finish(process)
    finally:
        process.kill()
    assert_same(expected, read_checkpoint(tmp_path / 'part/iter_12.pth'))
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


def wait_for(condition, seconds=120):
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


def test_a_run_goes_on_with_another_number_of_ranks(photo_folder, tmp_path):
    def config(name, ranks):
        options = {**PLAIN, 'train_dataloader.batch_size': 4 // ranks}
        return tiny_config(photo_folder, tmp_path / name, **options)

    expected = train_alone(config('one', 1))
    train(config('two', 2), 2)
    alone = config('two-to-one', 1)
    alone.load_from, alone.resume = f'{tmp_path}/two/iter_4.pth', True
    results = {(2, 1): train_alone(alone)}
    resume = ('--resume', f'{tmp_path}/one/iter_4.pth')
    results[1, 2] = train(config('one-to-two', 2), 2, *resume)
    for (before, now), result in results.items():
        assert_close(expected, result)
        assert result['meta']['position'] == expected['meta']['position'] == 48
        folder = tmp_path / ('two-to-one' if now == 1 else 'one-to-two')
        log = '\n'.join(path.read_text() for path in folder.glob('*/*.log'))
        assert f'another number of processes ({before} before, {now} now)' in log


def sharding():
    wrapper = Config.fromfile(str(config_folder() / '_base_/fsdp.py')).model_wrapper_cfg.to_dict()
    wrapper['auto_wrap_policy']['min_num_params'] = 1000  # the networks here are small
    return wrapper


def test_averaged_and_sharded_weights_do_not_go_together(photo_folder, tmp_path):
    options = {'custom_hooks': [{'type': 'EMAHook'}], 'model_wrapper_cfg': sharding()}
    process = start(tiny_config(photo_folder, tmp_path / 'run', **options), 1)
    output, _ = process.communicate(timeout=300)
    assert process.returncode != 0
    assert 'EMAHook: averaged weights and sharded weights' in output
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
    validated = figures(whole)
    evaluate_alone(whole, f'{tmp_path}/tested')
    whole.work_dir = f'{tmp_path}/tested'
    assert [row['value'] for row in figures(whole)] == pytest.approx(
        [row['value'] for row in validated], abs=1e-3
    )
