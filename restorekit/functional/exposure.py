"""Range compression of linear HDR images."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def mu_law(hdr: Tensor, mu: float = 5000.0) -> Tensor:
    """log(1 + mu x) / log(1 + mu), the tone curve of HDR reconstruction.

    Args:
        hdr: Linear radiance, any shape, >= 0; [0, 1] maps to [0, 1].
        mu: Strength of the compression, > 0.
    Returns:
        Same shape and dtype.
    References:
        Kalantari and Ramamoorthi, "Deep high dynamic range imaging of dynamic scenes", SIGGRAPH
        2017.

    >>> mu_law(torch.tensor([0., 0.5, 1.]))
    tensor([0.0000, 0.9186, 1.0000])
    """
    return torch.log1p(mu * hdr) / math.log1p(mu)
