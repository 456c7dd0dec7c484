"""Files that appear under their names once they are whole, and not before."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PART = '.part'


@contextmanager
def whole_file(path: str | Path) -> Iterator[Path]:
    """A temporary name next to `path`; what is written there is renamed when the block ends.

    By then it is on the disk, so that neither a killed process nor a power failure leaves half a
    file under the name. If the block raises, an older file of that name stays intact.

    Raises:
        OSError: If the folder is missing or read-only, or the disk is full.
    """
    path = Path(path)
    temporary = path.with_name(f'.{path.name}.{uuid.uuid4().hex[:12]}{PART}')
    try:
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
    probe = folder / f'.probe-{uuid.uuid4().hex}'  # ranks on several machines may share the folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise OSError(
            f'{folder}: the folder cannot be written ({error.strerror or error})'
        ) from None


def remove_leftovers(folder: Path, pattern: str = '*') -> None:
    """Remove files matching `pattern` that killed processes left half-written.

    Only for folders to which no other process is writing such files.
    """
    for path in folder.glob(f'.{pattern}.*{PART}'):
        path.unlink(missing_ok=True)


def _flush(path: Path) -> None:
    """Have the system write a file, or the names in a folder, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
