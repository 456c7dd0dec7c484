"""Second-order statistics of features."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from restorekit.functional.precision import full_precision


@full_precision
def covariance(features: Tensor) -> Tensor:
    """Covariance of the channels over the positions of each image.

    (1/M) sum_p (x_p - mean)(x_p - mean)^T over the M = H W positions.

    Args:
        features: (N, C, H, W).
    Returns:
        (N, C, C), symmetric, positive semi-definite, in float32 at least.
    """
    flat = features.flatten(2)
    centred = flat - flat.mean(dim=2, keepdim=True)
    return _Gram.apply(centred) / flat.shape[2]


class _Gram(torch.autograd.Function):
    """x x^T of a batch; its gradient is one product, (G + G^T) x, where autograd would take two."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return x @ x.transpose(1, 2)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        return (grad + grad.transpose(1, 2)) @ x


@full_precision
def matrix_sqrt(matrix: Tensor, *, iterations: int = 5, eps: float = 1e-12) -> Tensor:
    """Square root of positive semi-definite matrices by coupled Newton-Schulz iteration.

    With A = matrix / trace, Y = A and Z = I: T = (3 I - Z Y) / 2, Y = Y T, Z = T Z, repeated; the
    result is sqrt(trace) Y. It takes only matrix products, so it is fast on a GPU, and it is
    differentiable where eigenvalues coincide.

    Args:
        matrix: (N, C, C).
        iterations: Number of iterations, >= 1; after 5 the largest eigenvalues are off by a few
            per cent, the small ones by more.
        eps: Smallest trace; below it (constant features) the result goes to zero smoothly.
    Returns:
        (N, C, C), in float32 at least.
    Raises:
        ValueError: If `iterations` is less than one.
    References:
        Li et al., "Towards faster training of global covariance pooling networks by iterative
        matrix square root normalization" (iSQRT-COV), CVPR 2018.
    """
    if iterations < 1:
        raise ValueError(f'matrix_sqrt: iterations must be >= 1, got {iterations}')
    identity = torch.eye(matrix.shape[-1], dtype=matrix.dtype, device=matrix.device)
    trace = matrix.diagonal(dim1=1, dim2=2).sum(1).clamp(min=eps)[:, None, None]
    y = matrix / trace
    step = 1.5 * identity - 0.5 * y
    y, z = y @ step, step
    for _ in range(iterations - 1):
        step = 1.5 * identity - 0.5 * z @ y
        y, z = y @ step, step @ z
    return trace.sqrt() * y
