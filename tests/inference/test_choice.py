"""Which model a file gets where none is named."""

import cv2
import numpy as np
import pytest

import restorekit as package
from restorekit import inference
from restorekit.inference import find_sources, restore
from restorekit.inference.choice import choose_for_arrays
from restorekit.io import write_image
from restorekit.io.jpeg import jpeg_quality
from tests.conftest import smooth_image
from tests.helpers import error_of, restorekit


@pytest.fixture
def jpeg(tmp_path):
    def make(quality):
        path = tmp_path / f'{quality}.jpg'
        image = (smooth_image(24, 32) * 255).astype(np.uint8)
        cv2.imwrite(str(path), image, [cv2.IMWRITE_JPEG_QUALITY, quality])
        return path

    return make


@pytest.fixture
def scene(tmp_path):
    folder = tmp_path / 'scene'
    folder.mkdir()
    for index in range(3):
        write_image(folder / f'{index}.png', smooth_image(16, 16) / 2 ** (4 - 2 * index))
    return folder


@pytest.mark.parametrize('quality', [5, 30, 50, 75, 92, 100])
def test_quality_is_read_from_the_tables(jpeg, quality):
    assert abs(jpeg_quality(jpeg(quality)) - quality) <= 1


def choose(path, *args, **options):
    (source,) = find_sources([path], brackets=path.is_dir())
    return inference.choose(source, *args, **options)


def test_what_is_no_jpeg_has_no_quality(tmp_path):
    write_image(tmp_path / 'a.png', smooth_image(8, 8))
    assert jpeg_quality(tmp_path / 'a.png') is None
    (tmp_path / 'a.jpg').write_text('text')
    assert jpeg_quality(tmp_path / 'a.jpg') is None


def test_a_picture_is_enlarged_and_a_lossy_one_cleaned_first(jpeg, tmp_path):
    write_image(tmp_path / 'a.png', smooth_image(8, 8))
    assert str(choose(tmp_path / 'a.png')) == 'ain-x2 (not a JPEG)'
    assert str(choose(jpeg(97))) == 'ain-x2 (a JPEG of quality about 97)'
    wanted = 'ain-jpeg-color, then ain-x2 (a JPEG of quality about 30, cleaned first)'
    assert str(choose(jpeg(30))) == wanted
    assert choose(jpeg(30), task='jpeg').models == ('ain-jpeg-color',)
    gray = np.full((8, 9), 90, np.uint8)
    cv2.imwrite(str(tmp_path / 'gray.jpg'), gray, [cv2.IMWRITE_JPEG_QUALITY, 30])
    assert choose(tmp_path / 'gray.jpg').models == ('ain-jpeg', 'ain-x2')
    assert choose(tmp_path / 'gray.jpg', task='jpeg').models == ('ain-jpeg',)
    assert choose_for_arrays(np.zeros((8, 9, 1)), task='jpeg').models == ('ain-jpeg',)
    assert choose_for_arrays(np.zeros((8, 9, 3)), task='jpeg').models == ('ain-jpeg-color',)
    assert choose(tmp_path / 'a.png', scale=4).models == ('ain-x4',)


def test_a_folder_is_merged_by_what_is_known_of_it(scene):
    assert choose(scene).models == ('mertens',)
    assert 'no exposure.txt' in choose(scene).reason
    (scene / 'exposure.txt').write_text('-2 0 2')
    assert choose(scene).models == ('lffnet',)
    assert choose(scene).reason == 'three frames 4 EV apart, which may move'
    (scene / 'exposure.txt').write_text('-4 0 4')
    assert choose(scene).models == ('debevec',)
    assert choose(scene).reason == '3 frames 8 EV apart, which must stand still'
    assert choose(scene, ev=(-1, 0, 1)).models == ('lffnet',)
    assert choose(scene, task='fusion', scale=2).models == ('mertens', 'ain-x2')


def test_two_exposures_are_fused_and_enlarged_by_one_network(scene):
    (scene / '2.png').unlink()
    assert choose(scene, scale=2).models == ('cfan-x2',)
    assert choose(scene, scale=3).models == ('mertens', 'ain-x3')
    assert choose(scene).models == ('mertens',)
    frames = [np.full((8, 8, 3), value, np.float32) for value in (0.2, 0.6)]
    assert choose_for_arrays(frames, scale=2).models == ('cfan-x2',)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({'task': 'hdr'}, r'a\.png: hdr takes a folder with the exposures of a scene, got a file'),
        ({'scale': 7}, r'no model for scale 7; accepted: 2, 3, 4'),
        ({'task': 'jpeg', 'scale': 2}, r'artifact removal keeps the size, got scale 2'),
    ],
)
def test_what_cannot_be_is_said(tmp_path, options, message):
    write_image(tmp_path / 'a.png', smooth_image(8, 8))
    with pytest.raises(ValueError, match=message):
        choose(tmp_path / 'a.png', **options)


def test_a_folder_that_is_no_bracket(scene):
    with pytest.raises(ValueError, match='scene: sr takes an image, got a bracket'):
        choose(scene, task='sr')
    for path in scene.iterdir():
        path.unlink()
    with pytest.raises(ValueError, match='scene: no image in this folder, nor below it'):
        choose(scene)


