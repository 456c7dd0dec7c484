"""What is done to a job, how far it has come, and its end before its time."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from restorekit.inference import tiles
from restorekit.io import read_image, write_image
from restorekit.web.jobs import Jobs
from restorekit.web.limits import Limits
from restorekit.web.meter import CancelledError, Meter
from restorekit.web.pictures import for_user
from restorekit.web.wish import Wish
from restorekit.web.work import Workshop
from tests.conftest import smooth_image


@pytest.fixture(scope='module')
def workshop():
    return Workshop(device='cpu', limits=Limits())


@pytest.fixture
def jobs(tmp_path):
    return Jobs(tmp_path, Limits())


def job_of(jobs, image, **wish):
    job = jobs.open(Wish(names=('mine.png',), sizes=(1,), **wish))
    write_image(job.sources[0], image)
    return job


@pytest.mark.parametrize(
    ('size', 'tile', 'wish'),
    [
        ((80, 112), 512, {'model': 'ain-x2'}),
        ((80, 112), 64, {'model': 'ain-x2'}),
        ((40, 56), 512, {'model': 'ain-jpeg-color'}),
    ],
)
def test_progress_goes_from_nothing_to_all(workshop, jobs, monkeypatch, size, tile, wish):
    monkeypatch.setattr(tiles, 'WHOLE', tile)
    monkeypatch.setattr(tiles, 'LARGEST', tile)
    monkeypatch.setattr(workshop, '_loaded', type(workshop._loaded)())
    steps = []
    job = job_of(jobs, smooth_image(*size), **wish)
    monkeypatch.setattr(type(job), '__setattr__', _noting(steps))
    workshop.do(job)
    assert steps == sorted(steps)
    assert steps[0] < 0.02
    assert steps[-1] > 0.97
    assert len(steps) > 50


def _noting(steps):
    def note(self, name, value):
        object.__setattr__(self, name, value)
        if name == 'progress':
            steps.append(value)

    return note


def test_the_progress_of_methods_is_not_known(workshop, jobs):
    job = job_of(jobs, smooth_image(24, 24), model='bicubic-x2')
    assert workshop.do(job) == 'bicubic-x2 (as asked for)'
    assert job.progress is None or job.progress == 0.99


@pytest.mark.parametrize('model', ['ain-x2', 'bicubic-x2'])
def test_what_was_given_up_ends_and_writes_nothing(workshop, jobs, model):
    job = job_of(jobs, smooth_image(24, 24), model=model)
    job.cancelled.set()
    with pytest.raises(CancelledError):
        workshop.do(job)
    assert job.files == {}


def test_few_models_are_kept(workshop, jobs):
    for name in ('bicubic-x2', 'bicubic-x3', 'bicubic-x4', 'ain-x2', 'ain-x3'):
        workshop._load((name,))
    assert [*workshop._loaded] == [(n,) for n in ('bicubic-x3', 'bicubic-x4', 'ain-x2', 'ain-x3')]
    workshop._load(('bicubic-x3',))
    workshop._load(('ain-x4',))
    assert [*workshop._loaded] == [(n,) for n in ('ain-x2', 'ain-x3', 'bicubic-x3', 'ain-x4')]


def test_a_meter_counts_what_goes_through_modules_and_leaves_nothing_behind():
    network = nn.Sequential(nn.Identity(), nn.Identity())
    with Meter().running() as meter:
        network(torch.zeros(2, 5))
    assert meter.count == 30  # the container and its two parts
    network(torch.zeros(2, 5))
    assert meter.count == 30


def test_a_meter_stops_what_it_is_told_to():
    def stop(count):
        if count > 10:
            raise CancelledError

    done = []
    network = nn.Sequential(nn.Identity(), nn.Identity())
    network[1].register_forward_hook(lambda *_: done.append(1))
    with pytest.raises(CancelledError), Meter(stop).running():
        network(torch.zeros(2, 5))
    assert done == []


def test_messages_have_the_names_that_the_user_knows(jobs):
    # Names that look like ours are not replaced twice.
    job = jobs.open(Wish(names=('001-a.png', '000-b.png'), sizes=(1, 1)))
    first, second = job.sources
    folder = first.parent
    text = f'{folder}: {first} and {second.name} differ; {folder}/exposure.txt; in {folder}'
    assert for_user(text, job) == (
        '001-a.png and 000-b.png differ; exposure.txt; in these pictures'
    )


def test_gray_pictures_stay_gray(workshop, jobs):
    job = job_of(jobs, smooth_image(24, 24, channels=1), model='bicubic-x2')
    workshop.do(job)
    assert job.facts == {'height': 48, 'width': 48, 'linear': False}
    image = read_image(job.files['result.png'][0])
    assert image.shape == (48, 48, 1)
    assert np.ptp(image) > 0.5


def test_frames_taken_by_hand_are_aligned_only_if_asked(workshop, jobs, monkeypatch):
    aligned = []
    monkeypatch.setattr(
        'restorekit.restorers.classical.align_brackets',
        lambda frames, kind, _: aligned.append(kind) or frames,
    )
    for align in (True, False, True):
        job = jobs.open(Wish(names=('a.png', 'b.png'), sizes=(1, 1), task='fusion', align=align))
        for source, gain in zip(job.sources, (0.4, 1), strict=True):
            write_image(source, gain * smooth_image(48, 64))
        workshop.do(job)
    assert aligned == ['mtb', 'mtb']


def test_only_methods_align(workshop, jobs):
    job = job_of(jobs, smooth_image(24, 24), model='bicubic-x2', align=True)
    with pytest.raises(ValueError, match='^only methods that merge exposures align frames$'):
        workshop.do(job)


def test_an_unknown_device_is_named():
    with pytest.raises(ValueError, match=r"^device 'nonsense' is not there \("):
        Workshop(device='nonsense', limits=Limits())
