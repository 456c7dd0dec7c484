"""What killed processes leave half-written goes at the next write; nothing else does."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from restorekit.io import read_image, whole_file, write_image, write_whole
from restorekit.io.checkpoint import write_checkpoint
from restorekit.io.files import _clean, _machine

pytestmark = pytest.mark.skipif(os.name != 'posix', reason='processes are killed by signals')


def parts(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name.endswith('.part'))


def kill_in(write, *arguments) -> None:
    """Run a write in a process of its own, which is killed when the file should go to the disk."""
    child = os.fork()
    if child == 0:
        os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)
        write(*arguments)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL


@pytest.fixture
def new_process():
    """As if no folder had been looked at."""
    _clean.cache_clear()
    return _clean.cache_clear


@pytest.mark.parametrize(
    ('write', 'name', 'value'),
    [
        (write_image, 'a.png', np.zeros((4, 5, 3))),
        (write_checkpoint, 'iter_4.pth', {'state_dict': {'a': torch.zeros(3)}}),
        (write_whole, 'results.json', b'{}'),
    ],
)
def test_a_killed_write_is_cleaned_up_by_the_next(tmp_path, new_process, write, name, value):
    kill_in(write, tmp_path / name, value)
    (left,) = parts(tmp_path)
    assert left.startswith(f'.{name}.')
    assert not (tmp_path / name).exists()
    new_process()
    write_image(tmp_path / 'b.png', np.ones((2, 3, 3)))
    assert sorted(path.name for path in tmp_path.iterdir()) == ['b.png']


def test_a_file_that_a_living_process_writes_stays(tmp_path, new_process):
    with whole_file(tmp_path / 'a.txt') as temporary:
        temporary.write_text('mine')
        child = os.fork()
        if child == 0:
            new_process()
            write_whole(tmp_path / 'b.txt', b'b')
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        new_process()
        write_whole(tmp_path / 'c.txt', b'c')
        assert temporary.read_text() == 'mine'
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ['a.txt', 'b.txt', 'c.txt']


def test_files_of_users_and_of_other_machines_stay(tmp_path, new_process):
    machine = _machine()
    other = f'{int(machine, 16) ^ 1:08x}'
    names = [
        f'.a.png.{other}-0123456789ab.part',
        f'.a.png.{machine}-0123456789ab.part.txt',
        f'a.png.{machine}-0123456789ab.part',
        f'.{machine}-0123456789ab.part',
        '.a.png.part',
        'song.part',
    ]
    for name in names:
        (tmp_path / name).write_text('x')
    (tmp_path / f'.link.{machine}-0123456789ab.part').symlink_to('song.part')
    (tmp_path / f'.folder.{machine}-0123456789ab.part').mkdir()
    before = sorted(path.name for path in tmp_path.iterdir())
    write_whole(tmp_path / 'z', b'z')
    assert sorted(path.name for path in tmp_path.iterdir()) == [*before, 'z']


def test_a_temporary_file_that_is_removed_before_it_is_locked_is_made_again(tmp_path, monkeypatch):
    import fcntl

    flock, calls = fcntl.flock, []

    def slow(descriptor, kind):
        if not calls:
            for path in tmp_path.iterdir():
                path.unlink()
        calls.append(kind)
        flock(descriptor, kind)

    monkeypatch.setattr(fcntl, 'flock', slow)
    write_whole(tmp_path / 'a', b'a')
    assert len(calls) == 2
    assert (tmp_path / 'a').read_bytes() == b'a'


def test_names_may_be_as_long_as_the_system_allows(tmp_path):
    name = 'ä' * 100 + 'b' * 51 + '.png'  # 255 bytes
    write_image(tmp_path / name, np.ones((2, 3, 3)))
    assert read_image(tmp_path / name).shape == (2, 3, 3)


def test_without_locks_nothing_is_removed(tmp_path, new_process, monkeypatch):
    def refused(descriptor, kind):
        raise OSError(38, 'Function not implemented')

    kill_in(write_whole, tmp_path / 'a', b'a')
    new_process()
    monkeypatch.setattr(sys.modules['fcntl'], 'flock', refused)
    write_whole(tmp_path / 'b', b'b')
    assert len(parts(tmp_path)) == 1
