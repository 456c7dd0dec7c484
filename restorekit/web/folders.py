"""A private folder that goes when its process does."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

PREFIX = 'restorekit-serve-'
LOCK = 'lock'


@contextmanager
def private_folder(parent: Path | None = None) -> Iterator[Path]:
    """A folder that only this user may look into, removed at the end.

    What killed processes of this user have left is removed first: each holds a lock as long as it
    lives.

    Args:
        parent: Where; the system's folder for temporary files by default.
    Raises:
        OSError: If it cannot be made.
    """
    place = Path(tempfile.gettempdir()) if parent is None else parent
    for left in place.glob(f'{PREFIX}*'):
        _remove_if_left(left)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=place))  # mode 0700
    with (folder / LOCK).open('w') as lock:
        _try_lock(lock)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _remove_if_left(folder: Path) -> None:
    with suppress(OSError):
        if folder.is_symlink() or (os.name == 'posix' and folder.stat().st_uid != os.getuid()):
            return
        with (folder / LOCK).open('r+') as lock:
            if _try_lock(lock):
                shutil.rmtree(folder, ignore_errors=True)


def _try_lock(file: IO) -> bool:
    """Whether nobody else holds the lock of a file, which this process has now."""
    try:
        import fcntl
    except ImportError:  # Windows: nothing is known, and nothing removed
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
