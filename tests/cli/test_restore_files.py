"""`restorekit restore` on many files: what is kept, left out, skipped and named."""

from __future__ import annotations

import os

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms

from restorekit.io import read_image, read_picture, write_image
from tests.conftest import smooth_image
from tests.helpers import error_of, restorekit

ICC = ImageCms.ImageCmsProfile(ImageCms.createProfile('sRGB')).tobytes()
TWICE = ('-m', 'bicubic-x2')


@pytest.fixture
def photos(tmp_path):
    for name in ('a.png', 'x/b.png', 'x/c.jpg'):
        path = tmp_path / 'in' / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_image(path, smooth_image(16, 20, seed=len(name)))
    return tmp_path / 'in'


def test_a_folder_keeps_its_structure_and_goes_on_where_it_was(photos, tmp_path):
    out = tmp_path / 'out'
    said = restorekit('restore', photos, '-o', out, *TWICE).stdout
    made = sorted(str(path.relative_to(out)) for path in out.rglob('*.*'))
    assert made == ['a.png', 'x/b.png', 'x/c.png']
    assert said.count(' -> ') == 3
    (out / 'x/b.png').unlink()
    before = (out / 'a.png').stat().st_mtime_ns
    again = restorekit('restore', photos, '-o', out, *TWICE).stdout
    assert '2 of 3 are done already; --overwrite replaces' in again
    assert again.count(' -> ') == 1
    assert (out / 'x/b.png').exists()
    assert (out / 'a.png').stat().st_mtime_ns == before
    assert restorekit('restore', photos, '-o', out, *TWICE, '--overwrite').stdout.count('->') == 3


def test_a_bad_file_is_named_and_the_rest_is_done(photos, tmp_path):
    (photos / 'x/b.png').write_bytes((photos / 'x/b.png').read_bytes()[:60])
    done = restorekit('restore', photos, '-o', tmp_path / 'out', *TWICE, expect=1)
    assert 'b.png: truncated or empty image' in done.stderr
    assert '2 of 3 images restored' in done.stderr
    assert (tmp_path / 'out/x/c.png').exists()


def test_a_dry_run_writes_nothing(photos, tmp_path):
    said = restorekit('restore', photos, '-o', tmp_path / 'out', *TWICE, '--dry-run').stdout
    assert f'{photos}/x/c.jpg -> {tmp_path}/out/x/c.png' in said
    assert not [path for path in (tmp_path / 'out').rglob('*') if path.is_file()]


def test_two_files_of_one_stem_have_two_results(photos, tmp_path):
    write_image(photos / 'x/b.jpg', smooth_image(8, 8))
    restorekit('restore', photos / 'x', '-o', tmp_path / 'out', *TWICE)
    made = sorted(path.name for path in (tmp_path / 'out').iterdir())
    assert made == ['b_jpg.png', 'b_png.png', 'c.png']


def test_what_a_file_carries_stays(tmp_path):
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (16, 20, 4), np.uint8)
    exif = Image.Exif()
    exif[0x013B] = 'somebody'
    Image.fromarray(pixels).save(tmp_path / 'a.png', icc_profile=ICC, dpi=(200, 200), exif=exif)
    restorekit('restore', tmp_path / 'a.png', '-o', tmp_path / 'out', *TWICE)
    before, after = read_picture(tmp_path / 'a.png'), read_picture(tmp_path / 'out/a.png')
    assert after.alpha.shape == (32, 40, 1)
    assert after.alpha.mean() == pytest.approx(before.alpha.mean(), abs=0.01)
    assert after.metadata.icc == ICC
    assert after.metadata.dpi == pytest.approx((200, 200), abs=0.1)
    assert b'somebody' in after.metadata.exif


def test_what_a_format_does_not_hold_is_said(tmp_path):
    Image.new('RGBA', (16, 16), (9, 99, 199, 40)).save(tmp_path / 'a.png')
    said = restorekit('restore', tmp_path / 'a.png', '-o', tmp_path / 'b.jpg', *TWICE).stdout
    assert 'b.jpg (without alpha, which .jpg does not hold)' in said
    write_image(tmp_path / 'deep.png', smooth_image(16, 16), bits=16)
    said = restorekit('restore', tmp_path / 'deep.png', '-o', tmp_path / 'c.webp', *TWICE).stdout
    assert 'without the lower 8 of 16 bits, which .webp does not hold' in said


