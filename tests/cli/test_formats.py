"""Every format of the table in docs/restore.md through the command, in and out."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from restorekit.inference.jobs import HDR_TARGETS
from restorekit.io import Metadata, holds, read_hdr, read_picture, write_image
from restorekit.io.camera import is_camera_file
from restorekit.io.image import EXTENSIONS
from tests.conftest import smooth_image
from tests.helpers import error_of, restorekit
from tests.io.test_metadata import CARRIED, dng

PAGE = Path(__file__).parents[2] / 'docs' / 'restore.md'
TWICE = ('-m', 'bicubic-x2')
PICTURES = ['png', 'tif', 'tiff', 'jpg', 'jpeg', 'webp', 'avif', 'bmp']
RADIANCE = ['hdr', 'exr', 'tif', 'tiff']
NAMES = {
    'PNG': '.png',
    'TIFF': '.tif',
    'JPEG': '.jpg',
    'WebP': '.webp',
    'AVIF': '.avif',
    'BMP': '.bmp',
    'HEIC': '.heic',
    'Radiance .hdr': '.hdr',
    'OpenEXR': '.exr',
}


def ramp(height, width):
    """From dark to bright, bluish; there is nothing in it that compression would lose."""
    row = np.linspace(0.2, 0.7, width, dtype=np.float32)[None, :, None]
    return np.repeat(row, height, axis=0) * np.float32([0.8, 1, 1.2])


def expected(image):
    """What bicubic-x2 makes of a ramp, near enough."""
    return np.repeat(np.repeat(image, 2, axis=0), 2, axis=1)


def test_these_are_the_formats():
    assert {f'.{name}' for name in PICTURES} == set(EXTENSIONS)
    assert {f'.{name}' for name in RADIANCE} == set(HDR_TARGETS)
    rows = re.findall(r'^\| ([^|]+?) \| [^|]*(?:bits|float)', PAGE.read_text(), re.MULTILINE)
    named = [re.sub(r' \(.*', '', name) for row in rows for name in row.split(', ')]
    shown = {NAMES[name] for name in named if name in NAMES}
    assert shown == set(NAMES.values())
    raw = [row for row in rows if row.startswith('raw ')]
    assert len(raw) == 1
    for suffix in re.findall(r'\b[A-Z][A-Z0-9]{2}\b', raw[0]):
        assert is_camera_file(f'a.{suffix}'), suffix


@pytest.mark.parametrize('suffix', PICTURES)
def test_a_picture_in(tmp_path, suffix):
    """16 bits and alpha go on into a PNG where the file has them, and what else it carries."""
    source, image = tmp_path / f'a.{suffix}', ramp(12, 16)
    bits = 16 if holds(source, '16 bits') else 8
    alpha = np.full((12, 16, 1), 0.5, np.float32)
    write_image(source, image, bits=bits, alpha=alpha, metadata=CARRIED)
    restorekit('restore', source, '-o', tmp_path / 'out.png', *TWICE)
    picture = read_picture(tmp_path / 'out.png')
    assert picture.bits == bits
    np.testing.assert_allclose(picture.image, expected(image), atol=0.08)
    assert (picture.alpha is not None) == holds(source, 'alpha')
    assert picture.metadata.icc == (CARRIED.icc if holds(source, 'profile') else b'')
    assert (b'somebody' in picture.metadata.exif) == holds(source, 'EXIF')
    if holds(source, 'dpi'):
        assert picture.metadata.dpi == pytest.approx(CARRIED.dpi, rel=0.01)


@pytest.mark.parametrize('suffix', PICTURES)
def test_a_picture_out(tmp_path, suffix):
    source, image = tmp_path / 'a.png', ramp(12, 16)
    alpha = np.full((12, 16, 1), 0.5, np.float32)
    write_image(source, image, bits=16, alpha=alpha, metadata=CARRIED)
    said = restorekit('restore', source, '-o', tmp_path / 'out', '--format', suffix, *TWICE)
    target = tmp_path / 'out' / f'a.{suffix}'
    assert f'{source} -> {target}' in said.stdout
    picture = read_picture(target)
    assert picture.bits == (16 if holds(target, '16 bits') else 8)
    np.testing.assert_allclose(picture.image, expected(image), atol=0.08)
    assert (picture.alpha is not None) == holds(target, 'alpha')
    lost = [what for what in ('alpha', 'profile', 'EXIF') if not holds(target, what)]
    for what in lost:
        assert re.search(rf'without .*{what}.*, which \.{suffix} does not hold', said.stdout)
    assert picture.metadata.icc == (CARRIED.icc if holds(target, 'profile') else b'')
    assert (b'somebody' in picture.metadata.exif) == holds(target, 'EXIF')


def test_heic_in(tmp_path):
    heif = pytest.importorskip('pillow_heif')
    heif.register_heif_opener()
    image = ramp(32, 48)
    try:
        Image.fromarray((image * 255).astype(np.uint8)).save(tmp_path / 'a.heic', quality=-1)
    except (KeyError, RuntimeError, ValueError) as error:
        pytest.skip(f'this pillow-heif writes no HEIC: {error}')
    restorekit('restore', tmp_path / 'a.heic', '-o', tmp_path / 'out', *TWICE)
    picture = read_picture(tmp_path / 'out/a.png')
    np.testing.assert_allclose(picture.image, expected(image), atol=0.08)


def test_raw_in(tmp_path):
    pytest.importorskip('rawpy')
    dng(tmp_path / 'a.dng', np.full((64, 96), 8000, np.uint16))
    restorekit('restore', tmp_path / 'a.dng', '-o', tmp_path / 'out', *TWICE)
    picture = read_picture(tmp_path / 'out/a.png')
    assert picture.image.shape == (128, 192, 3)
    assert picture.bits == 16
    assert picture.image.std() < 0.01


@pytest.mark.parametrize('suffix', ['heic', 'dng'])
def test_what_is_only_read_is_not_written(tmp_path, suffix):
    write_image(tmp_path / 'a.png', smooth_image(8, 8))
    message = error_of('restore', tmp_path / 'a.png', '-o', tmp_path / f'b.{suffix}', *TWICE)
    assert 'this network gives .png, .jpg' in message


@pytest.mark.parametrize('suffix', RADIANCE)
def test_radiance_out_and_in(tmp_path, suffix):
    if suffix == 'exr':
        pytest.importorskip('OpenEXR')
    scene = tmp_path / 'scene'
    scene.mkdir()
    radiance = 0.05 + 0.9 * smooth_image(16, 16)
    for index, ev in enumerate((0, 2)):
        frame = np.clip(radiance * 2.0 ** (ev - 2), 0, 1) ** (1 / 2.2)
        write_image(scene / f'{index}.png', frame, metadata=Metadata())
    (scene / 'exposure.txt').write_text('0 2')
    target = tmp_path / f'out.{suffix}'
    restorekit('restore', scene, '-o', target, '-m', 'debevec', '--tonemap', 'none')
    found = read_hdr(target)
    assert found.shape == (16, 16, 3)
    assert found.dtype == np.float32
    ratio = found / (radiance / 4)
    assert 0.8 < np.median(ratio) < 1.25
    assert not (tmp_path / 'out_none.png').exists()
