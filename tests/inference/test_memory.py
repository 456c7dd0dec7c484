"""How much memory there is, and what a tile takes of it."""

from __future__ import annotations

import os

import pytest
import torch

from restorekit.inference import load_restorer, memory
from restorekit.inference.memory import bytes_per_pixel, free_memory
from restorekit.registry import MODELS

CPU = torch.device('cpu')
GIB = 2**30


@pytest.fixture
def system(tmp_path):
    """A root folder with files of the system in it."""

    def make(files):
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path

    return make


MACHINE = {'proc/meminfo': f'MemTotal: 9 kB\nMemAvailable:  {8 * 2**20} kB\n'}


def test_of_a_machine_what_is_available_is_free(system):
    assert free_memory(CPU, system(MACHINE)) == 8 * GIB


@pytest.mark.parametrize(
    ('line', 'folder', 'limit', 'use', 'cached'),
    [
        ('0::/jobs/mine', 'jobs/mine', 'memory.max', 'memory.current', 'inactive_file'),
        ('0::/jobs/mine', 'jobs', 'memory.max', 'memory.current', 'inactive_file'),
        (
            '4:cpu,memory:/jobs/mine',
            'memory/jobs/mine',
            'memory.limit_in_bytes',
            'memory.usage_in_bytes',
            'total_inactive_file',
        ),
        # A container is shown its own group as the top one.
        ('0::/far/away', '', 'memory.max', 'memory.current', 'inactive_file'),
    ],
)
def test_a_control_group_leaves_less(system, line, folder, limit, use, cached):
    group = f'sys/fs/cgroup/{folder}'
    root = system(
        {
            **MACHINE,
            'proc/self/cgroup': f'7:pids:/x\n{line}\n',
            f'{group}/{limit}': f'{4 * GIB}\n',
            f'{group}/{use}': f'{3 * GIB}\n',
            f'{group}/memory.stat': f'anon 5\n{cached} {GIB}\n',
        }
    )
    if line.startswith('4:'):
        (root / 'sys/fs/cgroup/memory').rename(root / 'sys/fs/cgroup/moved')
        (root / 'sys/fs/cgroup/moved').rename(root / 'sys/fs/cgroup/cpu,memory')
        (root / 'sys/fs/cgroup/memory').symlink_to(root / 'sys/fs/cgroup/cpu,memory')
    assert free_memory(CPU, root) == 2 * GIB
    (root / group / limit).write_text('max\n')
    assert free_memory(CPU, root) == 8 * GIB


def test_where_the_system_does_not_say(tmp_path, monkeypatch):
    assert free_memory(CPU, tmp_path) == os.sysconf('SC_PAGE_SIZE') * (
        os.sysconf('SC_PHYS_PAGES') // 2
    )
    monkeypatch.delattr(os, 'sysconf')
    assert free_memory(CPU, tmp_path) == 2 * GIB


def test_a_gpu_says_it_itself(monkeypatch):
    monkeypatch.setattr(torch.cuda, 'mem_get_info', lambda _: (5 * GIB, 8 * GIB))
    monkeypatch.setattr(torch.cuda, 'memory_reserved', lambda _: 2 * GIB)
    monkeypatch.setattr(torch.cuda, 'memory_allocated', lambda _: GIB)
    assert free_memory(torch.device('cuda:1')) == 6 * GIB
    monkeypatch.setattr(torch.mps, 'recommended_max_memory', lambda: 7 * GIB)
    monkeypatch.setattr(torch.mps, 'driver_allocated_memory', lambda: 4 * GIB)
    assert free_memory(torch.device('mps')) == 3 * GIB


def test_what_a_model_takes_is_what_its_tensors_take(monkeypatch):
    monkeypatch.setattr(memory, 'SIDE', 16)
    light = torch.tensor([[0.0, 2.0]])
    model = load_restorer('bicubic-x2')
    # The image, twice as high, and twice as wide: these at least, and these once more at most.
    enlarging = bytes_per_pixel(model, torch.empty(1, 3, 9, 9), None, CPU) / (4 * 3)
    assert 1 + 2 + 4 <= enlarging <= 2 * (1 + 2 + 4) + 2
    model = MODELS.build({'type': 'AverageFusion'})
    merging = bytes_per_pixel(model, torch.empty(1, 2, 3, 9, 9), light, CPU)
    assert merging == pytest.approx(4 * 3 * (2 + 1))
