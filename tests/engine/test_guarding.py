"""What a run says where it cannot go on, and what it leaves as it was."""

import argparse
import os
import signal

import pytest
import torch
from mmengine.hooks import Hook
from torch import nn

from restorekit.cli.options import prepare_config
from restorekit.engine import guarding, launching
from restorekit.engine.amp import AmpOptimWrapper
from restorekit.engine.guarding import OutOfMemoryError, check_ranks_agree, lock_folder
from restorekit.engine.hooks import NonFiniteError
from restorekit.engine.optim import OptimWrapper
from restorekit.io.checkpoint import read_checkpoint
from restorekit.registry import RUNNERS
from tests.engine.conftest import tiny_config


class Do(Hook):
    """Calls a function in one iteration, before the step."""

    priority = 'VERY_HIGH'

    def __init__(self, function, iteration=1):
        self.function, self.iteration = function, iteration

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        if runner.iter == self.iteration:
            self.function()


@pytest.fixture
def tiny(photo_folder, tmp_path):
    config = tiny_config(photo_folder, tmp_path / 'run')
    config.val_dataloader = config.val_cfg = config.val_evaluator = None
    return config


def built(config, *hooks):
    config.experiment_name = os.urandom(4).hex()
    runner = RUNNERS.build(config)
    for hook in hooks:
        runner.register_hook(hook, priority='VERY_LOW')
    return runner


def raises(error):
    def function():
        raise error

    return function


def test_a_second_training_in_a_work_dir_is_refused(tmp_path):
    reader, writer = os.pipe()
    other = os.fork()
    if not other:
        file = lock_folder(tmp_path)
        os.write(writer, b'held' if file else b'none')
        signal.pause()
    try:
        assert os.read(reader, 4) == b'held'
        with pytest.raises(ValueError, match=rf'{tmp_path}: process {other} on .* trains there'):
            lock_folder(tmp_path)
    finally:
        os.kill(other, signal.SIGKILL)
        os.waitpid(other, 0)
    assert lock_folder(tmp_path) is not None, 'a dead process keeps it'


