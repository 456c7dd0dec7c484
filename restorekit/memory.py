"""How the C library keeps memory."""

from __future__ import annotations

import ctypes
import mmap
import os
import sys
from pathlib import Path
from typing import Any

SWITCH = 'RESTOREKIT_KEEP_MEMORY'
TRIM_THRESHOLD, MMAP_THRESHOLD, ARENA_MAX = -1, -3, -8  # parameters of mallopt, as in malloc.h
KEPT = 2**30  # bytes that lie unused between two images; to fetch more again is little of an image


def keep_freed_memory() -> bool:
    """Have glibc keep freed memory for the next tensor instead of giving it back to the system.

    Every step of a network allocates the same megabytes anew. Where they went back in between, the
    kernel fetches and clears each page again, which can take a sixth of a training step on a CPU,
    and of a large image nearly half.

    It holds for the whole process. Nothing is done without glibc, where the environment already
    sets its allocator (any MALLOC_*, GLIBC_TUNABLES), and where it has RESTOREKIT_KEEP_MEMORY=0.

    Returns:
        Whether it is done.
    """
    chosen = any(name.startswith(('MALLOC_', 'GLIBC_TUNABLES')) for name in os.environ)
    if sys.platform != 'linux' or chosen or os.environ.get(SWITCH) == '0':
        return False
    mallopt = getattr(ctypes.CDLL(None), 'mallopt', None)
    if mallopt is None:
        return False
    # Both or none: a threshold for trimming alone would fix the other at its low default. Older
    # releases take no more than 32 MiB for it.
    mapped_from = any(mallopt(MMAP_THRESHOLD, size) for size in (2**30, 2**25))
    # The heaps that other threads would have of their own hold nothing above 64 MiB.
    return mapped_from and bool(mallopt(TRIM_THRESHOLD, 2**31 - 1) and mallopt(ARENA_MAX, 1))


def give_back_memory(above: int = 0) -> bool:
    """Have glibc give the memory that is kept but not used back to the system, once.

    Args:
        above: Only where it is more than this, in bytes.
    Returns:
        Whether it did.
    """
    library = ctypes.CDLL(None) if sys.platform == 'linux' else None
    trim = getattr(library, 'malloc_trim', None)
    if trim is None or (above and _kept(library) <= above):
        return False
    return bool(trim(0))


def _kept(library: Any) -> float:
    """Bytes that are kept but not used; infinite where this release does not tell (before 2.33)."""
    account = getattr(library, 'mallinfo2', None)
    if account is None:
        return float('inf')
    account.restype = _Account
    heap = account()
    pages = int(Path('/proc/self/statm').read_text().split()[1])
    # Free blocks that were given back are free blocks still, but no longer resident.
    return min(heap.fordblks, pages * mmap.PAGESIZE - heap.hblkhd - heap.uordblks)


class _Account(ctypes.Structure):
    """`struct mallinfo2` of malloc.h: bytes that are mapped, in use in the heap, and free there."""

    _fields_ = (
        ('others', ctypes.c_size_t * 4),
        ('hblkhd', ctypes.c_size_t),
        ('never', ctypes.c_size_t * 2),
        ('uordblks', ctypes.c_size_t),
        ('fordblks', ctypes.c_size_t),
        ('keepcost', ctypes.c_size_t),
    )
