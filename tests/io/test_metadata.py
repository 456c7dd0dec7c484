"""What files carry beside their pixels: read, and written again."""

from __future__ import annotations

import io
import logging

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms

from restorekit.io import (
    ImageReadError,
    Metadata,
    holds,
    image_size,
    read_header,
    read_image,
    read_picture,
    read_pixels,
    write_image,
)
from tests.conftest import smooth_image

ICC = ImageCms.ImageCmsProfile(ImageCms.createProfile('sRGB')).tobytes()
FORMATS = ['.png', '.jpg', '.webp', '.avif', '.tif', '.bmp']
TAKEN, ARTIST, WIDTH = 0x9003, 0x013B, 0xA002


def exif(orientation=1):
    data = Image.Exif()
    data[0x0112], data[ARTIST] = orientation, 'somebody'
    details = data.get_ifd(0x8769)
    details[TAKEN], details[WIDTH] = '2020:01:02 03:04:05', 12
    return data.tobytes()


CARRIED = Metadata(icc=ICC, exif=exif().removeprefix(b'Exif\0\0'), dpi=(300.0, 150.0))


@pytest.mark.parametrize('suffix', FORMATS)
def test_every_format_gives_back_what_it_holds(tmp_path, suffix):
    path = tmp_path / f'a{suffix}'
    ramp = np.linspace(0.2, 0.9, 30, dtype=np.float32)
    image, alpha = np.tile(ramp[None, :, None], (20, 1, 3)), smooth_image(20, 30, 1, seed=1)
    lost = write_image(path, image, alpha=alpha, metadata=CARRIED)
    kept = [what for what in ('alpha', 'profile', 'EXIF') if holds(path, what)]
    assert sorted(kept + lost) == ['EXIF', 'alpha', 'profile']
    picture = read_picture(path)
    assert picture.bits == 8
    loose = 0.1 if suffix in ('.jpg', '.webp', '.avif') else 0.003
    np.testing.assert_allclose(picture.image, image, atol=loose)
    assert (picture.alpha is not None) == ('alpha' in kept)
    if picture.alpha is not None:
        np.testing.assert_allclose(picture.alpha, alpha, atol=loose)
    assert picture.metadata.icc == (ICC if 'profile' in kept else b'')
    said = Image.Exif()
    said.load(picture.metadata.exif or b'Exif\0\0')
    if 'EXIF' in kept:
        assert said[ARTIST] == 'somebody'
        assert said.get_ifd(0x8769)[TAKEN] == '2020:01:02 03:04:05'
        assert said.get_ifd(0x8769)[WIDTH] == 30, 'the size is that of the new picture'
        assert said[0x011A] == 300
    if holds(path, 'dpi'):
        assert picture.metadata.dpi == pytest.approx((300, 150), abs=0.1)


def test_exif_behind_the_pixels_of_a_png_is_followed(tmp_path):
    path = tmp_path / 'a.png'
    Image.new('RGB', (5, 3)).save(path, exif=exif(orientation=6))
    data = path.read_bytes()
    at = data.index(b'eXIf') - 4
    end = at + 12 + int.from_bytes(data[at : at + 4], 'big')
    path.write_bytes(data[:at] + data[end:-12] + data[at:end] + data[-12:])  # in front of IEND
    assert image_size(path) == (5, 3)
    assert read_image(path).shape == (5, 3, 3)


@pytest.mark.parametrize('suffix', FORMATS)
def test_exif_is_written_for_a_resolution_that_has_no_place_of_its_own_alone(tmp_path, suffix):
    path = tmp_path / f'a{suffix}'
    write_image(path, smooth_image(9, 7))
    assert read_picture(path).metadata == Metadata()
    write_image(path, smooth_image(9, 7), metadata=Metadata(dpi=(300.0, 150.0)))
    assert bool(read_picture(path).metadata.exif) == (suffix in ('.webp', '.avif'))


@pytest.mark.parametrize('suffix', ['.png', '.tif'])
def test_sixteen_bits_and_alpha(tmp_path, suffix):
    path = tmp_path / f'a{suffix}'
    image, alpha = smooth_image(9, 7), smooth_image(9, 7, 1, seed=1)
    assert write_image(path, image, bits=16, alpha=alpha, metadata=Metadata(icc=ICC)) == []
    picture = read_picture(path)
    assert picture.bits == 16
    np.testing.assert_allclose(picture.image, image, atol=1e-5)
    np.testing.assert_allclose(picture.alpha, alpha, atol=1e-5)
    assert picture.metadata.icc == ICC


