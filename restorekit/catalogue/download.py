"""Files fetched by address, once, into a cache that several processes share."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from restorekit.io.files import whole_file

CHUNK = 2**20  # bytes
TIMEOUT = 30  # seconds without an answer


class DownloadError(ValueError):
    """A file could not be fetched, or is not the one that was meant."""


def cache_folder() -> Path:
    """Where fetched files are kept: RESTOREKIT_CACHE, or `restorekit` in the user's caches."""
    chosen = os.environ.get('RESTOREKIT_CACHE')
    base = os.environ.get('XDG_CACHE_HOME') or Path.home() / '.cache'
    return Path(chosen) if chosen else Path(base) / 'restorekit'


def fetch(url: str, target: Path, *, sha256: str, size: int) -> None:
    """Fetch a file unless it is there; of several processes that ask for it one fetches.

    Args:
        url: http, https or file.
        target: Where it is to lie; it appears there whole and verified.
        sha256: Of the file, in hexadecimal.
        size: Of the file, in bytes.
    Raises:
        DownloadError: If there is no network, no such file, no room, or another file came.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with _alone(target):
            if not target.exists():
                with whole_file(target) as temporary:
                    _download(url, temporary, sha256=sha256, size=size)
    except OSError as error:
        raise DownloadError(
            f'{url}: cannot be kept in {target.parent} ({error.strerror or error}); '
            'RESTOREKIT_CACHE names another folder'
        ) from None


def _download(url: str, path: Path, *, sha256: str, size: int) -> None:
    digest = hashlib.sha256()
    with (
        _open(url) as answer,
        path.open('wb') as file,
        _progress(url, size) as show,
    ):
        done = 0
        while chunk := _read(answer, url):
            done += len(chunk)
            if done > size:
                raise DownloadError(f'{url}: expected {size} bytes, more came; nothing is kept')
            digest.update(chunk)
            file.write(chunk)
            show(done)
    if digest.hexdigest() != sha256:
        raise DownloadError(
            f'{url}: expected the SHA-256 {sha256} ({size} bytes), got {digest.hexdigest()} '
            f'({done} bytes); nothing is kept'
        )


def _open(url: str) -> IO[bytes]:
    try:
        return urllib.request.urlopen(url, timeout=TIMEOUT)
    except urllib.error.URLError as error:
        raise DownloadError(f'{url}: cannot be fetched ({error.reason})') from None
    except (OSError, ValueError) as error:  # the connection broke; no address at all
        raise DownloadError(f'{url}: cannot be fetched ({error})') from None


def _read(answer: IO[bytes], url: str) -> bytes:
    try:
        return answer.read(CHUNK)
    except OSError as error:  # reset or too slow, in the middle
        raise DownloadError(f'{url}: the connection broke ({error})') from None


@contextmanager
def _progress(url: str, size: int) -> Iterator:
    """A line on the terminal that is written again and again; one line elsewhere."""
    name = url.rpartition('/')[2]
    moving = sys.stderr.isatty()
    width = shutil.get_terminal_size().columns - 1

    def show(done: int) -> None:
        if moving:
            share = f'{name}: {done / 1e6:.1f} of {size / 1e6:.1f} MB, {100 * done // size} %'
            print(f'\r{share[:width]:<{width}}', end='', file=sys.stderr, flush=True)

    if not moving:
        print(f'fetching {url} ({size / 1e6:.1f} MB)', file=sys.stderr)
    try:
        yield show
    finally:
        if moving:
            print(file=sys.stderr)


@contextmanager
def _alone(target: Path) -> Iterator[None]:
    """Wait until no other process fetches `target`; the system lets a dead one's lock go."""
    try:
        import fcntl
    except ImportError:  # Windows: both fetch, and the second replaces an equal file
        yield
        return
    with target.with_name(f'.{target.name}.lock').open('a') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
