"""Noise, blur and their order."""

from __future__ import annotations

import numpy as np
import pytest

from restorekit.io import jpeg_round_trip, to_eight_bits
from restorekit.registry import TRANSFORMS
from restorekit.transforms import (
    BicubicDownscale,
    GaussianBlur,
    GaussianNoise,
    JPEGCompress,
    PoissonNoise,
    RandomOrder,
    plan_sizes,
    sample_stream,
)
from restorekit.transforms.blur import gaussian_kernel
from tests.conftest import smooth_image

DEGRADATIONS = {
    'GaussianNoise': {'sigma': (0, 50)},
    'PoissonNoise': {'peak': (20, 1000)},
    'GaussianBlur': {'sigma': (0.2, 3), 'isotropic': False},
    'RandomOrder': {
        'transforms': [
            {'type': 'GaussianBlur', 'sigma': (0.2, 3)},
            {'type': 'BicubicDownscale', 'scale': 2},
            {'type': 'GaussianNoise', 'sigma': (1, 25)},
            {'type': 'JPEGCompress', 'quality': (30, 95)},
        ]
    },
}


def flat(value=0.5, size=(200, 200)):
    return np.full((*size, 3), value, np.float32)


def at(position, transform, results):
    with sample_stream(1, position):
        return transform(results)


@pytest.mark.parametrize('name', DEGRADATIONS)
def test_what_is_drawn_is_a_function_of_the_position_alone(name):
    transform = TRANSFORMS.build({'type': name, **DEGRADATIONS[name]})
    gt = smooth_image(40, 60)
    kept = gt.copy()
    first, other = (np.asarray(at(position, transform, {'gt': gt})['lq']) for position in (5, 6))
    np.random.seed(99)  # noqa: NPY002
    np.testing.assert_array_equal(at(5, transform, {'gt': gt})['lq'], first)
    assert not np.array_equal(first, other)
    np.testing.assert_array_equal(gt, kept)
    assert first.dtype == np.float32
    planned = plan_sizes([transform], {'gt': (40, 60)}, {})
    assert planned == {'gt': (40, 60), 'lq': first.shape[:2]}


def test_gaussian_noise_has_the_sigma_that_is_asked_for():
    noise = at(0, GaussianNoise(25), {'gt': flat()})['lq'] - 0.5
    assert noise.std() * 255 == pytest.approx(25, rel=0.02)
    assert abs(noise.mean()) < 1e-3
    assert abs(np.corrcoef(noise[:, 1:].ravel(), noise[:, :-1].ravel())[0, 1]) < 0.02
    outside = at(0, GaussianNoise(50), {'gt': flat(1.0)})['lq']
    assert outside.max() > 1.3
    np.testing.assert_array_equal(at(0, GaussianNoise(0), {'gt': flat()})['lq'], flat())


def test_a_range_is_drawn_evenly_and_the_dataset_may_give_it():
    drawn = [
        at(n, GaussianNoise((10, 20)), {'gt': flat(size=(40, 40))})['lq'].std() * 255
        for n in range(200)
    ]
    assert min(drawn) > 9.5
    assert max(drawn) < 20.5
    assert np.mean(drawn) == pytest.approx(15, abs=0.6)
    lq = at(0, GaussianNoise(), {'gt': flat(), 'sigma': 10})['lq']
    assert lq.std() * 255 == pytest.approx(10, rel=0.02)
    with pytest.raises(ValueError, match=r'sigma, here or in the dataset, must be >= 0.*got None'):
        GaussianNoise().plan({'gt': (8, 8)}, {})


def test_the_variance_of_poisson_noise_is_that_of_photons():
    for value in (0.1, 0.8):
        lq = at(0, PoissonNoise(100), {'gt': flat(value)})['lq']
        assert lq.var() == pytest.approx(value / 100, rel=0.03)
        assert lq.mean() == pytest.approx(value, rel=0.01)
        np.testing.assert_allclose(lq * 100, np.round(lq * 100), atol=1e-3)
    assert not at(0, PoissonNoise(100), {'gt': flat(-0.1)})['lq'].any()
    peaks = [
        0.5 / at(n, PoissonNoise((10, 1000)), {'gt': flat(size=(60, 60))})['lq'].var()
        for n in range(100)
    ]
    assert np.median(peaks) == pytest.approx(100, rel=0.4)  # the middle of the logarithms


