import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from restorekit.functional import (
    imresize,
    psnr,
    psnr_b,
    rgb_to_y,
    rgb_to_ycbcr,
    similarity,
    ssim,
    windows,
)
from restorekit.functional.windows import filtered, local_means
from restorekit.io import read_image

PAIRS = ['set5_bird_bic_x3', 'set5_woman_bic_x2', 'classic5_1_jpeg10', 'classic5_3_odd_jpeg10']


@pytest.fixture(params=PAIRS)
def golden_pair(request, golden_root, golden_metrics):
    folder = golden_root / '11_metrics'
    images = [
        torch.from_numpy(np.ascontiguousarray(read_image(folder / f'{request.param}_{end}.png')))
        .movedim(-1, 0)[None]
        .double()
        .mul(255)
        .round()
        .div(255)
        for end in ('lq', 'gt')
    ]
    return *images, golden_metrics[request.param]


def test_golden_psnr(golden_pair):
    pred, gt, golden = golden_pair
    assert psnr(pred, gt).item() == pytest.approx(golden['psnr/skimage'], abs=1e-10)


def test_golden_ssim(golden_pair):
    pred, gt, golden = golden_pair
    assert ssim(pred, gt).item() == pytest.approx(golden['ssim/basicsr_crop0'], abs=1e-10)


def test_golden_luma(golden_pair):
    pred, gt, golden = golden_pair
    if pred.shape[1] == 1:
        pytest.skip('a gray pair')
    pred, gt = rgb_to_y(pred), rgb_to_y(gt)
    assert psnr(pred, gt).item() == pytest.approx(golden['psnr_y/own_f64_crop0'], abs=1e-10)
    key = 'ssim_y/skimage_gauss_f64Y_crop0'
    assert ssim(pred, gt).item() == pytest.approx(golden[key], abs=1e-10)


def test_golden_psnr_b_on_sides_that_are_multiples_of_the_block(golden_root, golden_metrics):
    # There, and only there, the published codes agree with one another.
    golden = golden_metrics['classic5_1_jpeg10']
    pred, gt = (
        torch.from_numpy(read_image(golden_root / f'11_metrics/classic5_1_jpeg10_{end}.png'))
        .movedim(-1, 0)[None]
        .double()
        .mul(255)
        .round()
        .div(255)
        for end in ('lq', 'gt')
    )
    assert psnr_b(pred, gt).item() == pytest.approx(golden['psnrb/kair(lq,gt)'], abs=1e-10)
    wrong_order = golden['psnrb/kair(gt,lq) WRONG ORDER']
    assert psnr_b(gt, pred).item() == pytest.approx(wrong_order, abs=1e-10)


def test_psnr_by_hand():
    gt = torch.zeros(2, 1, 2, 2, dtype=torch.float64)
    pred = gt.clone()
    pred[1, 0, 0, 0] = 0.2  # mean squared error 0.01
    torch.testing.assert_close(psnr(pred, gt), torch.tensor([torch.inf, 20.0]).double())


def test_psnr_b_by_hand():
    # A step of 0.1 between columns 7 and 8 of a 16 x 16 image: 16 pairs of squared difference 0.01
    # among 32 border pairs, 448 other pairs that are equal, t = log2(8) / log2(16).
    pred = torch.zeros(1, 1, 16, 16, dtype=torch.float64)
    pred[..., 8:] = 0.1
    factor = 0.75 * (16 * 0.01 / 32)
    expected = 10 * np.log10(1 / (0.005 + factor))
    assert psnr_b(pred, torch.zeros_like(pred)).item() == pytest.approx(expected, abs=1e-10)


def test_ssim_of_constant_images_by_hand():
    # Without variance the second factor is 1: SSIM = (2 a b + C1) / (a^2 + b^2 + C1).
    pred, gt = torch.full((1, 1, 12, 12), 0.5), torch.full((1, 1, 12, 12), 0.25)
    expected = (2 * 0.125 + 1e-4) / (0.25 + 0.0625 + 1e-4)
    assert ssim(pred, gt).item() == pytest.approx(expected, abs=1e-9)


@settings(max_examples=20)
@given(st.integers(11, 30), st.integers(11, 30), st.integers(1, 3))
def test_ssim_is_symmetric_and_one_for_equal_images(height, width, channels):
    pred, gt = torch.rand(2, 1, channels, height, width).double()
    torch.testing.assert_close(ssim(pred, gt), ssim(gt, pred))
    torch.testing.assert_close(ssim(gt, gt), torch.ones(1).double())


def test_batch_equals_its_rows():
    pred, gt = torch.rand(2, 3, 3, 24, 20)
    for function in (psnr, ssim, psnr_b):
        rows = [function(p[None], g[None]) for p, g in zip(pred, gt, strict=True)]
        torch.testing.assert_close(function(pred, gt), torch.cat(rows))


