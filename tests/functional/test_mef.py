import json

import numpy as np
import pytest
import torch

from restorekit.functional import mef_ssim


@pytest.fixture(scope='module')
def golden(golden_root):
    arrays = np.load(golden_root / '09_mefssim/mefssim.npz')
    values = json.loads((golden_root / '09_mefssim/values.json').read_text())
    return arrays, values


@pytest.mark.parametrize('luminance', [False, True])
@pytest.mark.parametrize('image', ['mefnet', 'mean', 'exposure2', 'mefnet_noise05'])
def test_golden(golden, image, luminance):
    arrays, values = golden
    fused = torch.from_numpy(arrays[f'in/X_{image}']).double()
    bracket = torch.from_numpy(arrays['in/Ys']).double()[None]
    value = mef_ssim(fused, bracket, luminance=luminance).item()
    assert value == pytest.approx(values[f'{image}|MEFSSIM|lum={luminance}|float64'], abs=1e-9)


@pytest.mark.parametrize('luminance', [False, True])
def test_golden_of_three_channels(golden, luminance):
    arrays, values = golden
    fused = torch.from_numpy(arrays['in/X_rgb_mean']).double()
    bracket = torch.from_numpy(arrays['in/Ys_rgb']).double()[None]
    value = mef_ssim(fused, bracket, luminance=luminance).item()
    expected = values[f'rgb_mean|MEFSSIM(channel=3)|lum={luminance}|float64']
    assert value == pytest.approx(expected, abs=1e-8)  # its window is rounded after / 3


def test_an_exposure_of_its_own_bracket_alone_is_perfect():
    frame = torch.rand(2, 1, 20, 24)
    torch.testing.assert_close(mef_ssim(frame, frame[:, None]), torch.ones(2, dtype=torch.float64))


def test_each_image_by_itself_and_any_order_of_exposures():
    fused, brackets = torch.rand(3, 1, 20, 24), torch.rand(3, 4, 1, 20, 24)
    values = mef_ssim(fused, brackets, luminance=True)
    assert len(set(values.tolist())) == 3
    alone = mef_ssim(fused[1:2], brackets[1:2].flip(1), luminance=True)
    torch.testing.assert_close(values[1:2], alone)


def test_shapes_must_fit():
    with pytest.raises(ValueError, match=r'got \(1, 1, 8, 8\) and \(1, 2, 1, 8, 9\)'):
        mef_ssim(torch.rand(1, 1, 8, 8), torch.rand(1, 2, 1, 8, 9))
