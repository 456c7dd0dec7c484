"""Job scripts, with stand-ins for Slurm's commands."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from unittest import mock

import pytest
from torch.distributed.run import get_args_parser

TOOLS = Path(__file__).parents[1] / 'tools'


@pytest.fixture
def slurm(tmp_path):
    """A folder of stand-ins: each writes down how it was called."""
    folder = tmp_path / 'bin'
    folder.mkdir()
    scripts = {
        'sbatch': f'echo "sbatch $*" >> {tmp_path}/calls',
        'scontrol': f'echo "scontrol $*" >> {tmp_path}/calls',
        # The run: told to stop, it takes a moment to leave its marker.
        'srun': f"""echo "srun $*" >> {tmp_path}/calls
trap 'sleep 0.3; touch {tmp_path}/work/requeue; exit 0' USR1
touch {tmp_path}/started
for _ in $(seq 200); do sleep 0.05; done; exit 3""",
    }
    for name, text in scripts.items():
        (folder / name).write_text(f'#!/usr/bin/env bash\n{text}\n')
        (folder / name).chmod(0o755)
    (tmp_path / 'work').mkdir()
    return {**os.environ, 'PATH': f'{folder}:{os.environ["PATH"]}', 'GPUS': '4'}


def start(environment, *options):
    command = ['bash', TOOLS / 'slurm_train.sh', 'gpu', 'job', 'c.py', *options]
    return subprocess.Popen([*map(str, command)], env=environment)


def test_a_job_is_submitted_that_asks_for_a_signal_in_time(slurm, tmp_path):
    assert start({**slurm, 'GRACE': '90'}, '--amp').wait() == 0
    call = (tmp_path / 'calls').read_text()
    for words in ('-p gpu', '--signal=B:USR1@90', '--requeue', '--ntasks=4', 'c.py --amp'):
        assert words in call


def test_the_signal_is_passed_on_and_the_job_queued_again(slurm, tmp_path):
    process = start({**slurm, 'SLURM_JOB_ID': '77'}, '--work-dir', tmp_path / 'work')
    while not (tmp_path / 'started').exists():
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGUSR1)
    assert process.wait() == 0
    calls = (tmp_path / 'calls').read_text().splitlines()
    assert '--launcher slurm --resume --work-dir' in calls[0]
    assert calls[1] == 'scontrol requeue 77'


def test_a_run_that_fails_is_not_queued_again(slurm, tmp_path):
    text = (tmp_path / 'bin/srun').read_text().replace('seq 200', 'seq 2')
    (tmp_path / 'bin/srun').write_text(text)
    process = start({**slurm, 'SLURM_JOB_ID': '77'}, '--work-dir', tmp_path / 'work')
    assert process.wait() == 3
    assert 'scontrol' not in (tmp_path / 'calls').read_text()


@pytest.fixture
def launched(tmp_path):
    """Run a script with a stand-in for python; returns what this torch's torchrun reads of it."""
    stand_in = tmp_path / 'python'
    stand_in.write_text('#!/usr/bin/env bash\nenv -0\nprintf -- "--\\0"\nprintf "%s\\0" "$@"\n')
    stand_in.chmod(0o755)

    def call(script, *words, **environment):
        path = {'PATH': f'{tmp_path}:{os.environ["PATH"]}'}
        command = ['bash', TOOLS / script, *map(str, words)]
        done = subprocess.run(command, capture_output=True, env={**path, **environment}, check=True)
        words = done.stdout.decode().split('\0')[:-1]
        middle = words.index('--')
        variables = dict(word.split('=', 1) for word in words[:middle])
        assert words[middle + 1 : middle + 3] == ['-m', 'torch.distributed.run']
        with mock.patch.dict(os.environ, variables):
            return get_args_parser().parse_args(words[middle + 3 :])

    return call


def test_torchrun_takes_what_training_asks_of_it(launched):
    args = launched('dist_train.sh', 'c.py', 4, '--amp', GRACE='60')
    assert (args.standalone, args.nproc_per_node, args.max_restarts) == (True, '4', 3)
    assert args.training_script.endswith('tools/train.py')
    assert args.training_script_args == ['c.py', '--launcher', 'pytorch', '--amp']
    # Older ones know neither; what is set for them does no harm.
    known = vars(get_args_parser().parse_args(['x']))
    if 'signals_to_handle' in known:
        assert args.signals_to_handle == 'SIGTERM,SIGINT,SIGHUP,SIGQUIT,SIGUSR1'
    if 'shutdown_timeout' in known:
        assert args.shutdown_timeout == 60


def test_torchrun_on_several_nodes(launched):
    nodes = {'NNODES': '2', 'MASTER_ADDR': 'n0', 'PORT': '1234'}
    args = launched('dist_train.sh', 'c.py', 8, MAX_RESTARTS='0', RDZV_ID='7', **nodes)
    assert (args.standalone, args.nnodes, args.max_restarts) == (False, '2', 0)
    assert (args.rdzv_backend, args.rdzv_endpoint, args.rdzv_id) == ('c10d', 'n0:1234', '7')
    args = launched('dist_test.sh', 'c.py', 'c.pth', 8, NODE_RANK='1', **nodes)
    assert (args.node_rank, args.master_addr, args.master_port) == (1, 'n0', 1234)
    assert args.training_script_args == ['c.py', 'c.pth', '--launcher', 'pytorch']
    assert launched('dist_test.sh', 'c.py', 'c.pth', 2).standalone


@pytest.mark.skipif(shutil.which('bash') is None, reason='needs bash')
@pytest.mark.parametrize('script', sorted(path.name for path in TOOLS.glob('*.sh')))
def test_usage(script):
    result = subprocess.run(['bash', str(TOOLS / script)], capture_output=True, text=True)
    assert result.returncode == 2
    assert 'Usage:' in result.stderr
