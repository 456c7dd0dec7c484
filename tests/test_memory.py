"""Memory that is kept, in processes of their own."""

import ctypes
import os
import platform

import numpy as np
import pytest

from restorekit.inference import inferencer
from restorekit.memory import keep_freed_memory
from tests.helpers import process

ACCOUNTS = """
import ctypes, threading, torch
from restorekit.memory import _Account, keep_freed_memory
account = ctypes.CDLL(None).mallinfo2
account.restype = _Account
def measure(mib):
    before = account().hblkhd
    block = torch.ones(mib * 2**18)
    mapped = account().hblkhd - before
    del block
    print(mapped >> 20, account().fordblks >= mib << 20)
measure(80)
print(keep_freed_memory())
measure(80)
thread = threading.Thread(target=measure, args=(160,))
thread.start()
thread.join()
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), 'mallinfo2'), reason='needs glibc 2.33')
def test_freed_memory_stays_in_the_heap(monkeypatch):
    """Neither mapped, so that it would go when freed, nor given back; in any thread."""
    for name in [name for name in os.environ if 'MALLOC' in name]:
        monkeypatch.delenv(name)
    assert process('-c', ACCOUNTS).stdout == '80 False\nTrue\n0 True\n0 True\n'


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
