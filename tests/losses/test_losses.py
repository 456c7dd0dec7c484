import inspect

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from restorekit.functional import mu_law, ssim
from restorekit.registry import LOSSES

INNER = {'type': 'L1Loss'}
NEEDS_LOSS = [n for n in LOSSES if 'loss' in inspect.signature(LOSSES.get(n)).parameters]


def build(name, **options):
    if name in NEEDS_LOSS:
        options.setdefault('loss', INNER)
    return LOSSES.build({'type': name, **options})


@pytest.mark.parametrize('name', list(LOSSES))
def test_contract(name):
    loss = build(name)
    pred = torch.rand(2, 3, 16, 20).double().requires_grad_()
    target = torch.rand(2, 3, 16, 20).double()
    value = loss(pred, target)
    assert value.shape == ()
    value.backward()
    assert torch.isfinite(pred.grad).all()
    assert pred.grad.any()
    assert loss(target, target) < value
    with pytest.raises(ValueError, match=r'\(2, 3, 16, 20\) and \(2, 1, 16, 20\)'):
        loss(pred, target[:, :1])


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
