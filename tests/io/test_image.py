import os
import struct
import zlib

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image

from restorekit.io import (
    ImageReadError,
    image_size,
    jpeg_round_trip,
    read_image,
    write_image,
    write_whole,
)
from restorekit.io.decoding import decoded
from restorekit.io.jpeg import _LUMA, jpeg_quality
from tests.conftest import smooth_image

LOSSLESS = ['.png', '.bmp', '.tif', '.tiff']


@pytest.mark.parametrize('extension', LOSSLESS)
@pytest.mark.parametrize('channels', [1, 3])
def test_eight_bits_round_trip(tmp_path, extension, channels):
    image = np.round(smooth_image(9, 14, channels) * 255) / np.float32(255)
    write_image(tmp_path / f'a{extension}', image)
    np.testing.assert_array_equal(read_image(tmp_path / f'a{extension}'), image)
    assert image_size(tmp_path / f'a{extension}') == (9, 14)


@pytest.mark.parametrize('extension', ['.png', '.tif'])
def test_sixteen_bits_round_trip(tmp_path, extension):
    image = (np.arange(65536) / 65535).astype(np.float32).reshape(256, 256, 1).repeat(3, 2)
    write_image(tmp_path / f'a{extension}', image, bits=16)
    np.testing.assert_array_equal(read_image(tmp_path / f'a{extension}'), image)
    assert image_size(tmp_path / f'a{extension}') == (256, 256)


def test_channels_are_rgb(tmp_path):
    image = np.zeros((4, 4, 3), np.float32)
    image[..., 0] = 1
    write_image(tmp_path / 'red.png', image)
    assert cv2.imread(str(tmp_path / 'red.png'))[0, 0].tolist() == [0, 0, 255]
    np.testing.assert_array_equal(read_image(tmp_path / 'red.png'), image)


def test_exif_orientation_is_applied_to_image_and_size(tmp_path):
    from PIL import Image

    exif = Image.Exif()
    exif[0x0112] = 6  # quarter turn
    pixels = np.zeros((20, 30, 3), np.uint8)
    pixels[:, :15] = 255
    Image.fromarray(pixels).save(tmp_path / 'turned.jpg', exif=exif, quality=95)
    image = read_image(tmp_path / 'turned.jpg')
    assert image.shape == (30, 20, 3)
    assert image_size(tmp_path / 'turned.jpg') == (30, 20)
    assert image[2].mean() > 0.9 > 0.1 > image[-3].mean()


@pytest.mark.parametrize('part', [0.05, 0.5, 0.97])
@pytest.mark.parametrize('extension', ['.png', '.jpg', '.bmp', '.tif', '.webp'])
def test_truncated_files_are_refused(tmp_path, extension, part):
    path = tmp_path / f'photo{extension}'
    write_image(path, smooth_image(64, 64))
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * part)])
    with pytest.raises(ImageReadError, match=f'photo{extension}'):
        read_image(path)


@pytest.mark.parametrize('seed', range(8))
def test_whole_jpeg_with_something_behind_it(tmp_path, seed):
    path = tmp_path / 'motion.jpg'
    write_image(path, smooth_image(64, 64))
    whole = read_image(path)
    path.write_bytes(path.read_bytes() + np.random.default_rng(seed).bytes(1 << 18))
    np.testing.assert_array_equal(read_image(path), whole)


@pytest.mark.parametrize('content', [b'', b'hello, I am no image', b'\x89PNG\r\n\x1a\n'])
def test_other_files_are_refused(tmp_path, content):
    (tmp_path / 'a.png').write_bytes(content)
    for function in (read_image, image_size):
        with pytest.raises(ImageReadError, match=r'a\.png'):
            function(tmp_path / 'a.png')


def test_missing_file(tmp_path):
    for function in (read_image, image_size):
        with pytest.raises(FileNotFoundError, match=r'nothing\.png: no such file'):
            function(tmp_path / 'nothing.png')


