import numpy as np
import pytest
import torch

from restorekit.functional import covariance, matrix_sqrt


@pytest.fixture
def golden(golden_root):
    return np.load(golden_root / '04_san/mpncov_2x16x12x20.npz')


def test_golden_covariance(golden):
    result = covariance(torch.from_numpy(golden['in/x']))
    np.testing.assert_allclose(result, golden['out/cov'], atol=1e-12)


@pytest.mark.parametrize('iterations', [2, 3, 5, 7, 12])
def test_golden_square_root(golden, iterations):
    result = matrix_sqrt(torch.from_numpy(golden['out/cov']), iterations=iterations)
    np.testing.assert_allclose(result, golden[f'out/sqrtm_iter{iterations}'], atol=1e-9)


def test_golden_gradient(golden):
    x = torch.from_numpy(golden['in/x']).requires_grad_()
    (matrix_sqrt(covariance(x)) * torch.from_numpy(golden['grad/upstream_sqrtm5'])).sum().backward()
    np.testing.assert_allclose(x.grad, golden['grad/x_via_sqrtm5_autograd'], atol=1e-9)


def test_covariance_is_numpys():
    x = torch.randn(1, 5, 7, 3).double()
    expected = np.cov(x.flatten(2)[0].numpy(), bias=True)
    np.testing.assert_allclose(covariance(x)[0], expected, atol=1e-12)


def test_gradient():
    x = torch.randn(2, 3, 4, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(covariance, x)
    assert torch.autograd.gradgradcheck(covariance, x)


def test_square_root_converges():
    root = torch.randn(2, 6, 6).double()
    root = root @ root.transpose(1, 2) + torch.eye(6)
    torch.testing.assert_close(matrix_sqrt(root @ root, iterations=30), root, rtol=1e-8, atol=1e-8)


def test_zero_matrix_is_finite_forward_and_backward():
    x = torch.full((1, 4, 5, 5), 0.3, requires_grad=True)
    root = matrix_sqrt(covariance(x))
    root.sum().backward()
    assert torch.isfinite(root).all()
    assert torch.isfinite(x.grad).all()


def test_iterations_are_checked():
    with pytest.raises(ValueError, match='iterations must be >= 1, got 0'):
        matrix_sqrt(torch.eye(3)[None], iterations=0)
