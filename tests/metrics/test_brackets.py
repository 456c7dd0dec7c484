import json

import numpy as np
import pytest
import torch

from restorekit.functional import imresize, ldr_to_hdr, mef_ssim, rgb_to_gray
from restorekit.registry import METRICS


def evaluate(metric, lq, sample, **options):
    metric = METRICS.build({'type': metric, **options})
    sample = {'dataset': 'd', 'name': 'n', **sample}
    return metric.row(lq, sample, baseline=metric.baseline), metric


def test_golden_hdr(golden_root):
    arrays = np.load(golden_root / '13_hdr/psnr_mu.npz')
    values = json.loads((golden_root / '13_hdr/values.json').read_text())
    pred, gt = (torch.from_numpy(arrays[f'in/{k}']).permute(2, 0, 1) for k in ('pred', 'gt'))
    for metric, key in (('PSNRL', 'psnr_l'), ('PSNRMu', 'psnr_mu')):
        row, _ = evaluate(metric, torch.rand(3, 3, 32, 40), {'pred': pred, 'gt': gt})
        assert row['value'] == pytest.approx(values[key], abs=1e-6)


def test_constants_by_hand():
    pred, gt = torch.full((3, 16, 16), 0.5), torch.full((3, 16, 16), 0.25)
    lq = torch.rand(3, 3, 16, 16)
    assert evaluate('PSNRL', lq, {'pred': pred, 'gt': gt})[0]['value'] == pytest.approx(
        12.0412, abs=1e-4
    )
    assert evaluate('PSNRMu', lq, {'pred': pred, 'gt': gt})[0]['value'] == pytest.approx(
        21.7946, abs=1e-4
    )
    # With mu = 100: log(51) / log(101) = 0.85194447 and log(26) / log(101) = 0.70596134.
    row, metric = evaluate('PSNRMu', lq, {'pred': pred, 'gt': gt}, mu=100)
    assert row['value'] == pytest.approx(16.7139, abs=1e-4)
    assert 'mu = 100' in metric.protocol
    # Of constant images SSIM is the agreement of the means.
    x, y = 0.85194447, 0.70596134
    row, _ = evaluate('SSIMMu', lq, {'pred': pred, 'gt': gt}, mu=100)
    assert row['value'] == pytest.approx((2 * x * y + 1e-4) / (x * x + y * y + 1e-4), abs=1e-7)


def test_the_baselines_tone_curve_is_the_frames():
    lq, gt = torch.full((3, 3, 16, 16), 0.5), torch.zeros(3, 16, 16)
    sample = {'pred': gt, 'gt': gt, 'exposures': torch.tensor([0.0, 1.0, 2.0])}
    row, _ = evaluate('PSNRL', lq, sample, baseline=True, gamma=1)
    assert row['input'] == pytest.approx(12.0412, abs=1e-4)  # 0.5 / 2


def test_baseline_is_the_middle_frame_as_radiance():
    lq = torch.rand(3, 3, 16, 18)
    exposures = torch.tensor([0.0, 2.0, 4.0])
    gt = ldr_to_hdr(lq[1], 2.0) + 0.1
    sample = {'pred': gt, 'gt': gt, 'exposures': exposures}
    row, _ = evaluate('PSNRL', lq, sample, baseline=True)
    assert row['input'] == pytest.approx(20, abs=1e-4)
    assert row['value'] == float('inf')


class TestMEFSSIM:
    def test_needs_no_ground_truth(self):
        frames, pred = torch.rand(2, 3, 20, 24), torch.rand(3, 20, 24)
        sample = {'pred': pred, 'gt_frames': frames}
        lq = torch.rand(2, 3, 10, 12)
        row, metric = evaluate('MEFSSIM', lq, sample, baseline=True)
        gray = rgb_to_gray(torch.cat([frames, pred[None]]).double())
        expected = mef_ssim(gray[2:], gray[None, :2]).item()
        assert row['value'] == pytest.approx(expected, abs=1e-12)
        mean = rgb_to_gray(imresize(lq.double().mean(0), size=(20, 24)).clamp(0, 1)[None])
        baseline = mef_ssim(mean, gray[None, :2]).item()
        assert row['input'] == pytest.approx(baseline, abs=1e-6)
        assert 'without the luminance' in metric.protocol

    def test_frames_of_the_input_where_they_have_its_size(self):
        lq = torch.rand(2, 3, 20, 24)
        row, metric = evaluate('MEFSSIM', lq, {'pred': lq.mean(0)}, luminance=True)
        gray = rgb_to_gray(torch.cat([lq, lq.mean(0, keepdim=True)]).double())
        expected = mef_ssim(gray[2:], gray[None, :2], luminance=True).item()
        assert row['value'] == pytest.approx(expected, abs=1e-6)
        assert 'with the luminance' in metric.protocol
        with pytest.raises(ValueError, match=r'restored to \(3, 40, 48\), .* \(2, 3, 20, 24\)'):
            evaluate('MEFSSIM', lq, {'pred': torch.rand(3, 40, 48)})

    def test_a_baseline_of_a_bracket_is_its_mean(self):
        lq = torch.rand(2, 3, 16, 16)
        sample = {'pred': lq[0], 'gt': lq.mean(0)}
        assert evaluate('PSNR', lq, sample, baseline=True)[0]['input'] > 100