@pytest.mark.parametrize(('options', 'dtype'), [((), np.uint16), (('--bits', 8), np.uint8)])
def test_sixteen_bits_in_are_sixteen_out(tmp_path, options, dtype):
    write_image(tmp_path / 'a.png', smooth_image(16, 16), bits=16)
    restorekit('restore', tmp_path / 'a.png', '-o', tmp_path / 'out', *TWICE, *options)
    assert cv2.imread(str(tmp_path / 'out/a.png'), cv2.IMREAD_UNCHANGED).dtype == dtype


@pytest.mark.parametrize(
    ('options', 'shape'),
    [
        (('--outscale', 2.5), (40, 50)),
        (('--outscale', 1), (16, 20)),
        (('--size', '100x50'), (50, 62)),
        (('--size', '30x300'), (24, 30)),
    ],
)
def test_any_size(photos, tmp_path, options, shape):
    restorekit('restore', photos / 'a.png', '-o', tmp_path / 'out', *TWICE, *options)
    assert read_image(tmp_path / 'out/a.png').shape[:2] == shape


def test_a_size_chooses_the_model(photos, tmp_path):
    said = restorekit('restore', photos / 'a.png', '-o', tmp_path / 'o', '--outscale', 2.5).stdout
    assert 'ain-x3 (not a JPEG)' in said


def test_format_and_quality(photos, tmp_path):
    options = ('--format', 'jpg', '--quality', 30)
    restorekit('restore', photos, '-o', tmp_path / 'out', *TWICE, *options)
    assert (tmp_path / 'out/x/b.jpg').exists()
    message = error_of('restore', photos, '-o', tmp_path / 'o', *TWICE, '--quality', 30)
    assert 'a quality is for .jpg, .webp and .avif' in message
    message = error_of('restore', photos, '-o', tmp_path / 'o', *TWICE, '--format', 'gif')
    assert 'this network gives .png' in message
    for option, message in (
        (('--quality', 0), '--quality must be 1 to 100, got 0'),
        (('--outscale', 0), '--outscale must be above 0 and 16 at most, got 0.0'),
        (('--align', 'mtb'), '--align is for methods without a network'),
    ):
        assert message in error_of('restore', photos, '-o', tmp_path / 'o', *TWICE, *option)
    restorekit('restore', photos, '-o', tmp_path / 'o', *TWICE, '--size', '40', expect=2)
    done = restorekit('restore', photos, '-o', tmp_path / 'o', *TWICE, '--tile', 'x', expect=2)
    assert "--tile: expected whole pixels, 'auto' or 0, got 'x'" in done.stderr


def test_an_ensemble_of_a_symmetric_method_is_that_method(photos, tmp_path):
    for name, options in (('one', ()), ('eight', ('--ensemble',))):
        restorekit('restore', photos / 'a.png', '-o', tmp_path / name, *TWICE, *options)
    one, eight = (read_image(tmp_path / f'{name}/a.png') for name in ('one', 'eight'))
    np.testing.assert_allclose(one, eight, atol=0.005)


def test_an_ensemble_is_the_mean_of_eight(photos, tmp_path):
    for name, options in (('one', ()), ('eight', ('--ensemble',))):
        restorekit('restore', photos / 'a.png', '-o', tmp_path / name, '-m', 'ain-x2', *options)
    one, eight = (read_image(tmp_path / f'{name}/a.png') for name in ('one', 'eight'))
    assert 0 < np.abs(one - eight).mean() < 0.02


def test_exposures_by_hand(tmp_path):
    (tmp_path / 's').mkdir()
    for index in range(3):
        write_image(tmp_path / f's/{index}.png', smooth_image(24, 24) / 4 ** (2 - index))
    said = restorekit('restore', tmp_path / 's', '-o', tmp_path / 'o', '--ev', -2, 0, 2).stdout
    assert 's: lffnet (three frames 4 EV apart, which may move)' in said
    assert (tmp_path / 'o/s.hdr').exists()
    message = error_of('restore', tmp_path / 's', '-o', tmp_path / 'p', '--ev', 0, 2)
    assert 's: 2 exposures for 3 frames' in message
    message = error_of('restore', tmp_path / 's', '-o', tmp_path / 'p', '--ev', 0, 0, 2)
    assert 's: 0.png and 1.png have equal exposure' in message


def test_a_picture_of_somebody_else_is_not_replaced(tmp_path):
    (tmp_path / 'in/s').mkdir(parents=True)
    for index in range(3):
        write_image(tmp_path / f'in/s/{index}.png', smooth_image(24, 24) / 4 ** (2 - index))
    (tmp_path / 'in/s/exposure.txt').write_text('-2 0 2')
    (tmp_path / 'o').mkdir()
    (tmp_path / 'o/s_reinhard.png').write_text('mine')
    message = error_of('restore', tmp_path / 'in', '-o', tmp_path / 'o', '-m', 'debevec')
    assert 's_reinhard.png; --overwrite replaces' in message
    assert (tmp_path / 'o/s_reinhard.png').read_text() == 'mine'
    assert not (tmp_path / 'o/s.hdr').exists()


