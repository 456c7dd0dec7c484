"""What tests of commands share."""

from __future__ import annotations

import contextlib
import gc
import io
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from unittest import mock

import torch
from mmengine.logging import MessageHub, MMLogger
from mmengine.registry import DefaultScope
from mmengine.visualization import Visualizer

from restorekit.cli import main

# Starts processes that need not import what most commands need: it has.
_SERVER = multiprocessing.get_context('forkserver')
_SERVER.set_forkserver_preload(
    [
        'tests.engine.conftest',
        *(f'restorekit.{name}' for name in ('engine.runner', 'datasets', 'metrics', 'restorers')),
        *(f'restorekit.cli.{name}' for name in ('train', 'test')),
    ]
)
SIGNALS = (signal.SIGUSR1, signal.SIGTERM)


def process(*arguments, expect=0, **environment):
    """Run Python in a process of its own; returns the finished process, with its texts."""
    result = subprocess.run(
        [sys.executable, *map(str, arguments)],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        check=False,
    )
    assert result.returncode == expect, result.stdout + result.stderr
    return result


def restorekit(*arguments, expect=0):
    """Run a command in this process, as if it were new; returns what `process` returns.

    `expect` is its exit code; None takes any. A process of its own would take seconds to import
    torch before it does anything.
    """
    for kind in (DefaultScope, MessageHub, MMLogger, Visualizer):
        kind._instance_dict.clear()  # runs of one second share a name
    handlers = {number: signal.getsignal(number) for number in SIGNALS}
    out, err, code = io.StringIO(), io.StringIO(), 0
    words = ['restorekit', *map(str, arguments)]
    with (
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        mock.patch.object(sys, 'argv', words),
        mock.patch.dict(os.environ),
    ):
        try:
            main()
        except SystemExit as end:
            code = end.code
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)
    result = subprocess.CompletedProcess(words, code, out.getvalue(), err.getvalue())
    assert expect in (None, result.returncode), result.stdout + result.stderr
    return result


class Started:
    """A command in a process of its own, which is begun in a fraction of a second."""

    def __init__(self, *arguments, **environment):
        self._file = tempfile.NamedTemporaryFile()  # noqa: SIM115 (lives as long as this)
        variables = {**os.environ, **environment}
        words = [*map(str, arguments)]
        self._process = _SERVER.Process(target=_main, args=(words, variables, self._file.name))
        self._process.start()
        self.pid = self._process.pid
        self.kill = self._process.kill

    @property
    def code(self):
        """Its exit code; None while it runs."""
        return self._process.exitcode

    @property
    def said(self):
        """What it has written so far, both outputs together."""
        return Path(self._file.name).read_text()

    def wait(self, seconds=300):
        """Its exit code."""
        self._process.join(seconds)
        assert self.code is not None, f'it does not end: {self.said[-4000:]}'
        return self.code

    def wait_for(self, condition, seconds=300):
        """Wait until something has happened, while it runs."""
        end = time.monotonic() + seconds
        while not condition():
            assert self.code is None, self.said
            assert time.monotonic() < end, 'waited in vain'
            time.sleep(0.02)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()
        self._process.join()


def _main(words, variables, file):
    os.setsid()
    os.environ.clear()
    os.environ.update(variables)
    tempfile.tempdir = None  # it follows TMPDIR
    if 'OMP_NUM_THREADS' in variables:  # which torch reads when it is imported
        torch.set_num_threads(int(variables['OMP_NUM_THREADS']))
    with Path(file).open('w') as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's job ignores it
    sys.argv = ['restorekit', *words]
    gc.freeze()  # as in tests.conftest
    main()


def ranks(count, *arguments, expect=0):
    """A command in processes that work together, as torchrun would start them.

    `expect` is the exit code of each. Returns what they have said.
    """
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        port = str(probe.getsockname()[1])
    meet = {'MASTER_ADDR': '127.0.0.1', 'MASTER_PORT': port, 'OMP_NUM_THREADS': '1'}
    meet |= {'WORLD_SIZE': str(count), 'LOCAL_WORLD_SIZE': str(count)}
    words = (*arguments, '--launcher', 'pytorch')
    with contextlib.ExitStack() as stack:
        started = [
            stack.enter_context(Started(*words, RANK=rank, LOCAL_RANK=rank, **meet))
            for rank in map(str, range(count))
        ]
        codes = [rank.wait() for rank in started]
        said = '\n'.join(rank.said for rank in started)
    assert codes == [expect] * count, said[-4000:]
    return said


def error_of(*arguments):
    """The one error message of a command that fails."""
    result = restorekit(*arguments, expect=1)
    assert 'Traceback' not in result.stderr
    return result.stderr
