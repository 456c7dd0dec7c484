"""Turns, places and the end of jobs, without a server."""

from __future__ import annotations

import threading

import pytest

from restorekit.web.jobs import FullError, Jobs
from restorekit.web.limits import Limits, millions
from restorekit.web.wish import Wish


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def jobs(tmp_path, clock):
    limits = Limits(users=3, stall=10, silence=100, keep=1000, keep_downloaded=200)
    return Jobs(tmp_path, limits, clock=clock)


def opened(jobs, count=1):
    names = tuple(f'{number}.png' for number in range(count))
    return jobs.open(Wish(names=names, sizes=(1,) * count))


def sent(jobs):
    job = opened(jobs)
    job.sources[0].write_bytes(b'1')
    jobs.arrived(job, 0)
    return job


def test_who_came_first_is_served_first_and_places_count_down(jobs):
    first, second, third = (sent(jobs) for _ in range(3))
    assert [jobs.place(job) for job in (first, second, third)] == [0, 1, 2]
    assert jobs.take(0) is first
    assert first.state == 'running'
    assert [jobs.place(job) for job in (second, third)] == [1, 2]
    jobs.finish(first, 'done', 'all')
    assert [jobs.place(job) for job in (second, third)] == [0, 1]
    jobs.drop(second)
    assert jobs.take(0) is third


def test_a_set_waits_for_its_last_picture(jobs):
    job = opened(jobs, 3)
    for index in (2, 0):
        jobs.arrived(job, index)
        assert jobs.take(0) is None
    jobs.arrived(job, 1)
    assert jobs.take(0) is job


def test_names_of_files_are_our_own(jobs):
    names = ('../a.PNG', 'b.p/ng', 'c.' + 'x' * 9, 'd.é', 'e')
    job = jobs.open(Wish(names=names, sizes=(1,) * 5))
    assert {path.parent for path in job.sources} == {job.folder / 'in'}
    assert [path.suffix for path in job.sources] == ['.png', '.bin', '.bin', '.bin', '.bin']
    assert [path.name[:4] for path in job.sources] == ['000-', '001-', '002-', '003-', '004-']


def test_places_are_for_jobs_that_are_not_finished(jobs):
    for _ in range(3):
        sent(jobs)
    with pytest.raises(FullError, match='^3 pictures are being restored or wait, as many as'):
        opened(jobs)
    for _ in range(3):
        jobs.finish(jobs.take(0), 'done', '')
    assert [opened(jobs).state for _ in range(3)] == ['uploading'] * 3


@pytest.mark.parametrize(
    ('bring', 'seconds'),
    [
        (opened, 10),
        (sent, 100),
        (lambda jobs: [sent(jobs), jobs.take(0), jobs.finish(_only(jobs), 'done', '')][0], 1000),
    ],
)
def test_what_nobody_asks_for_goes(jobs, clock, bring, seconds):
    job = bring(jobs)
    clock.now = seconds
    jobs.sweep()
    assert jobs.get(job.id) is job
    clock.now = 2 * seconds
    jobs.sweep()
    assert job.folder.exists()
    clock.now += 1
    jobs.sweep()
    assert not job.folder.exists()
    assert job.cancelled.is_set()
    with pytest.raises(KeyError):
        jobs.get(job.id)
    assert jobs.take(0) is None


def _only(jobs):
    (job,) = jobs._jobs.values()
    return job


def test_what_was_downloaded_is_kept_for_less(jobs, clock):
    job = sent(jobs)
    jobs.finish(jobs.take(0), 'done', '')
    jobs.downloaded(job)
    clock.now = 201
    jobs.sweep()
    assert not job.folder.exists()


def test_a_job_at_work_is_told_and_its_files_go_when_it_has_ended(jobs):
    job = sent(jobs)
    jobs.take(0)
    jobs.drop(job)
    assert job.cancelled.is_set()
    assert job.sources[0].exists()
    assert [opened(jobs).state for _ in range(3)] == ['uploading'] * 3
    jobs.finish(job, 'done', '')
    assert not job.folder.exists()


def test_the_oldest_results_go_where_there_are_too_many(jobs, clock):
    done = []
    for _ in range(13):
        done.append(sent(jobs))
        clock.now += 1
        jobs.finish(jobs.take(0), 'done', '')
    assert [job.folder.exists() for job in done] == [False] + [True] * 12


def test_the_oldest_results_go_where_they_are_too_large(tmp_path, clock):
    jobs = Jobs(tmp_path, Limits(kept_megabytes=1), clock=clock)
    done = []
    for size in (3, 4, 5, 20):
        done.append(sent(jobs))
        clock.now += 1
        (done[-1].folder / 'out/result.png').write_bytes(bytes(size * 100_000))
        jobs.finish(jobs.take(0), 'done', '')
        if size == 5:
            assert [job.folder.exists() for job in done] == [False, True, True]
    assert [job.folder.exists() for job in done] == [False, False, False, True]


def test_who_waits_for_a_job_is_woken_by_it_and_by_the_end(jobs):
    for act, expected in ((sent, True), (Jobs.close, False)):
        taken = []
        thread = threading.Thread(target=lambda taken=taken: taken.append(jobs.take()))
        thread.start()
        act(jobs)
        thread.join(10)
        assert [job is not None for job in taken] == [expected]
    with pytest.raises(FullError):
        opened(jobs)


def test_limits_are_positive():
    with pytest.raises(ValueError, match=r'^Limits: users must be more than 0, got 0$'):
        Limits(users=0)


def test_numbers_of_pixels_are_written_for_people():
    assert [millions(count) for count in (999, 120_000, 2**25)] == [
        '999',
        '120,000',
        '33.6 million',
    ]
