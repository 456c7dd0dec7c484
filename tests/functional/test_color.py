import cv2
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from restorekit.functional import rgb_to_gray, rgb_to_y, rgb_to_ycbcr, ycbcr_to_rgb


def pixel(*values: float) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64).view(1, 3, 1, 1)


@pytest.mark.parametrize(
    ('rgb', 'luma'),
    [((0, 0, 0), 16), ((1, 1, 1), 235), ((1, 0, 0), 81.481), ((0, 0, 1), 40.966)],
)
def test_luma_of_pure_colours(rgb, luma):
    assert rgb_to_y(pixel(*rgb)).item() * 255 == pytest.approx(luma, abs=1e-9)


@pytest.mark.parametrize('gray', [0, 0.3, 1])
def test_chroma_of_gray_is_neutral(gray):
    ycbcr = rgb_to_ycbcr(pixel(gray, gray, gray)) * 255
    np.testing.assert_allclose(ycbcr[0, 1:, 0, 0], [128, 128], atol=1e-9)


def test_ycbcr_is_scikit_images():
    color = pytest.importorskip('skimage.color')
    image = torch.rand(3, 6, 7, dtype=torch.float64)
    expected = color.rgb2ycbcr(image.movedim(0, -1).numpy())
    np.testing.assert_allclose(rgb_to_ycbcr(image).movedim(0, -1) * 255, expected, atol=1e-9)
    back = color.ycbcr2rgb(expected)
    np.testing.assert_allclose(ycbcr_to_rgb(rgb_to_ycbcr(image)).movedim(0, -1), back, atol=1e-9)


def test_gray_is_opencvs():
    image = torch.rand(2, 3, 6, 7)
    for picture, gray in zip(image, rgb_to_gray(image), strict=True):
        expected = cv2.cvtColor(picture.movedim(0, -1).numpy(), cv2.COLOR_RGB2GRAY)
        np.testing.assert_allclose(gray[0], expected, atol=1e-6)


@pytest.mark.parametrize(
    ('rgb', 'chroma'),
    [((1, 0, 0), (90.203, 240)), ((0, 1, 0), (53.797, 34.214)), ((0, 0, 1), (240, 109.786))],
)
def test_chroma_of_pure_colours(rgb, chroma):
    ycbcr = rgb_to_ycbcr(pixel(*rgb)) * 255
    np.testing.assert_allclose(ycbcr[0, 1:, 0, 0], chroma, atol=1e-9)


@given(st.lists(st.floats(0, 1), min_size=3, max_size=3))
def test_round_trip(rgb):
    torch.testing.assert_close(
        ycbcr_to_rgb(rgb_to_ycbcr(pixel(*rgb))), pixel(*rgb), atol=1e-12, rtol=0
    )


def test_luma_is_the_first_channel_of_ycbcr():
    image = torch.rand(2, 3, 5, 7, dtype=torch.float64)
    torch.testing.assert_close(rgb_to_ycbcr(image)[:, :1], rgb_to_y(image))


@pytest.mark.parametrize('function', [rgb_to_y, rgb_to_ycbcr, ycbcr_to_rgb, rgb_to_gray])
def test_other_channel_counts_are_refused(function):
    with pytest.raises(ValueError, match=r'\(1, 1, 4, 4\)'):
        function(torch.zeros(1, 1, 4, 4))