@pytest.mark.parametrize(
    ('name', 'image', 'bits', 'message'),
    [
        ('a.gif', np.zeros((2, 2, 3)), 8, 'unknown extension'),
        ('a.jpg', np.zeros((2, 2, 3)), 16, '16 bits; accepted: 8'),
        ('a.png', np.zeros((2, 2)), 8, r'got \(2, 2\)'),
        ('a.png', np.zeros((2, 2, 4)), 8, r'got \(2, 2, 4\)'),
    ],
)
def test_what_cannot_be_written(tmp_path, name, image, bits, message):
    with pytest.raises(ValueError, match=message):
        write_image(tmp_path / name, image, bits=bits)
    assert not list(tmp_path.iterdir())


def test_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / 'a.png'
    write_whole(path, b'old')

    def full_disk(*_):
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(os, 'replace', full_disk)
    with pytest.raises(OSError, match=r'a\.png: cannot be written \(No space left on device\)'):
        write_whole(path, b'new')
    assert [file.read_bytes() for file in tmp_path.iterdir()] == [b'old']


def test_values_outside_the_range_are_clipped_and_halves_round_up(tmp_path):
    values = np.array([-1, 0.5 / 255, 1.5 / 255, 2], np.float64).reshape(1, 4, 1)
    write_image(tmp_path / 'a.png', values)
    assert (read_image(tmp_path / 'a.png') * 255).round().ravel().tolist() == [0, 1, 2, 255]


@pytest.mark.parametrize('channels', [1, 3])
def test_jpeg_is_opencvs(tmp_path, channels):
    image = smooth_image(40, 24, channels)
    pixels = np.floor(image * 255 + 0.5).astype(np.uint8)
    cv2.imwrite(str(tmp_path / 'a.jpg'), pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 20])
    result = jpeg_round_trip(image, 20)
    assert result.shape == image.shape
    np.testing.assert_array_equal(result, read_image(tmp_path / 'a.jpg'))
    assert np.abs(result - image).mean() > np.abs(jpeg_round_trip(image, 90) - image).mean()


def test_only_regular_files_are_read(tmp_path):
    os.mkfifo(tmp_path / 'a.png')
    for path, kind in ((tmp_path / 'a.png', 'no regular file'), (tmp_path, 'a folder')):
        with pytest.raises(ImageReadError, match=f'is {kind}, not an image'):
            read_image(path)
    with pytest.raises(ImageReadError, match='/dev/zero: is no regular file'):
        read_image('/dev/zero')


def test_more_pixels_than_allowed_are_not_decoded(tmp_path):
    def chunk(kind, data):
        crc = zlib.crc32(kind + data)
        return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', crc)

    header = struct.pack('>IIBBBBB', 30000, 30000, 8, 0, 0, 0, 0)
    parts = (chunk(b'IHDR', header), chunk(b'IDAT', zlib.compress(bytes(99))), chunk(b'IEND', b''))
    (tmp_path / 'bomb.png').write_bytes(b'\x89PNG\r\n\x1a\n' + b''.join(parts))
    with pytest.raises(ImageReadError, match=r'bomb\.png: 30000 x 30000 are 900000000 pixels'):
        read_image(tmp_path / 'bomb.png')


@pytest.fixture(scope='module')
def photo():
    """A JPEG file, 240 x 320, with much in it."""
    noise = np.random.default_rng(0).integers(0, 256, (240, 320, 3), np.uint8)
    return cv2.imencode('.jpg', cv2.GaussianBlur(noise, (0, 0), 1.5))[1].tobytes()


@pytest.mark.parametrize('place', [0.2, 0.5, 0.9])
def test_zeros_in_a_jpeg_are_damage(tmp_path, photo, place):
    at = int(len(photo) * place)
    (tmp_path / 'a.jpg').write_bytes(photo[:at] + bytes(2000) + photo[at + 2000 :] + b'\xff\xd9')
    with pytest.raises(ImageReadError, match=r'a\.jpg: damaged JPEG \(.*orrupt JPEG'):
        read_image(tmp_path / 'a.jpg')


