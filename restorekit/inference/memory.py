"""How much memory there is, and how much of it a model takes."""

from __future__ import annotations

import os
import weakref
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from restorekit.restorers import BaseRestorer

# Of version 2 and of version 1 of Linux's control groups: limit and use.
CGROUPS = (
    ('', 'memory.max', 'memory.current'),
    ('memory', 'memory.limit_in_bytes', 'memory.usage_in_bytes'),
)
UNKNOWN = 2 * 2**30  # bytes, where a system does not say
SIDE = 128  # pixels, of the image by which a model is judged


def free_memory(device: torch.device, root: Path = Path('/')) -> int:
    """Bytes that a process may still take on a device, as far as the system says.

    Args:
        device: On a CPU what the machine, and the control group of a container or a job, have left.
        root: Where `proc` and `sys` are.
    """
    if device.type == 'cuda':
        kept = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return torch.cuda.mem_get_info(device)[0] + kept
    if device.type == 'mps':
        return torch.mps.recommended_max_memory() - torch.mps.driver_allocated_memory()
    return min(_machine(root), *_groups(root))


def _machine(root: Path) -> int:
    try:
        for line in (root / 'proc/meminfo').read_text().splitlines():
            if line.startswith('MemAvailable:'):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    try:  # half of all, where nobody says what is free
        return os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') // 2
    except (ValueError, OSError, AttributeError):
        return UNKNOWN


def _groups(root: Path) -> list[int]:
    """What each control group that this process is in, and those around it, have left."""
    try:
        lines = (root / 'proc/self/cgroup').read_text().splitlines()
    except OSError:
        return [2**63]
    left = [2**63]
    for line in lines:
        _, controllers, place = line.split(':', 2)
        for name, limit, use in CGROUPS:
            if name not in controllers.split(','):
                continue
            top = root / 'sys/fs/cgroup' / name
            here = top / place.lstrip('/')
            for folder in (here, *here.parents):
                left += _left(folder, limit, use)
                if folder == top:
                    break
    return left


def _left(folder: Path, limit: str, use: str) -> list[int]:
    """Nothing where there is no such group, or no limit. Files in the cache go when they must."""
    try:
        most, taken = ((folder / name).read_text().strip() for name in (limit, use))
        stat = dict(line.split() for line in (folder / 'memory.stat').read_text().splitlines())
    except (OSError, ValueError):
        return []
    if not (most.isdigit() and taken.isdigit()):
        return []
    cached = int(stat.get('total_inactive_file', stat.get('inactive_file', 0)))
    return [max(int(most) - int(taken) + cached, 0)]


def bytes_per_pixel(
    model: BaseRestorer, images: Tensor, exposures: Tensor | None, device: torch.device
) -> float:
    """What tensors take at most while a model restores, for each pixel of its input.

    Measured on a small image. What kernels allocate for themselves is not seen.

    Args:
        model: On the device.
        images, exposures: As for `BaseRestorer.restore`; the size of the images does not matter.
    """
    sample = torch.rand((*images.shape[:-2], SIDE, SIDE), device=device)
    light = None if exposures is None else exposures.to(device)
    with torch.no_grad(), PeakMode() as memory:
        model.restore(sample, light)
    return (memory.peak + sample.nbytes) / SIDE**2


class PeakMode(TorchFunctionMode):
    """Counts the bytes of tensors that are made within, and are there at once.

    Those that torch's functions make and drop inside themselves are not seen. To count below them
    would import torch's compiler, a hundred megabytes and a second of its own.
    """

    def __init__(self) -> None:
        super().__init__()
        self.now = self.peak = 0
        self._known: set[int] = set()

    def __torch_function__(
        self, func: Any, types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        for value in result if isinstance(result, tuple | list) else (result,):
            if isinstance(value, Tensor):
                self._count(value.untyped_storage())
        return result

    def _count(self, storage: torch.UntypedStorage) -> None:
        address, size = storage._cdata, storage.nbytes()
        if address in self._known:
            return
        self._known.add(address)
        self.now += size
        self.peak = max(self.peak, self.now)
        weakref.finalize(storage, self._forget, address, size)

    def _forget(self, address: int, size: int) -> None:
        self._known.discard(address)
        self.now -= size
