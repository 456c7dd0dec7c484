"""Fusion that takes exposures apart into scales."""

from __future__ import annotations

import pytest
import torch

from restorekit.functional import mef_ssim, rgb_to_gray
from restorekit.registry import MODELS
from tests.conftest import smooth_image

NAMES = ('MGFF', 'FastSPDMEF')


def pair(height=96, width=120):
    """A scene of two halves, each well exposed in one of two frames."""
    scene = torch.from_numpy(smooth_image(height, width)).permute(2, 0, 1)
    light = torch.ones(width)
    light[width // 2 :] = 8
    dark = (scene * light / 8).clamp(0, 1)
    return torch.stack([dark, (dark * 8).clamp(0, 1)])[None]


@pytest.mark.parametrize('name', NAMES)
def test_keeps_more_structure_than_the_mean(name):
    frames = pair()
    model = MODELS.build({'type': name})
    fused = model.restore(frames)
    assert fused.shape == (1, 3, 96, 120)
    assert not model.divisible

    def score(image):
        return float(mef_ssim(rgb_to_gray(image), rgb_to_gray(frames)))

    assert score(fused.clamp(0, 1)) > score(frames.mean(dim=1)) + 0.01


@pytest.mark.parametrize('name', NAMES)
@pytest.mark.parametrize('size', [(1, 1), (5, 7), (65, 33)])
def test_equal_frames_give_themselves(name, size):
    frame = torch.rand(2, 1, 3, *size)
    fused = MODELS.build({'type': name}).restore(frame.expand(-1, 2, -1, -1, -1))
    tolerance = 1e-6 if name == 'MGFF' else 0.6  # the strength of a patch is kept, not its place
    torch.testing.assert_close(fused, frame[:, 0], rtol=0, atol=tolerance)


def test_one_image_equals_its_place_in_a_batch():
    frames = torch.cat([pair(), pair().flip(-1)])
    for name in NAMES:
        model = MODELS.build({'type': name})
        torch.testing.assert_close(model.restore(frames[1:]), model.restore(frames)[1:])


def test_mgff_takes_pairs_and_spd_any_number():
    frames = torch.rand(1, 3, 3, 9, 9)
    assert MODELS.build({'type': 'FastSPDMEF'}).restore(frames).shape == (1, 3, 9, 9)
    with pytest.raises(ValueError, match=r'MGFF: expected pairs .*, got \(1, 3, 3, 9, 9\)'):
        MODELS.build({'type': 'MGFF'}).restore(frames)