@pytest.mark.parametrize('orientation', range(1, 9))
@pytest.mark.parametrize('suffix', ['.png', '.jpg', '.webp', '.tif'])
def test_what_is_stored_turned_is_upright_in_all_its_parts(tmp_path, suffix, orientation):
    path = tmp_path / f'a{suffix}'
    values = np.zeros((16, 24, 4), np.uint8)
    values[:8, :8] = 255  # one corner, in colour and alpha alike
    if suffix == '.tif':
        tags = [(0x0112, 'H', 1, orientation, True)]
        tifffile.imwrite(path, values, photometric='rgb', extrasamples=[2], extratags=tags)
    elif suffix == '.jpg':
        Image.fromarray(values[..., :3]).save(path, exif=exif(orientation), quality=100)
    else:
        Image.fromarray(values).save(path, exif=exif(orientation), lossless=True)
    picture = read_picture(path)
    height, width = (24, 16) if orientation >= 5 else (16, 24)
    assert picture.image.shape[:2] == image_size(path) == (height, width)
    top, left = {1: (0, 0), 2: (0, 1), 3: (1, 1), 4: (1, 0)}.get(orientation) or {
        5: (0, 0),
        6: (0, 1),
        7: (1, 1),
        8: (1, 0),
    }[orientation]
    corner = picture.image[-1 if top else 0, -1 if left else 0]
    np.testing.assert_allclose(corner, 1, atol=0.05)
    assert picture.image.mean() == pytest.approx(64 / 384, abs=0.02)
    if picture.alpha is not None:
        np.testing.assert_allclose(picture.alpha[..., 0], picture.image[..., 0], atol=0.05)
    written = tmp_path / 'b.jpg'
    write_image(written, picture.image, metadata=picture.metadata)
    assert read_header(written).orientation == 1


def test_a_profile_for_other_channels_is_left_out(tmp_path):
    assert write_image(tmp_path / 'a.png', smooth_image(8, 8, 1), metadata=CARRIED) == ['profile']
    assert read_picture(tmp_path / 'a.png').metadata.icc == b''


def test_exif_that_a_jpeg_cannot_hold_is_left_out(tmp_path):
    long = Metadata(exif=CARRIED.exif + bytes(70_000))
    assert write_image(tmp_path / 'a.jpg', smooth_image(8, 8), metadata=long) == ['EXIF']


@pytest.mark.parametrize('suffix', ['.png', '.webp', '.tif'])
def test_animations_and_pages_are_refused(tmp_path, suffix):
    path = tmp_path / f'a{suffix}'
    pages = [Image.new('RGB', (9, 9), (shade, 0, 0)) for shade in (0, 90, 200)]
    pages[0].save(path, save_all=True, append_images=pages[1:])
    for read in (read_picture, read_image, read_pixels, image_size):
        with pytest.raises(ImageReadError, match=rf'a{suffix}: an animation, or a file of 3 pages'):
            read(path)


def test_damaged_tiffs_are_complained_of_once(tmp_path, capfd, monkeypatch):
    monkeypatch.setattr(logging.root, 'handlers', [])  # outside pytest nobody has set up logging
    path = tmp_path / 'a.tif'
    write_image(path, smooth_image(8, 8))
    data = bytearray(path.read_bytes())
    data[4:8] = b'\xff\xff\0\0'  # where the first page is said to be
    path.write_bytes(data)
    with pytest.raises(ImageReadError, match=r'a\.tif: not a readable TIFF'):
        read_picture(path)
    assert capfd.readouterr() == ('', '')


def test_a_gray_file_with_alpha(tmp_path):
    gray = np.dstack([np.full((5, 6), 100, np.uint8), np.full((5, 6), 51, np.uint8)])
    Image.fromarray(gray, 'LA').save(tmp_path / 'a.png')
    picture = read_picture(tmp_path / 'a.png')
    np.testing.assert_allclose(picture.alpha, 0.2)
    np.testing.assert_allclose(picture.image, 100 / 255, atol=1e-6)


def test_a_palette_with_a_transparent_colour(tmp_path):
    image = Image.new('P', (6, 5), 1)
    image.putpalette([0, 0, 0, 255, 0, 0])
    image.putpixel((2, 3), 0)
    image.save(tmp_path / 'a.png', transparency=0)
    picture = read_picture(tmp_path / 'a.png')
    assert picture.image[0, 0].tolist() == [1, 0, 0]
    assert picture.alpha[3, 2, 0] == 0
    assert picture.alpha.sum() == 29


def test_quality_makes_a_file_smaller(tmp_path):
    image = np.random.default_rng(0).random((64, 64, 3), np.float32)
    for suffix in ('.jpg', '.webp', '.avif'):
        for quality in (20, 90):
            write_image(tmp_path / f'{quality}{suffix}', image, quality=quality)
        small, large = (tmp_path / f'{quality}{suffix}' for quality in (20, 90))
        assert small.stat().st_size < large.stat().st_size / 2
    with pytest.raises(ValueError, match='a quality is for JPEG, WebP and AVIF'):
        write_image(tmp_path / 'a.png', image, quality=20)


def test_cmyk_is_read_as_opencv_does(tmp_path):
    Image.new('CMYK', (8, 8), (0, 255, 255, 0)).save(tmp_path / 'a.jpg', icc_profile=ICC)
    image = read_image(tmp_path / 'a.jpg')
    expected = cv2.imread(str(tmp_path / 'a.jpg'))[..., ::-1] / 255
    np.testing.assert_allclose(image, expected, atol=1e-6)


