"""Times of calls, taken in turns, beside the rate of this machine's own convolution."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch.utils.flop_counter import FlopCounterMode

from restorekit.version import __version__

YARDSTICK = '3x3 convolution, 64 to 64 channels, 128 x 128'
YARDSTICK_FLOPS = 2.0 * 64 * 64 * 9 * 128 * 128


@dataclass(frozen=True)
class Case:
    """Something to be timed.

    Attributes:
        name: In the table, and by which two files are compared.
        run: The call.
        items: How many images, samples or steps a call is.
        flops: Floating point operations of a call, where they were counted.
    """

    name: str
    run: Callable[[], object]
    items: int = 1
    flops: float = 0.0


def measure(cases: Sequence[Case], *, rounds: int, device: str = 'cpu') -> list[dict[str, Any]]:
    """Time cases in turns, after a call of each to warm up.

    The machine's drift meets all alike, also the convolution by whose rate they are judged: it is
    the first of the rows.

    Args:
        cases: What to time.
        rounds: Calls of each.
        device: On which is waited for.
    Returns:
        A row for each case, as plain data: name, ms (min, median, max), per_second, peak_mib where
        the system tells, and where `flops` are known gflops and the share of the convolution's.
    """
    everything = [yardstick(device), *cases]
    wait = torch.cuda.synchronize if device.startswith('cuda') else lambda: None
    peaks = []
    for case in everything:
        forget_peak(device)
        case.run()
        wait()
        peaks.append(peak_mib(device))
    taken: list[list[float]] = [[] for _ in everything]
    pairs = list(zip(everything, taken, strict=True))
    for turn in range(rounds):
        for case, times in pairs[:: 1 if turn % 2 else -1]:  # who is first finds cold caches
            begin = time.perf_counter()
            case.run()
            wait()
            times.append((time.perf_counter() - begin) * 1e3)
    rows = [row(case, times, peak) for (case, times), peak in zip(pairs, peaks, strict=True)]
    for other in rows[1:]:
        if 'gflops' in other:
            other['share'] = other['gflops'] / rows[0]['gflops']
    return rows


def row(case: Case, times: Sequence[float], peak: float | None = None) -> dict[str, Any]:
    """What is said of a case whose calls took `times`, in ms."""
    median = statistics.median(times)
    found: dict[str, Any] = {
        'name': case.name,
        'ms': {'min': min(times), 'median': median, 'max': max(times), 'rounds': len(times)},
        'per_second': case.items / median * 1e3,
    }
    if case.flops:
        found['gflops'] = case.flops / median / 1e6
    if peak is not None:
        found['peak_mib'] = peak
    return found


def yardstick(device: str) -> Case:
    """The convolution that everything is compared with."""
    x, weight = torch.rand(1, 64, 128, 128, device=device), torch.rand(64, 64, 3, 3, device=device)

    def run() -> None:
        with torch.no_grad():
            F.conv2d(x, weight, padding=1)

    return Case(YARDSTICK, run, flops=YARDSTICK_FLOPS)


def count_flops(run: Callable[[], object]) -> float:
    """Floating point operations of a call, of matrix products and convolutions alone."""
    with FlopCounterMode(display=False) as counter:
        run()
    return float(counter.get_total_flops())


def forget_peak(device: str) -> None:
    """Let `peak_mib` begin anew; Linux alone can, and CUDA."""
    if device.startswith('cuda'):
        torch.cuda.reset_peak_memory_stats()
        return
    try:
        Path('/proc/self/clear_refs').write_text('5')
    except OSError:
        return


def peak_mib(device: str) -> float | None:
    """The most memory that was held since then, in MiB: the process's, or torch's on the GPU."""
    if device.startswith('cuda'):
        return torch.cuda.max_memory_allocated() / 2**20
    try:
        lines = Path('/proc/self/status').read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith('VmHWM')), None)


def machine(device: str) -> dict[str, Any]:
    """Where figures were taken."""
    table = Path('/proc/cpuinfo')
    lines = table.read_text().splitlines() if table.exists() else []
    model = next((line.partition(': ')[2] for line in lines if line.startswith('model name')), '')
    found: dict[str, Any] = {
        'processor': model or platform.processor(),
        'instructions': torch.backends.cpu.get_cpu_capability(),
        'cores': os.cpu_count(),
        'threads': torch.get_num_threads(),
        'load': list(os.getloadavg()) if hasattr(os, 'getloadavg') else None,
        'system': platform.platform(),
        'torch': torch.__version__,
        'restorekit': __version__,
        'date': time.strftime('%Y-%m-%d %H:%M:%S%z'),
    }
    if device.startswith('cuda'):
        found['gpu'] = torch.cuda.get_device_name(device)
    return found
