"""No file of more pixels than the limit is decoded, whatever its format."""

from __future__ import annotations

import re

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image

from restorekit.io import (
    ImageReadError,
    image_size,
    read_hdr,
    read_header,
    read_image,
    write_hdr,
    write_image,
)
from restorekit.limits import MAX_PIXELS
from tests.helpers import error_of, restorekit

KINDS = ('.png', '.jpg', '.bmp', '.tif', '.webp', '.avif')


@pytest.fixture
def limit(monkeypatch):
    monkeypatch.setenv(MAX_PIXELS, '119')


@pytest.mark.parametrize('suffix', KINDS)
def test_an_image_of_one_row_too_many_is_refused(tmp_path, limit, suffix):
    path = tmp_path / f'a{suffix}'
    write_image(path, np.zeros((10, 12, 3)))
    text = f'{path}: 12 x 10 are 120 pixels, more than 119; --max-pixels (or'
    with pytest.raises(ImageReadError, match=re.escape(text)):
        read_image(path)
    write_image(path, np.zeros((9, 12, 3)))
    assert read_image(path).shape == (9, 12, 3)


def test_files_that_other_decoders_read_are_refused_too(tmp_path, limit):
    cmyk, blended = tmp_path / 'cmyk.jpg', tmp_path / 'blended.tif'
    Image.new('CMYK', (12, 10)).save(cmyk)
    Image.new('RGBA', (12, 10)).save(blended)
    for path in (cmyk, blended):
        with pytest.raises(ImageReadError, match=f'{path.name}: 12 x 10 are 120 pixels'):
            read_image(path)


def test_a_heic_file_is_refused_too(tmp_path, limit):
    pillow_heif = pytest.importorskip('pillow_heif')
    path = tmp_path / 'a.heic'
    pillow_heif.from_pillow(Image.new('RGB', (12, 10))).save(path)
    with pytest.raises(ImageReadError, match=r'a\.heic: 12 x 10 are 120 pixels'):
        read_image(path)


def test_an_exr_files_window_may_begin_anywhere(tmp_path, limit):
    exr = pytest.importorskip('OpenEXR')
    window = (np.array([10, 20], np.int32), np.array([20, 29], np.int32))
    header = {'compression': exr.ZIP_COMPRESSION, 'type': exr.scanlineimage, 'dataWindow': window}
    with exr.File(header, {'RGB': np.ones((10, 11, 3), np.float32)}) as file:
        file.write(str(tmp_path / 'a.exr'))
    assert read_hdr(tmp_path / 'a.exr').shape == (10, 11, 3)  # 110 pixels


@pytest.mark.parametrize('suffix', ['.hdr', '.exr', '.tif'])
def test_radiance_is_refused_too(tmp_path, limit, suffix):
    if suffix == '.exr':
        pytest.importorskip('OpenEXR')
    path = tmp_path / f'a{suffix}'
    write_hdr(path, np.ones((10, 12, 3), np.float32))
    with pytest.raises(ImageReadError, match=f'a{suffix}: 12 x 10 are 120 pixels'):
        read_hdr(path)
    write_hdr(path, np.ones((9, 12, 3), np.float32))
    assert read_hdr(path).shape == (9, 12, 3)


@pytest.mark.parametrize('text', ['0', '-3', 'none', '1e6', ''])
def test_a_limit_is_a_number(tmp_path, monkeypatch, text):
    monkeypatch.setenv(MAX_PIXELS, text)
    write_image(tmp_path / 'a.png', np.zeros((2, 2, 3)))
    with pytest.raises(ValueError, match=f"{MAX_PIXELS} must be 1 or more, got '{text}'"):
        read_image(tmp_path / 'a.png')


def test_what_a_file_says_of_itself_is_read_whatever_its_size(tmp_path, monkeypatch):
    monkeypatch.setattr(Image, 'MAX_IMAGE_PIXELS', 30)  # Pillow refuses twice as many
    image = Image.new('RGBA', (12, 10))
    image.save(tmp_path / 'a.png', dpi=(300, 300))
    header = read_header(tmp_path / 'a.png')
    assert header is not None
    assert header.has_alpha
    assert image_size(tmp_path / 'a.png') == (10, 12)
    assert Image.MAX_IMAGE_PIXELS == 30


def test_the_option_moves_the_limit(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_image('a.png', np.zeros((10, 12, 3)))
    words = ('restore', 'a.png', '-m', 'bicubic-x2', '-o', 'out', '--max-pixels')
    assert 'a.png: 12 x 10 are 120 pixels, more than 119; --max-pixels (' in error_of(*words, 119)
    restorekit(*words, 120)
    assert cv2.imread('out/a.png').shape == (20, 24, 3)
    for count in (0, -1):
        assert f'--max-pixels must be 1 or more, got {count}' in error_of(*words, count)
        assert f'--max-pixels must be 1 or more, got {count}' in error_of(
            'test', 'a.py', '--max-pixels', count
        )
    for word in ('none', ''):
        assert f"invalid int value: '{word}'" in restorekit(*words, word, expect=2).stderr


def test_a_tiff_that_says_too_much_is_not_decoded(tmp_path, limit):
    tifffile.imwrite(tmp_path / 'a.tif', np.zeros((10, 12, 4), np.uint8), extrasamples=[2])
    with pytest.raises(ImageReadError, match=r'a\.tif: 12 x 10 are 120 pixels'):
        read_image(tmp_path / 'a.tif')
