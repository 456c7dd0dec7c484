"""The thread that computes: one job after another, and nothing of torch anywhere else."""

from __future__ import annotations

import sys
import threading
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from restorekit.web.jobs import Job, Jobs

if TYPE_CHECKING:
    from restorekit.web.work import Workshop

FOR_USERS = (ValueError, OSError, ModuleNotFoundError)
ENDING = 10  # seconds that a computation may take to notice that it was given up


class Worker(threading.Thread):
    """Loads what restores, which takes seconds while the page is served already, then works.

    Args:
        jobs: Whose jobs are taken.
        make: Gives the workshop.
        rest: Called whenever no job waits, after one is done.

    Attributes:
        ready: Set once `offer` or `error` is there.
        offer: What can be asked for, as JSON.
        error: Why nothing can be restored, or None.
    """

    def __init__(
        self,
        jobs: Jobs,
        make: Callable[[], Workshop],
        *,
        rest: Callable[[], object] = lambda: None,
    ) -> None:
        super().__init__(name='restorer', daemon=True)
        self.ready = threading.Event()
        self.offer: dict[str, Any] = {}
        self.error: Exception | None = None
        self._jobs, self._make, self._rest = jobs, make, rest

    def run(self) -> None:
        """Work until the jobs are closed."""
        try:
            workshop = self._make()
            self.offer = workshop.offer()
        except Exception as error:  # whoever waits is to know; the server says it and ends
            self.error = error
            return
        finally:
            self.ready.set()
        rested = True
        while not self._jobs.closed:
            job = self._jobs.take(None if rested else 0.0)
            if job is not None:
                self._do(workshop, job)
                rested = False
            elif not rested:
                self._rest()
                rested = True

    def _do(self, workshop: Workshop, job: Job) -> None:
        from restorekit.web.meter import CancelledError
        from restorekit.web.pictures import for_user

        try:
            message = workshop.do(job)
        except CancelledError:
            self._jobs.finish(job, 'failed', 'given up')
        except FOR_USERS as error:
            self._jobs.finish(job, 'failed', for_user(str(error), job))
        except Exception as error:
            if job.cancelled.is_set():  # its files went meanwhile
                self._jobs.finish(job, 'failed', 'given up')
                return
            traceback.print_exc(file=sys.stderr)
            message = f'an error of the program ({type(error).__name__}); its terminal says more'
            self._jobs.finish(job, 'failed', message)
        else:
            self._jobs.finish(job, 'done', message)

    def end(self) -> None:
        """Close the jobs, and wait until the one at work has noticed."""
        self._jobs.close()
        if self.ready.is_set():  # what is still being imported cannot be told to stop
            self.join(ENDING)
