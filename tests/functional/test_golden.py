"""Formulas against numbers of made-up images; see `tests/data/make_golden.py`."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from restorekit import functional
from restorekit.registry import METRICS
from tests.data import golden_file

SCALES = [1 / 2, 1 / 3, 1 / 4, 2, 3]


@pytest.fixture(scope='module')
def golden():
    return np.load(golden_file())


def pair(golden, name: str) -> tuple[torch.Tensor, torch.Tensor]:
    images = [torch.from_numpy(golden[f'inputs/{key}']).double() / 255 for key in ('pred', 'gt')]
    if name == 'gray':
        images = [image[:1] for image in images]
    if name == 'odd':
        images = [image[:, :37, :43] for image in images]
    return images[0][None], images[1][None]


@pytest.mark.parametrize('name', ['gray', 'colour', 'odd'])
def test_metrics(golden, name):
    pred, gt = pair(golden, name)
    for formula in ('psnr', 'ssim', 'psnr_b'):
        value = getattr(functional, formula)(pred, gt).item()
        assert value == pytest.approx(golden[f'expected/{formula}/{name}'].item(), abs=1e-9)
    sample = {'pred': pred[0], 'gt': gt[0], 'name': 'a', 'dataset': 'b'}
    row = METRICS.build({'type': 'PSNRMu'}).row(gt[0], sample, baseline=False)
    assert row['value'] == pytest.approx(golden[f'expected/psnr_mu/{name}'].item(), abs=1e-9)


def test_colour(golden):
    _, gt = pair(golden, 'odd')
    ycbcr = golden['expected/ycbcr']
    np.testing.assert_allclose(functional.rgb_to_ycbcr(gt)[0], ycbcr, atol=1e-12)
    np.testing.assert_allclose(functional.rgb_to_y(gt)[0], ycbcr[:1], atol=1e-12)
    np.testing.assert_allclose(functional.ycbcr_to_rgb(torch.from_numpy(ycbcr)), gt[0], atol=1e-12)
    np.testing.assert_allclose(functional.rgb_to_gray(gt)[0], golden['expected/gray'], atol=1e-6)


@pytest.mark.parametrize('scale', SCALES)
def test_resize(golden, scale):
    image = torch.from_numpy(golden['inputs/gt'][0, :37, :43])
    expected = golden[f'expected/resize/float/{scale:.4f}']
    np.testing.assert_allclose(
        functional.imresize(image.double() / 255, scale), expected, atol=1e-12
    )
    expected = golden[f'expected/resize/uint8/{scale:.4f}']
    np.testing.assert_array_equal(functional.imresize(image, scale), expected)


def test_resize_with_unequal_scales(golden):
    image = torch.from_numpy(golden['inputs/gt'][0, :37, :43])
    expected = golden['expected/resize/unequal']
    np.testing.assert_array_equal(functional.imresize(image, size=expected.shape), expected)


@pytest.mark.parametrize('luminance', [False, True])
def test_mef_ssim(golden, luminance):
    fused, bracket = (
        torch.from_numpy(golden[f'inputs/{key}']).double()[None] / 255
        for key in ('fused', 'bracket')
    )
    value = functional.mef_ssim(fused, bracket, luminance=luminance).item()
    assert value == pytest.approx(golden[f'expected/mef_ssim/{luminance}'].item(), abs=1e-8)


@pytest.mark.slow
def test_the_numbers_are_what_the_script_makes(golden):
    make = pytest.importorskip('tests.data.make_golden')
    made = make.golden()
    assert made.keys() == set(golden.files)
    for name, value in made.items():
        # Sines may differ in the last bit, and so a noisy pixel in its rounding.
        tolerance = 1 if name.startswith('inputs/') else 0.05
        np.testing.assert_allclose(
            value.astype(float), golden[name].astype(float), atol=tolerance, err_msg=name
        )
