"""Memory that is kept, in processes of their own."""

import ctypes
import os
import platform
import subprocess
import sys

import numpy as np
import pytest

from restorekit.inference import inferencer
from restorekit.memory import keep_freed_memory
from tests.helpers import process

FAULTS = """
import resource, threading, torch
from restorekit.memory import keep_freed_memory
done = keep_freed_memory()
def faults(times, mib=8):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(times):
        a = torch.ones(mib * 2**18)
        b = a + 1
        del a, b
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
def large():
    faults(3, mib=80)
    print(faults(8, mib=80))
faults(5)
print(done, faults(20))
thread = threading.Thread(target=large)
thread.start()
thread.join()
"""


def run():
    environment = {k: v for k, v in os.environ.items() if 'MALLOC' not in k}
    result = subprocess.run(
        [sys.executable, '-c', FAULTS],
        capture_output=True,
        text=True,
        env={**environment, 'OMP_NUM_THREADS': '1'},
        check=True,
    )
    done, faults, elsewhere = result.stdout.split()
    return done == 'True', int(faults), int(elsewhere)


@pytest.mark.skipif(platform.libc_ver()[0] != 'glibc', reason='needs glibc')
def test_freed_memory_is_used_again_without_page_faults():
    # Where the heap begins is random, and with it whether large blocks find their place again.
    for _ in range(5):
        done, faults, elsewhere = run()
        assert done
        if faults < 5 * 2 * 2048 and elsewhere < 3 * 2 * 20480:
            return
    pytest.fail(
        f'pages fetched anew: {faults} in 20 pairs of tensors, {elsewhere} in 8 of a thread'
    )


@pytest.mark.parametrize('switch', ['MALLOC_TRIM_THRESHOLD_=131072', 'RESTOREKIT_KEEP_MEMORY=0'])
def test_a_chosen_allocator_is_left_alone(switch, monkeypatch):
    monkeypatch.setattr(ctypes, 'CDLL', None)  # would be called
    monkeypatch.setenv(*switch.split('='))
    assert not keep_freed_memory()


@pytest.mark.skipif(platform.libc_ver()[0] != 'glibc', reason='needs glibc')
def test_memory_that_is_kept_is_given_back():
    code = """
from restorekit.memory import give_back_memory, keep_freed_memory
resident = lambda: int(open('/proc/self/statm').read().split()[1])
keep_freed_memory()
blocks = [b'x' * 2**20 for _ in range(64)]
above = bytes(2**20)  # the heap cannot shrink below it
full = resident()
del blocks
held = resident()
assert give_back_memory(above=2**30) is False
assert resident() == held
assert give_back_memory(above=2**25) is True
assert give_back_memory(above=2**25) is False
print(full - held < 1000, held - resident() > 12000)
"""
    assert process('-c', code).stdout == 'True True\n'


@pytest.mark.parametrize('kept', [True, False])
def test_an_inferencer_keeps_memory_within_bounds(kept, monkeypatch):
    given_back = []
    monkeypatch.setattr(inferencer, 'keep_freed_memory', lambda: kept)
    monkeypatch.setattr(inferencer, 'give_back_memory', lambda above: given_back.append(above))
    inferencer.Inferencer('bicubic-x2', device='cpu')(np.zeros((4, 5, 3)))
    assert given_back == ([2**30] if kept else [])