def test_heic(tmp_path):
    heif = pytest.importorskip('pillow_heif')
    heif.register_heif_opener()
    pixels = np.tile(np.arange(48, dtype=np.uint8)[None, :, None] * 5, (32, 1, 3))
    try:
        Image.fromarray(pixels).save(tmp_path / 'a.heic', quality=-1, exif=exif(), icc_profile=ICC)
    except (KeyError, RuntimeError, ValueError) as error:
        pytest.skip(f'this pillow-heif writes no HEIC: {error}')
    picture = read_picture(tmp_path / 'a.heic')
    np.testing.assert_allclose(picture.image, pixels / 255, atol=0.03)
    assert image_size(tmp_path / 'a.heic') == (32, 48)
    assert picture.metadata.icc == ICC
    assert b'somebody' in picture.metadata.exif


def dng(path, values):
    """The least raw file that LibRaw takes: a Bayer pattern of 16 bits."""
    tags = [
        (33421, 'H', 2, (2, 2), True),  # CFARepeatPatternDim
        (33422, 'B', 4, (0, 1, 1, 2), True),  # CFAPattern: R G G B
        (50706, 'B', 4, (1, 4, 0, 0), True),  # DNGVersion
        (50708, 's', 0, 'nobody', True),  # UniqueCameraModel
        (50717, 'I', 1, 65535, True),  # WhiteLevel
        (50721, '2i', 9, (1, 1, 0, 1, 0, 1, 0, 1, 1, 1, 0, 1, 0, 1, 0, 1, 1, 1), True),
        (50728, '2I', 3, (1, 1, 1, 1, 1, 1), True),  # AsShotNeutral
    ]
    tifffile.imwrite(path, values, photometric=32803, extratags=tags, metadata=None)


def test_raw_data_keeps_its_exposure(tmp_path):
    pytest.importorskip('rawpy')
    for name, level in (('dark', 2000), ('light', 8000)):
        dng(tmp_path / f'{name}.dng', np.full((64, 96), level, np.uint16))
    dark, light = (read_picture(tmp_path / f'{name}.dng') for name in ('dark', 'light'))
    assert dark.image.shape == (64, 96, 3)
    assert image_size(tmp_path / 'dark.dng') == (64, 96)
    assert dark.bits == 16
    assert 1.5 < light.image.mean() / dark.image.mean() < 3, 'the tone curve, and no brightening'


@pytest.mark.parametrize(('name', 'extra'), [('a.heic', 'heic'), ('a.CR2', 'raw')])
def test_a_missing_extra_is_named(tmp_path, monkeypatch, name, extra):
    (tmp_path / name).write_bytes(b'something')
    for module in ('pillow_heif', 'rawpy'):
        monkeypatch.setitem(__import__('sys').modules, module, None)
    with pytest.raises(ModuleNotFoundError, match=rf'{name}: .* "restorekit\[{extra}\]"'):
        read_image(tmp_path / name)


@pytest.mark.parametrize('name', ['a.heic', 'a.dng'])
def test_damaged_files_of_cameras(tmp_path, name):
    pytest.importorskip('rawpy')
    pytest.importorskip('pillow_heif')
    (tmp_path / name).write_bytes(io.BytesIO(b'II*\0' + bytes(200)).getvalue())
    with pytest.raises(ImageReadError, match=rf'{name}: not '):
        read_image(tmp_path / name)


def test_a_tiff_of_too_many_pixels_is_answered_as_others_are(tmp_path, monkeypatch):
    rows = np.zeros((1, 70_000, 3), np.uint8)
    tifffile.imwrite(tmp_path / 'a.tif', rows, photometric='rgb')
    data = bytearray((tmp_path / 'a.tif').read_bytes())
    with tifffile.TiffFile(tmp_path / 'a.tif') as file:
        at = file.pages[0].tags['ImageLength'].valueoffset
    data[at : at + 4] = (70_000).to_bytes(4, 'little')
    (tmp_path / 'a.tif').write_bytes(data)
    with pytest.raises(ImageReadError, match=r'a\.tif: 70000 x 70000 are 4900000000 pixels, more'):
        read_image(tmp_path / 'a.tif')


def test_an_orientation_that_there_is_not_turns_nothing(tmp_path):
    values = np.zeros((8, 12, 3), np.uint8)
    tifffile.imwrite(
        tmp_path / 'a.tif', values, photometric='rgb', extratags=[(274, 'H', 1, 9, True)]
    )
    assert read_image(tmp_path / 'a.tif').shape == (8, 12, 3)
    assert image_size(tmp_path / 'a.tif') == (8, 12)


@pytest.mark.parametrize('at', [8, 656, 10**6])
def test_a_tiff_that_is_cut_before_its_first_page_is_no_image(tmp_path, at):
    (tmp_path / 'a.tif').write_bytes(b'II*\0' + at.to_bytes(4, 'little') + bytes(600))
    with pytest.raises(ImageReadError, match=r'a\.tif: not a readable (TIFF|image)'):
        read_picture(tmp_path / 'a.tif')
    with pytest.raises(ImageReadError, match=r'a\.tif: not a readable (TIFF|image)'):
        image_size(tmp_path / 'a.tif')
