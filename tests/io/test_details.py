"""What small faults in reading and writing would spoil."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from PIL import Image

from restorekit.io import (
    find_bracket,
    read_hdr,
    read_image,
    tonemap,
    write_hdr,
    write_image,
)
from tests.conftest import smooth_image


def test_the_sensitivity_counts_in_the_light(tmp_path):
    for index, (time, iso) in enumerate(((0.01, 400), (0.01, 100), (0.02, None))):
        exif = Image.Exif()
        exif[0x8769] = {0x829A: time, **({} if iso is None else {0x8827: iso})}
        pixels = (smooth_image(8, 9) * 100 + index).astype(np.uint8)
        Image.fromarray(pixels).save(tmp_path / f'{index}.png', exif=exif)
    bracket = find_bracket(tmp_path)
    assert [frame.name for frame in bracket.frames] == ['1.png', '2.png', '0.png']
    assert bracket.exposures == pytest.approx((0, 1, 2))  # without one it is taken for 100


def test_a_jpeg_that_ends_in_its_thumbnail_is_truncated(tmp_path):
    _, data = cv2.imencode('.jpg', (smooth_image(40, 40) * 255).astype(np.uint8))
    whole = data.tobytes()
    thumbnail = b'Exif\0\0' + b'\xff\xd8\xff\xd9'
    segment = b'\xff\xe1' + (len(thumbnail) + 2).to_bytes(2, 'big') + thumbnail
    (tmp_path / 'whole.jpg').write_bytes(whole[:2] + segment + whole[2:])
    assert read_image(tmp_path / 'whole.jpg').shape == (40, 40, 3)
    (tmp_path / 'cut.jpg').write_bytes(whole[:2] + segment + whole[2:-20])
    with pytest.raises(ValueError, match=r'cut\.jpg: '):
        read_image(tmp_path / 'cut.jpg')


@pytest.mark.parametrize('missing', [1, 9, 100])
def test_a_webp_that_lacks_its_last_bytes_is_truncated(tmp_path, missing):
    write_image(tmp_path / 'a.webp', smooth_image(40, 40))
    data = (tmp_path / 'a.webp').read_bytes()
    (tmp_path / 'a.webp').write_bytes(data[:-missing])
    with pytest.raises(ValueError, match=r'a\.webp: '):
        read_image(tmp_path / 'a.webp')


def test_gray_radiance_has_three_channels(tmp_path):
    light = smooth_image(6, 7, 1)
    _, data = cv2.imencode('.tif', light[..., 0])
    (tmp_path / 'a.tif').write_bytes(data.tobytes())
    np.testing.assert_array_equal(read_hdr(tmp_path / 'a.tif'), light.repeat(3, 2))


@pytest.mark.parametrize('shape', [(6, 7), (6, 7, 1), (6, 7, 4), (1, 6, 7, 3)])
def test_radiance_of_other_shapes_is_refused(tmp_path, shape):
    with pytest.raises(ValueError, match=r'a\.hdr: expected \(H, W, 3\), got \(6|\(1'):
        write_hdr(tmp_path / 'a.hdr', np.ones(shape, np.float32))


def test_tone_curves_are_opencvs():
    light = 0.01 + smooth_image(6, 7) ** 3 * 4
    for method, make in (
        ('reinhard', lambda gamma: cv2.createTonemapReinhard(gamma, light_adapt=0.5)),
        ('mantiuk', lambda gamma: cv2.createTonemapMantiuk(gamma, scale=0.65)),
        ('drago', cv2.createTonemapDrago),
    ):
        # OpenCV's are not a number where it is darkest.
        expected = np.clip(np.nan_to_num(make(gamma=2.2).process(light)), 0, 1)
        np.testing.assert_allclose(tonemap(light, method), expected, atol=1e-6)
    with pytest.raises(ValueError, match="got 'linear'"):
        tonemap(light, 'linear')