def test_differentiable():
    gt = torch.rand(1, 1, 12, 13).double()
    pred = torch.rand(1, 1, 12, 13).double().requires_grad_()
    assert torch.autograd.gradcheck(lambda x: psnr(x, gt), pred)
    assert torch.autograd.gradcheck(lambda x: ssim(x, gt), pred)


def test_strips_make_no_difference(monkeypatch):
    pred, gt = torch.rand(2, 2, 3, 70, 21).double()
    pred.requires_grad_()
    values, gradients = [], []
    for strip in (2**30, 1):  # the whole, and 22 window positions at a time
        monkeypatch.setattr(similarity, 'STRIP', strip)
        values.append(ssim(pred, gt))
        gradients += torch.autograd.grad(values[-1].sum(), pred)
    torch.testing.assert_close(*values, rtol=0, atol=1e-15)
    torch.testing.assert_close(*gradients, rtol=0, atol=1e-15)


@pytest.mark.parametrize('short', [0, 64])
def test_filtered_by_hand(short, monkeypatch):
    monkeypatch.setattr(windows, 'SHORT', short)
    image = torch.arange(10.0).reshape(2, 5)
    torch.testing.assert_close(
        filtered(image, [1, 0, 2], -1), torch.tensor([[4.0, 7, 10], [19, 22, 25]])
    )
    torch.testing.assert_close(filtered(image, [3, -1], -2), 3 * image[:1] - image[1:])


@pytest.mark.parametrize('short', [0, 64])
@pytest.mark.parametrize('dim', [-2, -1])
def test_gradients_of_filtered(dim, short, monkeypatch):
    monkeypatch.setattr(windows, 'SHORT', short)
    image = torch.rand(2, 5, 6, dtype=torch.float64, requires_grad=True)
    torch.autograd.gradcheck(lambda x: filtered(x, [0.5, -1, 2], dim), image)
    torch.autograd.gradgradcheck(lambda x: filtered(x, [0.5, -1, 2], dim).square(), image)


def test_data_range_only_scales():
    pred, gt = torch.rand(2, 1, 1, 20, 20).double()
    for function in (psnr, ssim):
        torch.testing.assert_close(
            function(pred * 255, gt * 255, data_range=255), function(pred, gt)
        )


@pytest.mark.parametrize('function', [psnr, ssim, psnr_b])
def test_shapes_must_agree(function):
    with pytest.raises(ValueError, match=r'\(1, 1, 16, 16\) and \(1, 3, 16, 16\)'):
        function(torch.zeros(1, 1, 16, 16), torch.zeros(1, 3, 16, 16))


def test_images_smaller_than_the_window():
    with pytest.raises(ValueError, match=r'at least 11 x 11, got \(10, 30\)'):
        ssim(torch.zeros(1, 1, 10, 30), torch.zeros(1, 1, 10, 30))
    with pytest.raises(ValueError, match='larger than 8 x 8, got 8 x 30'):
        psnr_b(torch.zeros(1, 1, 8, 30), torch.zeros(1, 1, 8, 30))


def test_arrays_are_no_tensors():
    image = torch.zeros(1, 3, 12, 12)
    for score in (psnr, ssim):
        with pytest.raises(TypeError, match=f'{score.__name__}: expected tensors, got ndarray'):
            score(image, image.numpy())
    with pytest.raises(
        TypeError, match=r'imresize: expected a tensor, \(\.\.\., H, W\), got ndarray'
    ):
        imresize(image.numpy(), 2)
    with pytest.raises(TypeError, match="imresize: scale must be a number, got 'x2'"):
        imresize(image, 'x2')
    with pytest.raises(TypeError, match='rgb_to_ycbcr: expected a tensor, got ndarray'):
        rgb_to_ycbcr(image.numpy())
    with pytest.raises(ValueError, match='psnr: data_range must be > 0, got 0'):
        psnr(image, image, data_range=0)


@pytest.mark.parametrize('taps', [1, 2, 8, 11])
def test_local_means_by_opencv_are_the_sums(taps):
    generator = torch.Generator().manual_seed(taps)
    maps = torch.rand(2, 3, 70, 83, dtype=torch.float64, generator=generator)
    weights = torch.rand(taps, dtype=torch.float64, generator=generator).tolist()
    sums = filtered(filtered(maps, weights, -1), weights, -2)
    means = local_means(maps, weights)
    assert not torch.equal(means, sums) or taps == 1, 'another way'
    torch.testing.assert_close(means, sums, rtol=1e-13, atol=1e-13)
    leaf = maps.clone().requires_grad_()
    local_means(leaf, weights).sum().backward()
    assert leaf.grad.any()