def test_a_device_without_a_name_is_none(photos, tmp_path):
    assert "device '' is not there" in error_of(
        'restore', photos, '-o', tmp_path / 'out', *TWICE, '--device', ''
    )


def test_a_dry_run_makes_no_folder(photos, tmp_path):
    restorekit('restore', photos, '-o', tmp_path / 'out/deep', *TWICE, '--dry-run')
    assert not (tmp_path / 'out').exists()


@pytest.mark.parametrize('words', [('--ev', '0', '2'), ('--bracket-size', '3')])
def test_options_for_brackets_are_not_passed_over(photos, tmp_path, words):
    error = error_of('restore', photos, '-o', tmp_path / 'out', *TWICE, *words)
    assert f'{words[0]} is for brackets; there is none among these pictures' in error


def test_a_size_is_sixteen_times_that_of_the_picture_at_most(photos, tmp_path):
    words = ('restore', photos / 'a.png', '-o', tmp_path / 'out', *TWICE, '--size')
    error = error_of(*words, '1000x1000')  # of 20 x 16
    assert 'a.png: --size 1000x1000 is 50.0 times the 20 x 16 of the image; 16 times' in error
    restorekit(*words, '320x999')
    assert read_image(tmp_path / 'out/a.png').shape == (256, 320, 3)


@pytest.mark.skipif(not hasattr(os, 'mkfifo'), reason='no pipes here')
@pytest.mark.parametrize('model', [TWICE, ()])
def test_what_has_the_name_of_an_image_and_is_none_is_said(photos, tmp_path, model):
    os.mkfifo(photos / 'pipe.jpg')
    (photos / 'x/link.png').symlink_to('gone.png')
    done = restorekit('restore', photos, '-o', tmp_path / 'out', *model, expect=1)
    assert 'pipe.jpg: is no regular file, not an image' in done.stderr
    assert 'link.png: no such file' in done.stderr
    assert '3 of 5 images restored' in done.stderr


def test_what_torch_refuses_is_the_fault_of_one_source(photos, tmp_path, monkeypatch):
    from restorekit.inference import Inferencer

    whole = Inferencer.__call__

    def call(self, image, exposures=None, **options):
        if image.shape[2] == 3 and image.mean() > 0.7:
            raise RuntimeError('maximum size is 16\nand more')
        return whole(self, image, exposures, **options)

    monkeypatch.setattr(Inferencer, '__call__', call)
    write_image(photos / 'x/b.png', np.ones((9, 9, 3)))
    done = restorekit('restore', photos, '-o', tmp_path / 'out', *TWICE, expect=1)
    assert f'{photos}/x/b.png: RuntimeError: maximum size is 16\n' in done.stderr
    assert '2 of 3 images restored' in done.stderr


def test_folders_that_stay_empty_are_not_left_behind(photos, tmp_path):
    (tmp_path / 'a.png').write_bytes(b'x')
    (tmp_path / 'old').mkdir()
    for out in ('new/deep', 'old/deep'):
        assert 'a.png: ' in error_of('restore', tmp_path / 'a.png', '-o', tmp_path / out, *TWICE)
    assert not (tmp_path / 'new').exists()
    assert [*(tmp_path / 'old').iterdir()] == [], 'a folder of the user, or one in it'
    (photos / 'x/b.png').write_bytes(b'x')
    (photos / 'x/c.jpg').unlink()
    restorekit('restore', photos, '-o', tmp_path / 'new', *TWICE, expect=1)
    assert [path.name for path in (tmp_path / 'new').iterdir()] == ['a.png']


def test_folders_that_another_process_may_fill_stay(tmp_path, monkeypatch):
    (tmp_path / 'a.png').write_bytes(b'x')
    for name, value in (('RANK', '0'), ('WORLD_SIZE', '2')):
        monkeypatch.setenv(name, value)
    error_of('restore', tmp_path / 'a.png', '-o', tmp_path / 'new', *TWICE)
    assert (tmp_path / 'new').exists()


def test_whose_exposures_are_said_is_a_bracket(photos, tmp_path):
    words = ('restore', photos / 'x', '-o', tmp_path / 'out', '--ev', '0', '2', '--max-pixels', '9')
    assert 'b.png: 20 x 16 are 320 pixels, more than 9' in error_of(*words)