def test_a_file_system_without_locks_is_said(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr('fcntl.lockf', lambda *_: raises(OSError(38, 'not implemented'))())
    assert lock_folder(tmp_path) is None
    expected = 'cannot be locked ([Errno 38] not implemented): start no second training there'
    assert capsys.readouterr().out == f'{tmp_path}: {expected}\n'


def test_ranks_gather_figures_without_a_folder_that_all_of_them_see(tiny, monkeypatch):
    tiny.model['backbone'].update(num_blocks=1)
    runner = built(tiny)
    evaluators = [{'type': 'PSNR'}, {'type': 'SSIM', 'collect_device': 'gpu'}]
    alone = runner.build_evaluator(evaluators)
    assert [metric.collect_device for metric in alone.metrics] == ['cpu', 'gpu']
    monkeypatch.setattr(runner, '_distributed', True)
    together = runner.build_evaluator(evaluators)
    assert [metric.collect_device for metric in together.metrics] == ['gpu', 'gpu']


@pytest.mark.parametrize(
    ('other', 'message'),
    [
        (('b', 6, 'n1'), 'rank 1 on n1 starts with another config than rank 0 on n0'),
        (('a', 5, 'n1'), 'rank 1 on n1 finds 5 training samples, rank 0 on n0 6'),
    ],
)
def test_ranks_that_start_differently_are_told(monkeypatch, other, message):
    monkeypatch.setattr(guarding, 'all_gather_object', lambda mine: [('a', 6, 'n0'), other])
    with pytest.raises(ValueError, match=message):
        check_ranks_agree('config', 6)


def test_a_lack_of_memory_is_a_sentence(tiny):
    error = torch.OutOfMemoryError('CUDA out of memory. Tried to allocate 2 GiB.\nmore')
    message = (
        r'out of memory in iteration 2, with batches of 2 x 1 x 16 x 16 \(CUDA out of memory\. '
        r'Tried to allocate 2 GiB\); what may fit: --cfg-options train_dataloader.batch_size=1 '
        r'optim_wrapper.accumulative_counts=2 .*or --amp'
    )
    with pytest.raises(OutOfMemoryError, match=message):
        built(tiny, Do(raises(error))).train()


def test_ctrl_c_saves_and_says_so(tiny, tmp_path, capsys):
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with pytest.raises(KeyboardInterrupt):
        built(tiny, Do(lambda: os.kill(os.getpid(), signal.SIGINT))).train()
    assert 'Interrupted: the step is finished' in capsys.readouterr().err
    assert read_checkpoint(tmp_path / 'run/iter_2.pth')['meta']['iter'] == 2
    assert not (tmp_path / 'run/requeue').exists()
    assert before == [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]


def test_a_second_ctrl_c_ends_at_once(tiny, tmp_path):
    def twice():
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        built(tiny, Do(twice)).train()
    assert not list((tmp_path / 'run').glob('iter_*.pth'))


def test_signals_are_given_back_after_an_error(tiny):
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(ZeroDivisionError):
        built(tiny, Do(raises(ZeroDivisionError()))).train()
    assert signal.getsignal(signal.SIGTERM) is before


def steps(wrapper, weight, factors):
    """(skipped, in a row) after a step for each factor of the loss."""
    seen = []
    for factor in factors:
        with wrapper.optim_context(nn.Identity()):
            loss = (weight * factor).sum()
        wrapper.update_params(loss)
        seen.append((wrapper.skipped, wrapper.skipped_in_a_row))
    return seen


@pytest.mark.parametrize('fused', [False, True])
def test_the_guard_counts_and_starts_anew(fused):
    weight = nn.Parameter(torch.ones(3))
    wrapper = OptimWrapper(torch.optim.Adam([weight], lr=0.1, fused=fused))
    nan = float('nan')
    assert steps(wrapper, weight, [1, nan, nan]) == [(0, 0), (1, 1), (2, 2)]
    before = weight.detach().clone()
    assert steps(wrapper, weight, [nan, 1, nan]) == [(3, 3), (3, 0), (4, 1)]
    assert weight.isfinite().all()
    assert not torch.equal(before, weight)
    assert wrapper.optimizer.state[weight]['step'] == 2


def test_float16_counts_what_the_scaler_leaves_out():
    weight = nn.Parameter(torch.ones(3))
    wrapper = AmpOptimWrapper(torch.optim.SGD([weight], lr=0.1), dtype='float16', loss_scale=2.0)
    nan = float('nan')
    assert steps(wrapper, weight, [nan, nan, 1, nan]) == [(1, 1), (2, 2), (2, 0), (3, 1)]
    assert weight.isfinite().all()


def test_a_scale_that_is_too_large_is_no_fault_until_it_has_fallen_to_nothing():
    weight = nn.Parameter(torch.ones(3))
    wrapper = AmpOptimWrapper(torch.optim.SGD([weight], lr=0.1), dtype='float16', loss_scale=4.0)
    weight.register_hook(lambda grad: grad * torch.inf)  # the loss itself is finite
    counted = steps(wrapper, weight, [1] * 5)
    assert counted == [(1, 0), (2, 0), (3, 0), (4, 1), (5, 2)]


def test_float16_stops_a_run_of_nan(tiny):
    tiny.optim_wrapper.update(type='AmpOptimWrapper', dtype='float16')
    tiny.model.losses.l1.weight = float('nan')
    with pytest.raises(NonFiniteError, match='10 times in a row, up to iteration 10'):
        built(tiny).train()


def test_a_gpu_reads_every_tenth_step(tiny, monkeypatch):
    """Figures that wait are in the log and the checkpoint all the same."""
    monkeypatch.setattr('restorekit.engine.hooks.guard.is_read_now', lambda r: r.iter == 6)
    tiny.model.losses.l1.weight = float('nan')
    with pytest.raises(NonFiniteError, match='7 times in a row, up to iteration 7'):
        tiny.custom_hooks = [{'type': 'NonFiniteHook', 'max_in_a_row': 3}]
        built(tiny).train()


def test_clipping_is_logged(tiny):
    tiny.optim_wrapper.clip_grad = {'max_norm': 0.5}
    runner = built(tiny)
    runner.train()
    norms = runner.message_hub.get_scalar('train/grad_norm').data[0]
    assert len(norms) == 12
    assert (norms > 0).all()


def test_deterministic_by_one_key(tiny, monkeypatch):
    monkeypatch.delenv('CUBLAS_WORKSPACE_CONFIG', raising=False)
    tiny.randomness.deterministic = True
    try:
        built(tiny).train()
        assert torch.are_deterministic_algorithms_enabled()
        assert os.environ['CUBLAS_WORKSPACE_CONFIG'] == ':4096:8'
        assert not torch.backends.cudnn.benchmark
    finally:
        torch.use_deterministic_algorithms(False)
        torch.backends.cudnn.deterministic = False
        os.environ.pop('CUBLAS_WORKSPACE_CONFIG', None)


def test_no_search_for_kernels_in_validation(photo_folder, tmp_path):
    seen = []

    class See(Hook):
        def after_train_iter(self, runner, **_):
            seen.append(('train', torch.backends.cudnn.benchmark))

        def after_val_iter(self, runner, **_):
            seen.append(('val', torch.backends.cudnn.benchmark))

    built(tiny_config(photo_folder, tmp_path / 'run'), See()).train()
    assert set(seen) == {('train', True), ('val', False)}


def cuda(monkeypatch, count, error=None):
    monkeypatch.setattr(torch.cuda, 'device_count', lambda: count)
    monkeypatch.setattr(torch.cuda, 'set_device', raises(error) if error else lambda device: None)
    monkeypatch.setattr(launching.torch, 'zeros', lambda *_, **__: None)


def test_each_process_takes_its_gpu(monkeypatch):
    cuda(monkeypatch, 4)
    assert launching.take_gpu('pytorch', 3) == torch.device('cuda', 3)
    cuda(monkeypatch, 1)
    assert launching.take_gpu('slurm', 3) == torch.device('cuda', 0), 'each sees its own alone'
    with pytest.raises(ValueError, match='process 2 of this node has no GPU: 1 can be seen'):
        launching.take_gpu('pytorch', 1)


@pytest.mark.parametrize('noticed', ['set_device', 'zeros'])
def test_a_gpu_that_is_taken(monkeypatch, noticed):
    def busy(*_, device):
        raise RuntimeError('CUDA error: all CUDA-capable devices are busy\nmore')

    cuda(monkeypatch, 1)
    if noticed == 'zeros':
        monkeypatch.setattr(launching.torch, 'zeros', busy)
    else:
        monkeypatch.setattr(torch.cuda, 'set_device', lambda device: busy(device=device))
    with pytest.raises(ValueError, match=r'GPU 0 .* taken by another process\? \(CUDA error: all'):
        launching.take_gpu('pytorch', 0)


def test_slurm_and_its_port(monkeypatch):
    given = {
        'SLURM_PROCID': '5',
        'SLURM_NTASKS': '8',
        'SLURM_LOCALID': '1',
        'SLURM_NTASKS_PER_NODE': '4(x2)',
        'SLURM_JOB_ID': '61234',
        'MASTER_ADDR': 'n0',
    }
    for name in (*launching.VARIABLES['pytorch'], 'MASTER_PORT'):
        monkeypatch.setenv(name, '')
        monkeypatch.delenv(name)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    launching._set_environment('slurm', None)
    found = [os.environ[name] for name in (*launching.VARIABLES['pytorch'], 'MASTER_PORT')]
    assert found == ['5', '8', '1', '4', '11234']


@pytest.mark.parametrize('timeout', [0, '30'])
def test_the_timeout_is_seconds(timeout):
    with pytest.raises(ValueError, match=f'timeout must be seconds > 0, got {timeout!r}'):
        launching.open_process_group('pytorch', timeout=timeout)


def test_the_timeout_counts(monkeypatch):
    given = {}
    monkeypatch.setenv('RANK', '0')
    monkeypatch.setattr(
        torch.distributed, 'rendezvous', lambda _: iter([(torch.distributed.HashStore(), 0, 1)])
    )
    monkeypatch.setattr(
        torch.distributed, 'init_process_group', lambda *_, **options: given.update(options)
    )
    launching.open_process_group('pytorch', timeout=0.5)
    assert given['timeout'].total_seconds() == 0.5


def test_a_launcher_that_did_not_start_this_process(monkeypatch):
    monkeypatch.delenv('SLURM_PROCID', raising=False)
    with pytest.raises(
        ValueError, match='launcher slurm: SLURM_PROCID is not set; start with srun'
    ):
        launching.open_process_group('slurm')


def test_unsafe_load_of_the_config_stays(tiny, tmp_path):
    tiny.unsafe_load = True
    tiny.dump(str(tmp_path / 'config.py'))
    options = {'cfg_options': [], 'launcher': 'none', 'local_rank': None, 'work_dir': None}
    args = argparse.Namespace(config=str(tmp_path / 'config.py'), unsafe_load=False, **options)
    assert prepare_config(args).unsafe_load is True
