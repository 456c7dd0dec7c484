"""The thread that computes."""

from __future__ import annotations

import pytest

from restorekit.web.jobs import Jobs
from restorekit.web.limits import Limits
from restorekit.web.wish import Wish
from restorekit.web.worker import Worker


class Shop:
    """Does what `act` does."""

    def __init__(self, act):
        self.act = act

    def offer(self):
        return {'models': []}

    def do(self, job):
        return self.act(job)


@pytest.fixture
def jobs(tmp_path):
    return Jobs(tmp_path, Limits())


def sent(jobs):
    job = jobs.open(Wish(names=('a.png',), sizes=(1,)))
    jobs.arrived(job, 0)
    return job


def test_it_rests_once_when_no_job_waits(jobs):
    events = []

    def rest():
        events.append('rest')
        if events.count('rest') == 1:
            sent(jobs)
        else:
            jobs.close()

    def act(_):
        events.append('job')
        return 'done'

    first, second = sent(jobs), sent(jobs)
    worker = Worker(jobs, lambda: Shop(act), rest=rest)
    worker.start()
    worker.join(20)
    assert events == ['job', 'job', 'rest', 'job', 'rest']
    assert (first.state, second.state, second.message) == ('done', 'done', 'done')
    assert worker.offer == {'models': []}


def test_why_nothing_can_be_restored_is_kept(jobs):
    def make():
        raise ValueError('no weights')

    worker = Worker(jobs, make)
    worker.start()
    assert worker.ready.wait(20)
    worker.end()
    assert str(worker.error) == 'no weights'
    assert not worker.is_alive()


def test_the_fault_of_a_job_that_was_given_up_is_nobodys(jobs, capsys):
    def act(job):
        jobs.drop(job)
        raise RuntimeError('its files are gone')

    job = sent(jobs)
    worker = Worker(jobs, lambda: Shop(act), rest=jobs.close)
    worker.start()
    worker.join(20)
    assert job.message == 'given up'
    assert capsys.readouterr().err == ''
    assert not job.folder.exists()
