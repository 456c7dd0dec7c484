import sys
from unittest import mock

import pytest
import torch
from torch.nn import functional

from restorekit.functional import (
    covariance,
    full_precision,
    half_precision,
    matrix_sqrt,
    precision,
    rgb_to_ycbcr,
    set_tf32,
    tf32,
    ycbcr_to_rgb,
)
from restorekit.functional.dtypes import in_float64
from restorekit.functional.windows import constant

MODULE = sys.modules[half_precision.__module__]  # `precision` is a function of it too
HALF = [torch.bfloat16, torch.float16]


@pytest.fixture(autouse=True)
def _tf32_is_left_as_it_was():
    with tf32(False):
        yield


@full_precision
def product(left, right, *, times=1):
    return times * left @ right


@pytest.mark.parametrize('dtype', HALF)
def test_full_precision_is_float32_at_least(dtype):
    left, right = torch.rand(2, 5, 5)
    full = left @ right
    with torch.autocast('cpu', dtype=dtype):
        assert torch.equal(product(left, right), full)
        assert product(left, right).dtype == torch.float32
        assert product(left.double(), right.double()).dtype == torch.float64
        assert (left @ right).dtype == dtype, 'autocast has not come back'
    result = product(left.to(dtype), right=right.to(dtype), times=2)
    torch.testing.assert_close(result, 2 * left.to(dtype).float() @ right.to(dtype).float())


def test_full_precision_on_a_device_without_autocast():
    meta = torch.empty(3, 3, dtype=torch.float16, device='meta')
    assert product(meta, meta).dtype == torch.float32


def products(x):
    """A convolution and products of matrices, and the formulas between them."""
    weight = torch.linspace(-0.1, 0.1, 8 * 4 * 9).reshape(8, 4, 3, 3)
    features = functional.conv2d(x, weight, padding=1).relu()
    turned = functional.conv_transpose2d(features, weight, stride=2)
    pairs = torch.einsum('bchw,bdhw->bcd', turned, turned)
    lines = functional.linear(pairs / pairs.amax(), torch.linspace(-1, 1, 12).reshape(3, 4))
    return features, turned, lines @ lines.mT


@pytest.mark.parametrize('dtype', HALF)
def test_half_precision_without_instructions_rounds_as_torchs_own(dtype, monkeypatch):
    x = torch.rand(2, 4, 9, 8)
    with torch.autocast('cpu', dtype=dtype):
        expected = products(x)
    monkeypatch.setattr(MODULE, 'is_native', lambda *asked: False)
    with half_precision(dtype, 'cpu'):
        found = products(x)
        assert product(x, x.mT).dtype == torch.float32, 'autocast is off, and stays so'
    for one, other in zip(found, expected, strict=True):
        assert one.dtype == other.dtype == dtype
        torch.testing.assert_close(one, other, rtol=3 * torch.finfo(dtype).eps, atol=1e-3)
    assert products(x)[0].dtype == torch.float32, 'it has not come back'


@pytest.mark.parametrize('dtype', HALF)
def test_half_precision_rounds_what_is_multiplied(dtype, monkeypatch):
    monkeypatch.setattr(MODULE, 'is_native', lambda *asked: False)
    ones = torch.ones(1, 2)
    nearly = torch.tensor([[1 + torch.finfo(dtype).eps / 4, -1.0]])  # 1 and -1, rounded
    assert functional.linear(nearly, ones) != 0
    with half_precision(dtype, 'cpu'):
        assert functional.linear(nearly, ones) == 0
        assert functional.linear(ones, weight=nearly) == 0


def test_native_half_precision_is_torchs(monkeypatch):
    x = torch.rand(2, 4, 9, 8)
    monkeypatch.setattr(MODULE, 'is_native', lambda *asked: True)
    monkeypatch.setattr(MODULE, '_RoundedProducts', pytest.fail)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        expected = products(x)
    with half_precision(torch.bfloat16, 'cpu'):
        assert all(map(torch.equal, products(x), expected))


@pytest.mark.parametrize('function', [covariance, lambda x: matrix_sqrt(covariance(x))])
def test_second_order_statistics_under_autocast(function):
    x = 4 + 0.1 * torch.randn(2, 4, 9, 8)  # a mean that half precision would drown them in
    expected = function(x)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        torch.testing.assert_close(function(x), expected)
        assert function(x.bfloat16()).dtype == torch.float32


@pytest.mark.parametrize('function', [rgb_to_ycbcr, ycbcr_to_rgb])
def test_colour_under_autocast(function):
    image = torch.rand(1, 3, 8, 8)
    expected = function(image)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        torch.testing.assert_close(function(image), expected)


def test_constants_made_in_inference_serve_training():
    with torch.inference_mode():
        constant((1.5, 2.5), torch.zeros(1))
    x = torch.ones(2, requires_grad=True)
    (x * constant((1.5, 2.5), x)).sum().backward()
    assert x.grad.tolist() == [1.5, 2.5]
    assert constant((1.5, 2.5), x.double()).dtype == torch.float64


def test_precision_says_what_is_computed_in():
    cpu, gpu = torch.device('cpu'), torch.device('cuda')
    assert precision(cpu) == precision(gpu) == precision(torch.device('meta')) == 'float32'
    set_tf32(True)
    assert (precision(cpu), precision(gpu)) == ('float32', 'TF32')
    with torch.autocast('cpu', dtype=torch.bfloat16):
        assert precision(cpu) == 'bfloat16'


def test_tf32_comes_back():
    set_tf32(True)
    with pytest.raises(KeyError), tf32(False):
        assert not torch.backends.cudnn.allow_tf32
        assert not torch.backends.cuda.matmul.allow_tf32
        raise KeyError
    assert torch.backends.cudnn.allow_tf32
    assert torch.backends.cuda.matmul.allow_tf32


def test_float64_is_had_where_the_device_has_none():
    tensor = torch.rand(3)
    assert torch.equal(in_float64(tensor), tensor.double())
    apple = mock.Mock(device=torch.device('mps'))
    assert in_float64(apple) is apple.cpu().double()
    apple.double.assert_not_called()
