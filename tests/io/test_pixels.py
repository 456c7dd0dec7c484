import cv2
import numpy as np
import pytest

from restorekit.io import read_image, read_pixels, to_eight_bits, to_floats, write_image


@pytest.mark.parametrize('channels', [1, 3])
@pytest.mark.parametrize('extension', ['png', 'jpg', 'bmp', 'tif', 'webp'])
def test_eight_bits_are_read_as_they_are(tmp_path, extension, channels):
    image = np.arange(256, dtype=np.uint8).reshape(16, 16, 1).repeat(channels, 2)
    path = tmp_path / f'a.{extension}'
    write_image(path, image)
    pixels = read_pixels(path)
    assert pixels.dtype == np.uint8
    if extension in ('png', 'bmp', 'tif'):
        np.testing.assert_array_equal(pixels, image)
    np.testing.assert_array_equal(to_floats(pixels), read_image(path))


@pytest.mark.parametrize('extension', ['png', 'tif'])
def test_sixteen_bits_are_read_as_they_are(tmp_path, extension):
    image = np.arange(2**16, dtype=np.uint16).reshape(256, 256)
    path = tmp_path / f'a.{extension}'
    cv2.imwrite(str(path), image)
    pixels = read_pixels(path)
    assert pixels.dtype == np.uint16
    np.testing.assert_array_equal(pixels[..., 0], image)
    np.testing.assert_array_equal(to_floats(pixels), read_image(path))


def test_numbers_and_integers():
    floats = np.float32([[-0.1, 0.5 / 255, 0.49 / 255, 1.2]])
    np.testing.assert_array_equal(to_eight_bits(floats), [[0, 1, 0, 255]])
    assert to_floats(floats) is floats
    deep = np.uint16([[0, 257, 65535]])
    np.testing.assert_array_equal(
        to_floats(deep), np.float32([[0, 257, 65535]]) / np.float32(65535)
    )
    np.testing.assert_array_equal(to_eight_bits(deep), [[0, 1, 255]])
