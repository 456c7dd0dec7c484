"""How the C library keeps memory, for the commands."""

from __future__ import annotations

import ctypes
import os
import sys

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3  # parameters of mallopt, as in malloc.h


def keep_freed_memory() -> bool:
    """Have glibc keep freed memory for the next tensor instead of giving it back to the system.

    Every step of a network allocates the same megabytes anew. Where they went back in between, the
    kernel fetches and clears each page again, which can take a sixth of a training step on a CPU.

    Does nothing without glibc, and where the environment already sets its allocator.

    Returns:
        Whether it is done.
    """
    chosen = any(name.startswith(('MALLOC_', 'GLIBC_TUNABLES')) for name in os.environ)
    if sys.platform != 'linux' or chosen:
        return False
    mallopt = getattr(ctypes.CDLL(None), 'mallopt', None)
    if mallopt is None:
        return False
    # Both or none: a threshold for trimming alone would fix the other at its low default. Older
    # releases take no more than 32 MiB for it.
    mapped_from = any(mallopt(MMAP_THRESHOLD, size) for size in (2**30, 2**25))
    return mapped_from and bool(mallopt(TRIM_THRESHOLD, 2**31 - 1))


def give_back_memory() -> bool:
    """Have glibc give the memory that is kept but not used back to the system, once.

    Returns:
        Whether it did.
    """
    trim = getattr(ctypes.CDLL(None), 'malloc_trim', None) if sys.platform == 'linux' else None
    return trim is not None and bool(trim(0))
