"""The jobs of a page: who is served next, what became of whom, and when their files go."""

from __future__ import annotations

import secrets
import shutil
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from restorekit.web.limits import Limits
from restorekit.web.wish import Wish

State = Literal['uploading', 'waiting', 'running', 'done', 'failed']
UNFINISHED = ('uploading', 'waiting', 'running')
KEPT_PER_USER = 4  # results, before the oldest go


class FullError(Exception):
    """As many jobs are at work as may be."""


@dataclass(eq=False)
class Job:
    """One picture, or one set of exposures.

    Attributes:
        id: Its name in addresses; whoever knows it may see the pictures.
        wish: What was asked for.
        folder: For its files alone.
        sources: Where each uploaded file lies, under names of our own.
        state: Where it stands.
        progress: 0 to 1, while it is computed; None where that is not known.
        message: What went wrong, or what was done, for the user.
        facts: More about the result, for the page.
        files: By their names in addresses, the results: file, and the name of a download.
        size: Of the results, in bytes.
        seen: When the page last asked, in seconds of a clock that does not go back.
        lifetime: Seconds after `seen` until it is given up.
        cancelled: Set where nobody wants it any more.
    """

    id: str
    wish: Wish
    folder: Path
    sources: tuple[Path, ...]
    lifetime: float
    seen: float
    state: State = 'uploading'
    progress: float | None = None
    message: str = ''
    facts: dict[str, Any] = field(default_factory=dict)
    files: dict[str, tuple[Path, str]] = field(default_factory=dict)
    size: int = 0
    arrived: set[int] = field(default_factory=set)
    cancelled: threading.Event = field(default_factory=threading.Event)


class Jobs:
    """All jobs of a server; every method may be called from any thread.

    Args:
        folder: Where each job gets a folder of its own.
        limits: How many, and for how long.
        clock: Seconds that do not go back.
    """

    def __init__(
        self, folder: Path, limits: Limits, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.limits = limits
        self._folder, self._clock = folder, clock
        self._jobs: dict[str, Job] = {}
        self._queue: deque[Job] = deque()
        self._changed = threading.Condition()
        self._closed = False

    @property
    def closed(self) -> bool:
        """Whether no more are taken."""
        return self._closed

    def open(self, wish: Wish) -> Job:
        """A new job, whose files are awaited.

        Raises:
            FullError: If there are too many.
            OSError: If its folder cannot be made.
        """
        with self._changed:
            busy = sum(job.state in UNFINISHED for job in self._jobs.values())
            if self._closed or busy >= self.limits.users:
                raise FullError(
                    f'{busy} pictures are being restored or wait, as many as this page takes; '
                    'try again in a minute'
                )
            name = secrets.token_urlsafe(16)
            folder = self._folder / secrets.token_hex(8)
            (folder / 'in').mkdir(parents=True, mode=0o700)
            (folder / 'out').mkdir()
            sources = tuple(folder / 'in' / _stored(*pair) for pair in enumerate(wish.names))
            job = Job(name, wish, folder, sources, self.limits.stall, self._clock())
            self._jobs[name] = job
            return job

    def get(self, name: str, *, asked: bool = True) -> Job:
        """The job of a name; that the page has asked keeps it alive.

        Raises:
            KeyError: If there is none, or not any more.
        """
        with self._changed:
            job = self._jobs[name]
            if asked:
                job.seen = self._clock()
            return job

    def arrived(self, job: Job, index: int) -> None:
        """A file of a job is there; after the last one the job waits for its turn."""
        with self._changed:
            job.seen = self._clock()
            job.arrived.add(index)
            if job.state == 'uploading' and len(job.arrived) == len(job.sources):
                job.state, job.lifetime = 'waiting', self.limits.silence
                self._queue.append(job)
                self._changed.notify_all()

    def downloaded(self, job: Job) -> None:
        """A result was fetched to be kept elsewhere."""
        with self._changed:
            job.lifetime = min(job.lifetime, self.limits.keep_downloaded)

    def place(self, job: Job) -> int:
        """How many are served before a job that waits."""
        with self._changed:
            running = sum(other.state == 'running' for other in self._jobs.values())
            return running + (self._queue.index(job) if job in self._queue else 0)

    def take(self, seconds: float | None = None) -> Job | None:
        """The next job, for whoever computes; None after so many seconds, and at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._queue, seconds)
            if self._closed or not self._queue:
                return None
            job = self._queue.popleft()
            job.state = 'running'
            return job

    def finish(self, job: Job, state: Literal['done', 'failed'], message: str) -> None:
        """A job that was taken is done, or has failed; of its files only results stay."""
        _remove(job.folder if state == 'failed' else job.folder / 'in')
        with self._changed:
            job.state, job.message, job.progress = state, message, None
            job.seen, job.lifetime = self._clock(), self.limits.keep
            gone = job.id not in self._jobs
            job.size = 0 if gone else sum(p.stat().st_size for p in job.folder.rglob('*'))
            crowded = self._crowded(job)
        if gone:
            _remove(job.folder)
        for other in crowded:
            self.drop(other)

    def drop(self, job: Job) -> None:
        """Nobody wants a job any more: its place is free and its files go."""
        with self._changed:
            self._jobs.pop(job.id, None)
            job.cancelled.set()
            if job in self._queue:
                self._queue.remove(job)
            running = job.state == 'running'
        if not running:  # or else `finish` does it
            _remove(job.folder)

    def sweep(self) -> None:
        """Drop what nobody has asked for in time."""
        with self._changed:
            now = self._clock()
            late = [job for job in self._jobs.values() if now - job.seen > job.lifetime]
        for job in late:
            self.drop(job)

    def close(self) -> None:
        """Drop all, and take no more."""
        with self._changed:
            self._closed = True
            jobs = [*self._jobs.values()]
            self._changed.notify_all()
        for job in jobs:
            self.drop(job)

    def _crowded(self, newest: Job) -> list[Job]:
        """The oldest results, where there are more than are kept beside the newest."""
        results = [job for job in self._jobs.values() if job.state not in UNFINISHED]
        older = sorted((job for job in results if job is not newest), key=lambda job: job.seen)
        count, size = len(results), sum(job.size for job in results)
        going = []
        for job in older:
            if count <= KEPT_PER_USER * self.limits.users and size <= self.limits.kept_size:
                break
            going.append(job)
            count, size = count - 1, size - job.size
        return going


def _stored(index: int, name: str) -> str:
    """A name for an uploaded file of which nothing but a known kind of suffix is the user's.

    The letters in the middle make it safe to look for in messages.
    """
    suffix = Path(name).suffix.lower()
    known = suffix if suffix[1:].isascii() and suffix[1:].isalnum() and len(suffix) <= 6 else ''
    return f'{index:03}-{secrets.token_hex(6)}{known or ".bin"}'


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
