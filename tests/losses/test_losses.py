import inspect

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from restorekit.functional import mef_ssim, mu_law, ssim
from restorekit.registry import BACKBONES, LOSSES

INNER = {'type': 'L1Loss'}
NEEDS_LOSS = [n for n in LOSSES if 'loss' in inspect.signature(LOSSES.get(n)).parameters]


OF_FRAMES = ['MEFSSIMLoss']  # their target is a bracket


def target_for(name, image):
    """What a loss compares with, where it is least for `image`."""
    return torch.stack([0.5 * image, image], dim=1) if name in OF_FRAMES else image


def build(name, **options):
    if name in NEEDS_LOSS:
        options.setdefault('loss', INNER)
    return LOSSES.build({'type': name, **options})


@pytest.mark.parametrize('name', list(LOSSES))
def test_contract(name):
    loss = build(name)
    pred = torch.rand(2, 3, 16, 20).double().requires_grad_()
    image = torch.rand(2, 3, 16, 20).double()
    target = target_for(name, image)
    value = loss(pred, target)
    assert value.shape == ()
    value.backward()
    assert torch.isfinite(pred.grad).all()
    assert pred.grad.any()
    assert loss(image, target) < value
    with pytest.raises(ValueError, match=r'\(2, 3, 16, 20\) and \(2, (2, )?1, 16, 20\)'):
        loss(pred, target_for(name, image[:, :1]))


def test_by_hand():
    pred, target = torch.tensor([[1.0, 2.0]]), torch.tensor([[1.0, 5.0]])
    assert build('L1Loss')(pred, target).item() == 1.5
    assert build('MSELoss')(pred, target).item() == 4.5
    expected = (0.5 + np.sqrt(9.25)) / 2
    assert build('CharbonnierLoss', eps=0.5)(pred, target).item() == pytest.approx(expected)


@pytest.mark.parametrize('size', ['2x3x32x40', '1x3x31x33'])
@pytest.mark.parametrize(
    ('name', 'key'),
    [('CharbonnierLoss', 'charbonnier'), ('EdgeLoss', 'edge'), ('FrequencyLoss', 'fft')],
)
def test_golden_value_and_gradient(golden_root, name, key, size):
    golden = np.load(golden_root / '03_losses/deeprft_losses.npz')
    pred, target = (torch.from_numpy(golden[f'in/{image}_{size}']).double() for image in 'xy')
    pred.requires_grad_()
    value = build(name)(pred, target)
    value.backward()
    assert value.item() == pytest.approx(golden[f'out/{key}_{size}_float64'].item(), abs=1e-12)
    np.testing.assert_allclose(pred.grad, golden[f'grad/{key}_x_{size}_float64'], atol=1e-12)


def test_multi_scale_is_the_sum_over_sizes():
    pred, target = torch.rand(2, 1, 3, 16, 16).double()
    half = [F.interpolate(x, scale_factor=0.5, mode='bilinear') for x in (pred, target)]
    expected = F.mse_loss(pred, target) + F.mse_loss(*half)
    loss = build('MultiScaleLoss', loss={'type': 'MSELoss'}, scales=(1, 0.5))
    torch.testing.assert_close(loss(pred, target), expected)


def test_tonemapped_compares_mu_laws_and_reaches_below_zero():
    pred, target = torch.rand(2, 1, 3, 8, 8).double()
    expected = F.l1_loss(mu_law(pred, 100), mu_law(target, 100))
    torch.testing.assert_close(build('TonemappedLoss', mu=100)(pred, target), expected)
    negative = torch.full((1, 1, 2, 2), -0.5, requires_grad=True)
    build('TonemappedLoss')(negative, torch.zeros(1, 1, 2, 2)).backward()
    assert (negative.grad < 0).all()


def test_wrappers_nest():
    loss = build('TonemappedLoss', loss={'type': 'MultiScaleLoss', 'loss': INNER, 'scales': [1]})
    pred, target = torch.rand(2, 1, 3, 8, 8)
    torch.testing.assert_close(loss(pred, target), build('TonemappedLoss')(pred, target))


def test_frequency_loss_is_the_whole_spectrum():
    for width in (7, 8):
        pred, target = torch.rand(2, 2, 3, 6, width).double()
        expected = torch.fft.fft2(pred - target).abs().mean()
        torch.testing.assert_close(build('FrequencyLoss')(pred, target), expected)


def test_ssim_loss():
    pred, target = torch.rand(2, 2, 3, 20, 22)
    expected = 1 - ssim(pred, target, window=7).mean()
    torch.testing.assert_close(build('SSIMLoss', window=7)(pred, target), expected.float())
    assert build('SSIMLoss')(target, target).item() == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize('luminance', [False, True])
def test_mef_ssim_loss_is_the_metric(luminance):
    fused, frames = torch.rand(2, 1, 14, 15), torch.rand(2, 3, 1, 14, 15)
    loss = build('MEFSSIMLoss', luminance=luminance)
    expected = 1 - mef_ssim(fused, frames, luminance=luminance).mean().float()
    torch.testing.assert_close(loss(fused, frames), expected)
    # The luma of video is stretched to the full range first.
    black, white = 16 / 255, 235 / 255
    video = build('MEFSSIMLoss', luminance=luminance, black=black, white=white)
    narrow = [black + (white - black) * x for x in (fused, frames)]
    torch.testing.assert_close(video(*narrow), expected, rtol=1e-4, atol=1e-5)
    with pytest.raises(ValueError, match=r'white must be above black=0.5, got 0.5'):
        build('MEFSSIMLoss', black=0.5, white=0.5)


@pytest.mark.parametrize('luminance', [False, True])
def test_mef_ssim_loss_has_the_gradient_of_finite_differences(luminance):
    fused = torch.rand(1, 1, 4, 5).double().requires_grad_()
    frames = torch.rand(1, 2, 1, 4, 5).double()
    loss = build('MEFSSIMLoss', luminance=luminance, window=3)
    assert torch.autograd.gradcheck(lambda image: loss(image, frames), fused)


def test_mef_ssim_loss_trains_without_a_reference():
    torch.manual_seed(0)
    scene = F.interpolate(torch.rand(1, 1, 6, 6), size=(20, 20), mode='bicubic').clamp(0, 1)
    frames = torch.stack([0.4 * scene, (0.6 + scene).clamp(0, 1)], dim=1)
    net = BACKBONES.build({'type': 'MEFNet', 'num_feats': 8, 'num_layers': 2, 'short_side': 10})
    optimizer, loss, values = torch.optim.Adam(net.parameters(), lr=2e-2), build('MEFSSIMLoss'), []
    for _ in range(10):
        values.append(loss(net(frames), frames))
        optimizer.zero_grad()
        values[-1].backward()
        optimizer.step()
    assert values[-1] < 0.8 * values[0]
    # What it makes is closer to its exposures than their mean is.
    assert values[-1] < loss(frames.mean(dim=1), frames)
