"""What tests of commands share."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import subprocess
import sys
from unittest import mock

from mmengine.logging import MessageHub, MMLogger
from mmengine.registry import DefaultScope
from mmengine.visualization import Visualizer

from restorekit.cli import main

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


def error_of(*arguments):
    """The one error message of a command that fails."""
    result = restorekit(*arguments, expect=1)
    assert 'Traceback' not in result.stderr
    return result.stderr