def test_a_jpeg_that_is_cut_and_closed_again_is_damaged(tmp_path, photo):
    (tmp_path / 'a.jpg').write_bytes(photo[: len(photo) // 2] + b'\xff\xd9')
    with pytest.raises(ImageReadError, match=r'a\.jpg: damaged JPEG \(.*premature end'):
        read_image(tmp_path / 'a.jpg')


@pytest.mark.parametrize('gray', [False, True])
@pytest.mark.parametrize('progressive', [0, 1])
def test_jpegs_are_read_to_the_bits_of_opencv(tmp_path, photo, gray, progressive):
    image = cv2.imdecode(np.frombuffer(photo, np.uint8), int(not gray))
    done, data = cv2.imencode('.jpg', image, [cv2.IMWRITE_JPEG_PROGRESSIVE, progressive])
    assert done
    (tmp_path / 'a.jpg').write_bytes(data.tobytes())
    expected = cv2.imdecode(data, cv2.IMREAD_ANYCOLOR)
    expected = expected[..., None] if gray else expected[..., ::-1]
    np.testing.assert_array_equal(np.round(read_image(tmp_path / 'a.jpg') * 255), expected)


@pytest.mark.parametrize(
    ('said', 'message'),
    [
        ('CV_IO_MAX_IMAGE_PIXELS', 'photo.jp2: more pixels than OpenCV takes; --max-pixels'),
        ('no such codec', r'photo.jp2: OpenCV cannot decode it \(no such codec\)'),
    ],
)
def test_what_opencv_raises_is_said(monkeypatch, said, message):
    error = cv2.error(said)
    error.err = said

    def raise_it(*_):
        raise error

    monkeypatch.setattr(cv2, 'imdecode', raise_it)
    with pytest.raises(ImageReadError, match=message):
        decoded('photo.jp2', b'', 0)


@pytest.mark.parametrize('quality', [30, 50, 75, 95])
def test_the_quality_of_a_jpeg_is_libjpegs(tmp_path, quality):
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(tmp_path / 'a.jpg', quality=quality)
    assert jpeg_quality(tmp_path / 'a.jpg') == quality
    if quality == 50:  # the table itself
        assert sorted(Image.open(tmp_path / 'a.jpg').quantization[0]) == sorted(_LUMA)


def test_a_damaged_tiff_with_alpha_is_named(tmp_path):
    path = tmp_path / 'a.tif'
    write_image(path, smooth_image(40, 50), alpha=smooth_image(40, 50, 1))
    with tifffile.TiffFile(path) as file:
        at = file.pages[0].dataoffsets[0]
    data = bytearray(path.read_bytes())
    data[at : at + 20] = bytes(20)
    path.write_bytes(data)
    with pytest.raises(ImageReadError, match=r'a\.tif: not a readable TIFF \('):
        read_image(path)


@pytest.mark.parametrize(
    ('image', 'options', 'message'),
    [
        (np.full((2, 2, 3), np.nan), {}, '12 of 12 values are NaN or infinite'),
        (np.zeros((2, 2, 3), int), {}, r'expected floats in \[0, 1\] or uint8, got int64'),
        (np.zeros((2, 2, 3), np.uint8), {'bits': 16}, 'or uint16, got uint8'),
        (np.zeros((2, 2, 3)), {'quality': 0}, 'quality must be 1 to 100, got 0'),
        (np.zeros((2, 2, 3)), {'quality': 500}, 'quality must be 1 to 100, got 500'),
        (np.zeros((2, 2, 3)), {'quality': 'high'}, "quality must be 1 to 100, got 'high'"),
    ],
)
def test_no_file_is_written_of_what_is_no_image(tmp_path, image, options, message):
    name = 'a.jpg' if 'quality' in options else 'a.png'
    with pytest.raises(ValueError, match=rf'{name}: .*{message}'):
        write_image(tmp_path / name, image, **options)
    with pytest.raises(TypeError, match=r'a\.png: expected an array, got list'):
        write_image(tmp_path / 'a.png', [[0.5]])
    assert not [*tmp_path.iterdir()]
