import sys

import cv2
import numpy as np
import pytest

from restorekit.io import (
    TONE_MAPS,
    ImageReadError,
    hdr_size,
    read_hdr,
    read_image,
    tonemap,
    write_hdr,
    write_image,
)


def radiance(height=13, width=17, peak=4000.0):
    rng = np.random.default_rng(0)
    return (peak ** rng.uniform(-1, 1, (height, width, 3))).astype(np.float32)


@pytest.mark.parametrize('suffix', ['.exr', '.tif', '.tiff'])
def test_float_formats_keep_every_bit(tmp_path, suffix):
    if suffix == '.exr':
        pytest.importorskip('OpenEXR')
    image = radiance()
    write_hdr(tmp_path / f'a{suffix}', image)
    assert np.array_equal(read_hdr(tmp_path / f'a{suffix}'), image)
    assert [path.name for path in tmp_path.iterdir()] == [f'a{suffix}']


def test_radiance_files_keep_the_range(tmp_path):
    image = radiance()
    write_hdr(tmp_path / 'a.hdr', image)
    again = read_hdr(tmp_path / 'a.hdr')
    # One exponent a pixel, 8 bits a channel: within 1/256 of the largest channel.
    largest = image.max(axis=2, keepdims=True)
    assert (np.abs(again - image) <= largest / 250).all()
    assert abs(((again - image) / largest).mean()) < 2e-4, 'rounded, not cut off'
    write_hdr(tmp_path / 'b.hdr', again)
    assert np.array_equal(read_hdr(tmp_path / 'b.hdr'), again)
    assert hdr_size(tmp_path / 'a.hdr') == (13, 17)


def test_colours_are_rgb(tmp_path):
    image = np.zeros((4, 4, 3), np.float32)
    image[..., 0] = 2
    write_hdr(tmp_path / 'a.hdr', image)
    assert np.array_equal(read_hdr(tmp_path / 'a.hdr')[0, 0], [2, 0, 0])
    assert np.array_equal(cv2.imread(str(tmp_path / 'a.hdr'), -1)[0, 0], [0, 0, 2])


@pytest.mark.parametrize('suffix', ['.png', '.tif'])
def test_16_bits_make_the_round_trip(tmp_path, suffix):
    values = np.arange(65536, dtype=np.float64).reshape(256, 256, 1).repeat(3, axis=2) / 65535
    write_image(tmp_path / f'a{suffix}', values, bits=16)
    for read in (read_image, read_hdr):
        again = read(tmp_path / f'a{suffix}')
        assert np.array_equal(np.round(again.astype(np.float64) * 65535), values * 65535)


def test_a_real_radiance_file(data_root, tmp_path):
    image = read_hdr(data_root / 'hdr/bottles.hdr')
    assert image.shape == (688, 912, 3)
    assert image.max() == 15.375
    write_hdr(tmp_path / 'a.hdr', image)
    assert np.array_equal(read_hdr(tmp_path / 'a.hdr'), image)


@pytest.mark.parametrize('keep', [0, 20, 100, 500])
def test_truncated_files_are_refused(tmp_path, keep):
    write_hdr(tmp_path / 'a.hdr', radiance())
    data = (tmp_path / 'a.hdr').read_bytes()
    (tmp_path / 'a.hdr').write_bytes(data[:keep])
    with pytest.raises(ImageReadError, match=r'a\.hdr: truncated'):
        read_hdr(tmp_path / 'a.hdr')


@pytest.mark.parametrize(
    ('value', 'message'), [(np.nan, 'finite'), (-1, '>= 0, it goes down to -1')]
)
def test_what_is_no_radiance(tmp_path, value, message):
    image = radiance()
    image[3, 4, 1] = value
    with pytest.raises(ValueError, match=message):
        write_hdr(tmp_path / 'a.hdr', image)
    assert not list(tmp_path.iterdir())
    done, data = cv2.imencode('.tiff', image)
    assert done
    (tmp_path / 'a.tif').write_bytes(data.tobytes())
    with pytest.raises(ImageReadError, match=rf'a\.tif: .*{message}'):
        read_hdr(tmp_path / 'a.tif')


def test_a_display_image_reader_says_what_it_met(tmp_path):
    write_hdr(tmp_path / 'a.tif', radiance())
    with pytest.raises(ImageReadError, match=r'expected 8 or 16 bits .* got float32 \(linear HDR'):
        read_image(tmp_path / 'a.tif')


def test_a_missing_extra_names_its_command(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, 'OpenEXR', None)
    with pytest.raises(ModuleNotFoundError, match=r'pip install "restorekit\[exr\]"'):
        write_hdr(tmp_path / 'a.exr', radiance())


def test_no_openexr_file(tmp_path):
    pytest.importorskip('OpenEXR')
    (tmp_path / 'a.exr').write_bytes(b'no such thing')
    with pytest.raises(ImageReadError, match=r'a\.exr: not a readable OpenEXR file'):
        read_hdr(tmp_path / 'a.exr')


def test_unknown_extension(tmp_path):
    with pytest.raises(ValueError, match=r'a\.jpg: HDR is written to \.hdr, \.exr'):
        write_hdr(tmp_path / 'a.jpg', radiance())


@pytest.mark.parametrize('method', ['mu', 'reinhard', 'drago'])
def test_tone_mapping_gives_a_picture(method):
    image = radiance(peak=10) / 10
    picture = tonemap(image, method)
    assert picture.shape == image.shape
    assert 0 <= picture.min() < picture.max() <= 1
    order = np.argsort(image.mean(axis=2), axis=None)
    flat = picture.mean(axis=2).ravel()[order]
    assert flat[-20:].mean() > flat[:20].mean() + 0.2
    with pytest.raises(ValueError, match='method must be one of'):
        tonemap(image, 'gamma')


def test_black_stays_black(tmp_path):
    image = np.zeros((9, 12, 3), np.float32)
    image[2, 3] = 0.5, 0, 0
    write_hdr(tmp_path / 'a.hdr', image)
    np.testing.assert_array_equal(read_hdr(tmp_path / 'a.hdr') < 0.003, image < 0.003)
    assert not read_hdr(tmp_path / 'a.hdr')[image.max(axis=2) == 0].any()


@pytest.mark.parametrize('method', TONE_MAPS)
def test_black_is_black_on_every_curve(method):
    assert not tonemap(np.zeros((8, 9, 3), np.float32), method).any()
