"""Files that appear under their names once they are whole, and not before."""

from __future__ import annotations

import contextlib
import functools
import os
import platform
import re
import tempfile
import uuid
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

try:
    import fcntl
except ModuleNotFoundError:  # Windows
    fcntl = None  # type: ignore[assignment]

PART = '.part'
# Of the name of a file, which may be as long as names can be, what a temporary one repeats.
KEPT = 40
_made: set[Path] = set()  # folders, by `check_writable`


@contextmanager
def whole_file(path: str | Path) -> Iterator[Path]:
    """A temporary name next to `path`; what is written there is renamed when the block ends.

    By then it is on the disk, so that neither a killed process nor a power failure leaves half a
    file under the name. If the block raises, an older file of that name stays intact.

    Raises:
        OSError: If the folder is missing or read-only, or the disk is full.
    """
    path = Path(path)
    _clean(path.parent.absolute())
    own = f'{_machine()}-{uuid.uuid4().hex[:12]}'
    temporary = path.with_name(f'.{path.name[-KEPT:]}.{own}{PART}')
    try:
        with _claimed(temporary):
            yield temporary
            _flush(temporary)
            temporary.replace(path)
        if os.name == 'posix':  # elsewhere folders cannot be opened
            _flush(path.parent)
    except OSError as error:
        raise OSError(f'{path}: cannot be written ({error.strerror or error})') from error
    finally:
        temporary.unlink(missing_ok=True)


def write_whole(path: str | Path, data: bytes) -> None:
    """Write a file so that its name never stands for half of it.

    Raises:
        OSError: See `whole_file`.
    """
    with whole_file(path) as temporary:
        temporary.write_bytes(data)


def check_writable(folder: Path) -> None:
    """Make a folder and see that files can be written there, before hours are spent.

    Raises:
        OSError: Naming the folder.
    """
    new = [place for place in (folder, *folder.parents) if not place.exists()]
    try:
        _made.update(new)
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise OSError(
            f'{folder}: the folder cannot be written ({error.strerror or error})'
        ) from None


def remove_unused() -> None:
    """Remove the folders that `check_writable` has made in this process and that are empty."""
    for folder in sorted(_made, key=lambda place: len(place.parts), reverse=True):
        with contextlib.suppress(OSError):  # it is not empty, or somebody has removed it
            folder.rmdir()
    _made.clear()


def remove_leftovers(folder: Path, pattern: str = '*') -> None:
    """Remove files matching `pattern` that killed processes left half-written.

    Only for folders to which no other process is writing such files.
    """
    for path in folder.glob(f'.{pattern}.*{PART}'):
        path.unlink(missing_ok=True)


@functools.lru_cache(maxsize=1024)
def _clean(folder: Path) -> None:
    """Remove what killed processes of this machine left half-written in a folder.

    A process looks once: what is left over was left before. A temporary file that is locked belongs
    to a process that lives. Whether those of other machines do cannot be seen from here.
    """
    if fcntl is None:
        return
    temporary = re.compile(rf'\..+\.{_machine()}-[0-9a-f]{{12}}{re.escape(PART)}')
    with contextlib.suppress(OSError):  # no such folder, say, which the write will say
        names = [entry.name for entry in os.scandir(folder) if temporary.fullmatch(entry.name)]
        for name in names:
            with contextlib.suppress(OSError):  # it is locked, or gone
                descriptor = os.open(folder / name, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    (folder / name).unlink()
                finally:
                    os.close(descriptor)


@contextmanager
def _claimed(temporary: Path) -> Iterator[None]:
    """A new file, which is locked until the block ends, or the process does."""
    if fcntl is None:
        yield
        return
    while True:
        descriptor = os.open(temporary, os.O_CREAT | os.O_RDWR, 0o666)
        with contextlib.suppress(OSError):  # a file system without locks; nobody removes it there
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        if temporary.exists():
            break
        os.close(descriptor)  # another process has locked and removed it before this one
    try:
        yield
    finally:
        os.close(descriptor)


@functools.lru_cache
def _machine() -> str:
    """Eight digits that stand for this machine in the names of temporary files."""
    return f'{zlib.crc32(platform.node().encode()):08x}'


def _flush(path: Path) -> None:
    """Have the system write a file, or the names in a folder, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
