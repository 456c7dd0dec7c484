"""Hand-held brackets before methods without a network."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch

from restorekit.functional.alignment import align_frames
from restorekit.restorers.classical import DebevecMerge, MertensFusion


@pytest.fixture(scope='module')
def scene():
    noise = np.random.default_rng(0).random((240, 320, 3)).astype(np.float32)
    blurred = cv2.GaussianBlur(noise, (0, 0), 4)
    return (blurred - blurred.min()) / (blurred.max() - blurred.min())


def bracket(scene, x, y, degrees):
    """Two frames, the first darker and moved."""
    height, width = scene.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    matrix[:, 2] += x, y
    moved = cv2.warpAffine(scene, matrix, (width, height), borderMode=cv2.BORDER_REFLECT)
    frames = [0.5 * moved, scene, np.clip(1.5 * scene, 0, 1)]
    return torch.from_numpy(np.stack(frames)).permute(0, 3, 1, 2)


@pytest.mark.parametrize(
    ('method', 'x', 'y', 'degrees', 'rest'),
    [('mtb', 7, -5, 0, 0.2), ('ecc', 7.5, -5.25, 0, 0.1), ('ecc', 3, 4, 1.5, 0.15)],
)
def test_moved_frames_are_laid_over_the_middle_one(scene, method, x, y, degrees, rest):
    frames = bracket(scene, x, y, degrees)
    inside = (..., slice(20, -20), slice(20, -20))
    before = (2 * frames[0] - frames[1]).abs()[inside].mean()
    aligned = align_frames(frames, method)
    after = (2 * aligned[0] - frames[1]).abs()[inside].mean()
    assert after < rest * before
    torch.testing.assert_close(aligned[1], frames[1])


def test_what_cannot_be_aligned_stays(scene):
    frames = bracket(scene, 0, 0, 0)
    frames[0] = 0.0
    torch.testing.assert_close(align_frames(frames, 'ecc')[0], frames[0])


def test_methods_align_what_they_merge(scene):
    frames = bracket(scene, 9, 6, 0)[None]
    still = bracket(scene, 0, 0, 0)[None]
    plain, aligned = MertensFusion(), MertensFusion(align='mtb')
    wanted = plain.restore(still)[..., 20:-20, 20:-20]
    results = [method.restore(frames)[..., 20:-20, 20:-20] for method in (plain, aligned)]
    before, after = ((result - wanted).abs().mean() for result in results)
    assert after < 0.6 * before


def test_a_merge_keeps_the_colours_of_its_frames(scene):
    tint = torch.tensor([1, 0.7, 0.4])[:, None, None]
    light = torch.from_numpy(scene).permute(2, 0, 1)[None] * tint
    exposures = torch.tensor([[0.0, 2.0, 4.0]])
    frames = torch.stack([(light * 2**e / 8).clamp(0, 1) ** (1 / 2.2) for e in (0, 2, 4)], dim=1)
    merged = DebevecMerge().restore(frames, exposures)
    ratio = (merged / (light / 8)).flatten(2).median(dim=2).values
    torch.testing.assert_close(ratio, torch.ones(1, 3), atol=0.05, rtol=0)