def test_the_kernel_by_hand():
    kernel = gaussian_kernel(1, 1)
    assert kernel.shape == (7, 7)
    assert kernel.sum() == pytest.approx(1)
    assert kernel[3, 4] / kernel[3, 3] == pytest.approx(np.exp(-0.5))
    long = gaussian_kernel(3, 0.5)  # along a row
    assert long[9, 12] / long[9, 9] == pytest.approx(np.exp(-0.5))
    assert long[12, 9] / long[9, 9] == pytest.approx(np.exp(-18), rel=1e-3)
    np.testing.assert_allclose(gaussian_kernel(3, 0.5, np.pi / 2), long.T, atol=1e-7)
    turned = gaussian_kernel(3, 0.5, np.pi / 4)
    assert turned[12, 12] > 100 * turned[12, 6]  # towards the lower right


def test_blur_spreads_a_point_and_keeps_what_is_flat():
    point = np.zeros((21, 21, 3), np.float32)
    point[10, 10] = (1, 2, 3)
    lq = at(0, GaussianBlur(2.0), {'gt': point})['lq']
    np.testing.assert_allclose(lq[4:17, 4:17, 1], 2 * gaussian_kernel(2, 2), atol=1e-6)
    np.testing.assert_allclose(at(0, GaussianBlur(5.0), {'gt': flat()})['lq'], 0.5, atol=1e-6)
    frames = np.stack([point, 2 * point], 2)
    bracket = at(0, GaussianBlur(2.0), {'gt': point, 'gt_frames': frames})['lq']
    np.testing.assert_allclose(bracket[:, :, 1], 2 * lq, atol=1e-6)


def test_each_goes_on_from_what_the_one_before_has_made():
    gt = smooth_image(32, 48)
    steps = [GaussianBlur(1.5), BicubicDownscale(2), JPEGCompress(40)]
    results = {'gt': gt}
    for step in steps:
        results = at(0, step, results)
    blurred = at(0, GaussianBlur(1.5), {'gt': gt})['lq']
    small = np.asarray(BicubicDownscale(2)({'gt': blurred})['lq'])
    wanted = jpeg_round_trip(to_eight_bits(small), 40)
    np.testing.assert_array_equal(results['lq'], wanted)
    np.testing.assert_array_equal(results['gt'], gt)
    with pytest.raises(ValueError, match='lq of 16 x 24 is no longer of the size of the ground tr'):
        BicubicDownscale(2)(results)


def test_every_order_is_drawn():
    class Note:
        def __init__(self, word):
            self.word = word

        def __call__(self, results):
            return {'words': results.get('words', '') + self.word}

    transform = RandomOrder([Note(word) for word in 'abc'])
    words = [at(position, transform, {})['words'] for position in range(300)]
    counts = {word: words.count(word) for word in set(words)}
    assert len(counts) == 6
    assert min(counts.values()) > 30


@pytest.mark.parametrize(
    ('config', 'message'),
    [
        ({'type': 'GaussianNoise', 'sigma': -1}, r'sigma must be .*got -1'),
        ({'type': 'GaussianNoise', 'sigma': (3, 1)}, r'sigma must be >= 0, or .*got \(3, 1\)'),
        ({'type': 'PoissonNoise', 'peak': 0}, r'peak must be .*got 0'),
        ({'type': 'PoissonNoise', 'peak': (0, 5)}, r'peak must be .*got \(0, 5\)'),
        ({'type': 'GaussianBlur', 'sigma': 1000.0}, r'sigma must be > 0 and <= 100, or .*1000'),
        ({'type': 'RandomOrder', 'transforms': []}, 'transforms must be two or more, got 0'),
    ],
)
def test_what_makes_no_sense_is_refused(config, message):
    with pytest.raises(ValueError, match=message):
        TRANSFORMS.build(config)
