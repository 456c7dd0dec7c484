"""The formulas against loops that follow their definitions, pixel by pixel."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from restorekit.functional import imresize, mef_ssim, mu_law, psnr, psnr_b, rgb_to_y, ssim
from tests import naive

SIDE = st.integers(1, 9)


def random(*shape: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).random(shape)


@settings(max_examples=40)
@given(SIDE, SIDE, SIDE, SIDE, st.booleans(), st.integers(0, 99))
def test_resize(height, width, new_height, new_width, antialias, seed):
    image, size = random(height, width, seed=seed), (new_height, new_width)
    scales = (new_height / height, new_width / width)
    expected = naive.imresize(image, scales, size, antialias=antialias)
    result = imresize(torch.from_numpy(image), size=size, antialias=antialias)
    np.testing.assert_allclose(result, expected, atol=1e-12)


@settings(max_examples=40)
@given(SIDE, SIDE, SIDE, SIDE, st.integers(0, 99))
def test_resize_of_eight_bits(height, width, new_height, new_width, seed):
    image = np.random.default_rng(seed).integers(0, 256, (height, width), dtype=np.uint8)
    size, scales = (new_height, new_width), (new_height / height, new_width / width)
    try:
        expected = naive.imresize(image, scales, size, ties=False)
    except naive.TieError:
        assume(False)
    np.testing.assert_array_equal(imresize(torch.from_numpy(image), size=size), expected)


@settings(max_examples=30)
@given(SIDE, SIDE, st.sampled_from([0.3, 1 / 3, 0.5, 0.7, 1.5, 2, 3, 4]), st.integers(0, 99))
def test_resize_by_a_scale(height, width, scale, seed):
    image = random(height, width, seed=seed)
    size = tuple(math.ceil(round(scale * side, 6)) for side in image.shape)
    result = imresize(torch.from_numpy(image), scale).numpy()
    np.testing.assert_allclose(result, naive.imresize(image, (scale, scale), size), atol=1e-12)


@settings(max_examples=15)
@given(
    st.integers(9, 27),
    st.integers(9, 27),
    st.integers(1, 3),
    st.sampled_from([4, 8]),
    st.integers(0, 99),
)
def test_psnr_b(height, width, channels, block, seed):
    pred, gt = random(2, channels, height, width, seed=seed)
    small = pred[:, ::block, ::block]
    blocks = np.kron(small, np.ones((block, block)))[:, :height, :width]  # a border that shows
    for image in (pred, blocks):
        tensors = torch.from_numpy(image)[None], torch.from_numpy(gt)[None]
        value = psnr_b(*tensors, block=block).item()
        assert value == pytest.approx(naive.psnr_b(image, gt, block=block), abs=1e-9)


@settings(max_examples=6)
@given(st.integers(3, 8), st.integers(3, 12), st.integers(1, 3), st.integers(0, 99))
def test_mef_ssim(height, width, channels, seed):
    fused = random(channels, height, width, seed=seed)
    bracket = random(3, channels, height, width, seed=seed + 1) * [[[[0.2]]], [[[0.6]]], [[[1.0]]]]
    for luminance in (False, True):
        value = mef_ssim(
            torch.from_numpy(fused)[None], torch.from_numpy(bracket)[None], luminance=luminance
        )
        # Ours has the sum of the published window, rounded to float32, not each of its weights.
        tolerance = 1e-8 if channels == 1 else 1e-7
        assert value.item() == pytest.approx(
            naive.mef_ssim(fused, bracket, luminance=luminance), abs=tolerance
        )


@settings(max_examples=15)
@given(st.integers(11, 24), st.integers(11, 24), st.integers(1, 3), st.integers(0, 99))
def test_psnr_and_ssim_are_scikit_images(height, width, channels, seed):
    metrics = pytest.importorskip('skimage.metrics')
    pred, gt = random(2, channels, height, width, seed=seed)
    tensors = torch.from_numpy(pred)[None], torch.from_numpy(gt)[None]
    expected = metrics.peak_signal_noise_ratio(gt, pred, data_range=1)
    assert psnr(*tensors).item() == pytest.approx(expected, abs=1e-9)
    assert psnr(*tensors).item() == pytest.approx(naive.psnr(pred, gt), abs=1e-9)
    options = {'gaussian_weights': True, 'sigma': 1.5, 'use_sample_covariance': False}
    expected = metrics.structural_similarity(gt, pred, channel_axis=0, data_range=1, **options)
    assert ssim(*tensors).item() == pytest.approx(expected, abs=1e-9)


class TestConventions:
    """The loops give what the authors' own codes give."""

    def test_matlabs_resize(self, golden_root):
        golden = np.load(golden_root / '12_matlab_resize.npz')
        source = golden['in/rand13x17']
        for scale in (2.0, 0.5):
            names = [f'out/rand13x17_scale{text}' for text in (f'{scale:g}', f'{scale}')]
            expected = next(golden[name] for name in names if name in golden)
            result = naive.imresize(source, (scale, scale), expected.shape)
            np.testing.assert_allclose(result, expected, atol=1e-13)

    def test_mef_ssim(self, golden_root):
        arrays = np.load(golden_root / '09_mefssim/mefssim.npz')
        values = json.loads((golden_root / '09_mefssim/values.json').read_text())
        fused, bracket = arrays['in/X_mean'], arrays['in/Ys']
        fused = fused[0] if fused.ndim == 4 else fused
        if fused.shape[-1] * fused.shape[-2] > 40_000:
            pytest.skip('too large for loops')
        value = naive.mef_ssim(fused.astype(float), bracket.astype(float))
        assert value == pytest.approx(values['mean|MEFSSIM|lum=False|float64'], abs=1e-9)

    def test_mu_law_and_luma(self):
        values = torch.rand(3, 4, 5, dtype=torch.float64)
        np.testing.assert_allclose(mu_law(values), naive.mu_law(values.numpy()), atol=1e-12)
        np.testing.assert_allclose(rgb_to_y(values), naive.luma(values.numpy()), atol=1e-12)
