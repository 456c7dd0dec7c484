"""What is written where, decided before any work."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from restorekit import inference
from restorekit.inference import Output, find_sources
from restorekit.inference.running import MOST, Size, _fault
from restorekit.io import Bracket, choose_frames, write_image
from restorekit.registry import MODELS
from tests.conftest import smooth_image

BICUBIC = {'type': 'Restorer', 'backbone': {'type': 'Bicubic', 'scale': 2}}


@pytest.fixture(scope='module')
def models():
    kinds = {'image': BICUBIC, 'fusion': {'type': 'MertensFusion'}, 'hdr': {'type': 'DebevecMerge'}}
    return {name: MODELS.build(config) for name, config in kinds.items()}


@pytest.fixture
def scene(tmp_path):
    folder = tmp_path / 'scene'
    folder.mkdir()
    for index in range(2):
        write_image(folder / f'{index}.png', smooth_image(8, 8) / (2 - index))
    return folder


@pytest.fixture
def photo(tmp_path):
    write_image(tmp_path / 'a.jpg', smooth_image(8, 8))
    return tmp_path / 'a.jpg'


def plan_jobs(paths, out, models, **options):
    sources = find_sources(paths, brackets=models[0].takes_bracket)
    return inference.plan_jobs(sources, out, models, Output(**options))


def test_a_folder_gets_files_of_the_sources_names(models, photo, scene, tmp_path):
    (job,) = plan_jobs([photo], tmp_path / 'out', [models['image']])
    assert (job.source.path, job.target, job.picture) == (photo, tmp_path / 'out/a.png', None)
    (job,) = plan_jobs([scene], tmp_path / 'out', [models['hdr']], tone='mu')
    assert job.written == [tmp_path / 'out/scene.hdr', tmp_path / 'out/scene_mu.png']
    (job,) = plan_jobs([scene], tmp_path / 'out', [models['fusion']], tone='mu')
    assert job.written == [tmp_path / 'out/scene.png'], 'an image needs no picture of it'


def test_a_job_is_done_once_all_of_its_files_are_there(models, scene, tmp_path):
    (job,) = plan_jobs([scene], tmp_path / 'scene.hdr', [models['hdr']], tone='mu')
    (tmp_path / 'scene_mu.png').write_text('mine')
    assert not job.is_done
    (tmp_path / 'scene.hdr').write_text('mine')
    assert job.is_done


@pytest.mark.parametrize('out', ['scene/new.png', 'scene'])
def test_nothing_is_written_among_the_frames_that_are_read(models, scene, tmp_path, out):
    before = sorted(scene.iterdir())
    with pytest.raises(ValueError, match='would lie among the frames of a bracket that is read'):
        plan_jobs([scene], tmp_path / out, [models['fusion']])
    assert sorted(scene.iterdir()) == before


def test_a_source_is_never_its_own_target(models, scene, tmp_path):
    write_image(tmp_path / 'a.png', smooth_image(8, 8))
    for source, out in ((tmp_path / 'a.png', tmp_path), (scene, scene / '0.png')):
        kind = 'fusion' if source.is_dir() else 'image'
        with pytest.raises(ValueError, match='would be overwritten by its own result'):
            plan_jobs([source], out, [models[kind]])


@pytest.mark.parametrize('name', ['x.gif', 'x.heic', 'x.hdr', 'x.dng', 'x.CR2'])
def test_a_file_of_another_format_is_not_taken_for_a_folder(models, photo, tmp_path, name):
    with pytest.raises(ValueError, match=rf'-o .*{name}: this network gives \.png'):
        plan_jobs([photo], tmp_path / name, [models['image']])
    assert not (tmp_path / name).exists()


def test_a_folder_may_have_a_dot_in_its_name(models, photo, tmp_path):
    (job,) = plan_jobs([photo], tmp_path / 'results.v2', [models['image']])
    assert job.target == tmp_path / 'results.v2/a.png'


def test_frames_are_chosen_evenly_and_exposures_counted_from_the_darkest():
    paths = tuple(Path(f'{i}.png') for i in range(5))
    bracket = Bracket(paths, (0.0, 2.0, 4.0, 6.0, 8.0))
    three = choose_frames(bracket, 3)
    assert three == Bracket((paths[0], paths[2], paths[4]), (0.0, 4.0, 8.0))
    assert choose_frames(bracket, 1) == Bracket((paths[2],), (0.0,))
    assert choose_frames(bracket, None) is choose_frames(bracket, 7) is bracket
    assert choose_frames(Bracket(paths, ()), 2) == Bracket((paths[0], paths[4]), ())


@pytest.mark.parametrize(
    ('options', 'names'),
    [
        ({'suffix': '.exr'}, ['scene.exr', 'scene_mu.png']),
        ({'suffix': '.tif'}, ['scene.tif', 'scene_mu.png']),
        ({'suffix': '.jpg', 'quality': 80}, ['scene.hdr', 'scene_mu.jpg']),
        ({'suffix': '.exr', 'tone': None}, ['scene.exr']),
    ],
)
def test_a_format_is_that_of_radiance_or_of_the_picture_beside_it(
    models, scene, tmp_path, options, names
):
    (job,) = plan_jobs([scene], tmp_path / 'out', [models['hdr']], **{'tone': 'mu', **options})
    assert [path.name for path in job.written] == names


@pytest.mark.parametrize(
    ('options', 'text'),
    [
        ({'suffix': '.gif', 'tone': 'mu'}, r'scene_mu\.gif: unknown format; accepted: \.hdr, '),
        ({'suffix': '.jpg'}, r'scene\.hdr: this network gives .* --tonemap none leaves out'),
        ({'quality': 80}, r'scene\.hdr: this network gives .* --tonemap none leaves out'),
        ({'quality': 80, 'tone': 'mu'}, r'scene_mu\.png: a quality is for \.jpg, \.webp and'),
        ({'suffix': '.jpg', 'bits': 16, 'tone': 'mu'}, r'scene_mu\.jpg: 16 bits need \.png'),
    ],
)
def test_what_neither_holds_is_refused(models, scene, tmp_path, options, text):
    with pytest.raises(ValueError, match=text):
        plan_jobs([scene], tmp_path / 'out', [models['hdr']], **options)


def test_a_file_and_a_format_must_agree(models, photo, scene, tmp_path):
    with pytest.raises(ValueError, match=r'-o .*a\.png: --format jpg says another format'):
        plan_jobs([photo], tmp_path / 'a.png', [models['image']], suffix='.jpg')
    with pytest.raises(ValueError, match=r'-o .*a\.hdr: --format exr says another format'):
        plan_jobs([scene], tmp_path / 'a.hdr', [models['hdr']], suffix='.exr', tone='mu')
    (job,) = plan_jobs([scene], tmp_path / 'a.exr', [models['hdr']], suffix='.jpg', tone='mu')
    assert [path.name for path in job.written] == ['a.exr', 'a_mu.jpg']


@pytest.mark.parametrize(
    ('size', 'expected'),
    [
        (Size(), (20, 42)),
        (Size(factor=0.5), (5, 10)),
        (Size(box=(42, 100)), (20, 42)),
        (Size(box=(2100, 5)), (5, 10)),
        (Size(factor=0.01), (1, 1)),
    ],
)
def test_the_size_of_a_result(size, expected):
    assert size.of(10, 21, 2) == expected


def test_a_box_that_is_too_large_is_named():
    wide = MOST * 21 + 1
    with pytest.raises(
        ValueError, match=f'--size {wide}x{wide} is .* times the 21 x 1 of the imag'
    ):
        Size(box=(wide, wide)).of(1, 21, 2)
    assert Size(box=(MOST * 21, 10**6)).of(10, 21, 2) == (MOST * 10, MOST * 21)


def test_of_an_unforeseen_error_the_first_line_is_said():
    job = SimpleNamespace(source='a.png')
    assert _fault(job, RuntimeError('first\nsecond')) == 'a.png: RuntimeError: first'
    assert _fault(job, RuntimeError()) == 'a.png: RuntimeError: no message'
    assert _fault(job, ValueError('a.png: is empty')) == 'a.png: is empty'
