"""Memory that the commands keep, in processes of their own."""

import os
import platform
import subprocess
import sys

import pytest

from tests.helpers import process

FAULTS = """
import resource, torch
from restorekit.cli.memory import keep_freed_memory
done = keep_freed_memory()
def faults(times):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(times):
        a = torch.ones(2**21)  # 8 MiB, 2048 pages
        b = a + 1
        del a, b
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
faults(5)
print(done, faults(20))
"""


def run(**environment):
    environment = {k: v for k, v in os.environ.items() if 'MALLOC' not in k} | environment
    result = subprocess.run(
        [sys.executable, '-c', FAULTS],
        capture_output=True,
        text=True,
        env={**environment, 'OMP_NUM_THREADS': '1'},
        check=True,
    )
    done, faults = result.stdout.split()
    return done == 'True', int(faults)


@pytest.mark.skipif(platform.libc_ver()[0] != 'glibc', reason='needs glibc')
def test_freed_memory_is_used_again_without_page_faults():
    done, faults = run()
    assert done
    # Where the heap begins is random: a pair or two may still find a new place.
    assert faults < 5 * 2 * 2048, 'the pages of 20 pairs of tensors were fetched anew'


def test_a_chosen_allocator_is_left_alone():
    assert not run(MALLOC_TRIM_THRESHOLD_='131072')[0]


@pytest.mark.skipif(platform.libc_ver()[0] != 'glibc', reason='needs glibc')
def test_memory_that_is_kept_is_given_back():
    code = """
from restorekit.cli.memory import give_back_memory, keep_freed_memory
resident = lambda: int(open('/proc/self/statm').read().split()[1])
keep_freed_memory()
blocks = [b'x' * 2**20 for _ in range(64)]
kept = bytes(10)
full = resident()
del blocks
held = resident()
assert give_back_memory() is True
print(full - held < 1000, held - resident() > 12000)
"""
    assert process('-c', code).stdout == 'True True\n'