def test_one_command_restores_whatever_it_is_given(jpeg, scene, tmp_path):
    out = tmp_path / 'out'
    said = restorekit('restore', jpeg(40), scene, '-o', out).stdout
    assert '40.jpg: ain-jpeg-color, then ain-x2' in said
    assert 'scene: mertens (no HDR' in said
    assert cv2.imread(str(out / '40.png')).shape == (48, 64, 3)
    assert cv2.imread(str(out / 'scene.png')).shape == (16, 16, 3)


def test_the_command_says_what_is_wrong(jpeg, tmp_path):
    said = error_of('restore', jpeg(40), '-m', 'ain-x2', '--scale', '2', '-o', tmp_path / 'o')
    assert '--task and --scale choose a model; one is named already' in said
    assert 'no such file: gone.png' in error_of('restore', 'gone.png', '-o', tmp_path / 'o')


def test_in_python_it_is_one_call(jpeg, scene):
    image = smooth_image(8, 9)
    assert restore(image).shape == (16, 18, 3)
    assert restore(image, task='jpeg').shape == (8, 9, 3)
    assert np.array_equal(restore(image), package.Inferencer('ain-x2')(image))
    assert restore(jpeg(30)).shape == (48, 64, 3)
    frames = [image / 4, image]
    assert np.array_equal(restore(frames), restore(frames, 'mertens'))
    assert np.array_equal(
        restore(frames, exposures=[0, 2]), restore(frames, 'debevec', exposures=[0, 2])
    )
    assert restore(scene, scale=2).shape == (32, 32, 3)


@pytest.mark.parametrize(
    ('exposures', 'models'),
    [
        ((-2, 0, 2), ('lffnet',)),
        ((-4, 0, 4), ('debevec',)),
        ((0, 0.5, 1), ('debevec',)),
        ((0, 2), ('debevec',)),
        (None, ('mertens',)),
    ],
)
@pytest.mark.parametrize('scale', [None, 2])
def test_both_doors_choose_the_same(scene, exposures, models, scale):
    frames = [smooth_image(8, 8)] * (3 if exposures is None else len(exposures))
    for path in sorted(scene.iterdir())[len(frames) :]:
        path.unlink()
    if exposures is not None:
        (scene / 'exposure.txt').write_text(' '.join(map(str, exposures)))
    expected = models if scale is None else (*models, 'ain-x2')
    for task in (None, 'hdr', 'fusion'):
        if task == 'hdr' and exposures is None:
            continue
        wanted = ('mertens', *expected[1:]) if task == 'fusion' else expected
        if task == 'fusion' and (len(frames), scale) == (2, 2):
            wanted = ('cfan-x2',)
        assert choose(scene, task, scale).models == wanted
        assert choose_for_arrays(frames, exposures, task, scale).models == wanted


@pytest.mark.parametrize(
    ('images', 'task', 'message'),
    [
        (1, 'hdr', 'hdr takes a list of frames, got one image'),
        (2, 'jpeg', 'jpeg takes one image, got a list of frames'),
        (2, 'hdr', 'hdr: expected 2 exposures in EV that rise'),
        (1, 'superres', 'task must be one of sr, jpeg, .*fusion, got .superres.'),
        (0, None, 'a list of no frames'),
    ],
)
def test_arrays_of_the_wrong_kind_are_named(images, task, message):
    image = smooth_image(8, 8)
    with pytest.raises(ValueError, match=message):
        restore(image if images == 1 else [image] * images, task=task)


def test_one_call_says_what_is_wrong(tmp_path):
    with pytest.raises(ValueError, match='task and scale choose a model; one is named already'):
        restore(smooth_image(8, 8), 'ain-x2', scale=2)
    with pytest.raises(FileNotFoundError, match=r'no such file: .*gone\.png'):
        restore(tmp_path / 'gone.png')
    with pytest.raises(AttributeError, match="module 'restorekit' has no attribute 'restroe'"):
        package.restroe  # noqa: B018


def test_a_folder_is_a_bracket_where_it_looks_like_one_or_is_called_one(tmp_path):
    for number in range(2):
        write_image(tmp_path / f'{number}.png', smooth_image(16, 16, seed=number))
    with pytest.raises(ValueError, match='holds 2 pictures; restore takes one'):
        restore(tmp_path)
    with pytest.raises(ValueError, match='should be brighter than|have equal exposure'):
        restore(tmp_path, exposures=[0, 0])
    assert restore(tmp_path, 'mertens').shape == (16, 16, 3)


def test_exposures_in_python_go_before_what_the_files_say(scene):
    by_hand = restore(scene, 'debevec', exposures=[0, 1, 2])
    assert not np.array_equal(by_hand, restore(scene, 'debevec', exposures=[0, 2, 4]))
    picture = next(iter(sorted(scene.glob('*.png'))))
    with pytest.raises(ValueError, match=r'exposures are those of a bracket, got \[0\]'):
        restore(picture, exposures=[0])
