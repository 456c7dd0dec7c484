"""Noise for the denoising task."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from restorekit.convert import NETWORKS
from restorekit.functional import psnr
from restorekit.options import OptionError
from restorekit.registry import BACKBONES, TRANSFORMS
from restorekit.transforms import GaussianNoise, sample_stream


def noise_of(**options):
    sample = GaussianNoise(**options)({'gt': np.full((64, 64, 1), 0.5, np.float32), 'sigma': 25})
    return (sample['lq'] - sample['gt']) * 255


def test_noise_is_of_its_sigma_and_of_the_samples_stream():
    with sample_stream(0, 1):
        first = noise_of()
    with sample_stream(0, 1):
        again = noise_of()
    with sample_stream(0, 2):
        other = noise_of(sigma=50)
    assert np.array_equal(first, again)
    assert first.std() == pytest.approx(25, rel=0.03)
    assert other.std() == pytest.approx(50, rel=0.03)


def test_a_seed_gives_the_noise_of_the_published_tests():
    noise = np.random.RandomState(0).normal(0, 25, (64, 64, 1))
    np.testing.assert_allclose(noise_of(seed=0), noise, atol=1e-3)


def test_a_range_is_drawn_from():
    with sample_stream(0, 0):
        sigmas = [noise_of(sigma=(5, 50)).std() for _ in range(30)]
    assert min(sigmas) < 15
    assert max(sigmas) > 40


def test_what_is_no_sigma_is_named():
    with pytest.raises(OptionError, match=r'GaussianNoise: sigma must be .*, got -1'):
        TRANSFORMS.build({'type': 'GaussianNoise', 'sigma': -1})
    with pytest.raises(ValueError, match=r'sigma.* got None'):
        GaussianNoise()({'gt': np.zeros((2, 2, 1), np.float32)})
    with pytest.raises(ValueError, match=r'sigma.* got \(9, 5\)'):
        GaussianNoise(sigma=(9, 5))


def test_published_denoiser(golden_root, data_root):
    golden = np.load(golden_root / '10_dncnn/set12_01_crop.npz')
    state = torch.load(data_root / 'weights/dncnn_25_official.pth', weights_only=True)
    config = {'type': 'PlainNet', 'widths': (64,) * 16, 'residual': 'subtract'}
    net = BACKBONES.build(config).double()
    net.load_state_dict(NETWORKS['dncnn'](state))
    clean, noisy, expected = (
        torch.from_numpy(golden[key].astype(np.float64))[None, None]
        for key in ('in/clean_u8', 'in/noisy', 'out/kair_f64')
    )
    with torch.no_grad():
        result = net(noisy)
    torch.testing.assert_close(result, expected, rtol=0, atol=1e-9)
    before, after = (float(psnr(image, clean / 255)) for image in (noisy, result))
    assert before == pytest.approx(20.11, abs=0.01)
    assert after == pytest.approx(28.86, abs=0.01)
