"""Exposure algebra: display-referred frames, linear radiance, and the tone curve between them."""

from __future__ import annotations

import math

import torch
from torch import Tensor

GAMMA = 2.2


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


def mu_law_inverse(compressed: Tensor, mu: float = 5000.0) -> Tensor:
    """The linear radiance whose `mu_law` is given: ((1 + mu)^x - 1) / mu.

    Args:
        compressed: Any shape, >= 0.
        mu: As in `mu_law`.
    Returns:
        Same shape and dtype.

    >>> mu_law_inverse(mu_law(torch.tensor([0., 0.25, 1.], dtype=torch.float64)))
    tensor([0.0000, 0.2500, 1.0000], dtype=torch.float64)
    """
    return torch.expm1(compressed * math.log1p(mu)) / mu


def ldr_to_hdr(ldr: Tensor, exposure: Tensor | float, gamma: float = GAMMA) -> Tensor:
    """The linear radiance that a frame shows: ldr^gamma / 2^exposure.

    Args:
        ldr: Display-referred frames in [0, 1], any shape.
        exposure: EV, counted from the bracket's shortest exposure, so that radiance is in [0, 1];
            broadcast against `ldr`.
        gamma: Exponent of the frames' tone curve.
    Returns:
        Shape and dtype of `ldr`.

    >>> ldr_to_hdr(torch.tensor([1.0, 1.0]), torch.tensor([0.0, 2.0]))
    tensor([1.0000, 0.2500])
    """
    return ldr.pow(gamma) * torch.exp2(-torch.as_tensor(exposure).to(ldr))


def hdr_to_ldr(hdr: Tensor, exposure: Tensor | float, gamma: float = GAMMA) -> Tensor:
    """The frame that shows a radiance: (hdr 2^exposure)^(1 / gamma), clipped to [0, 1].

    Args:
        hdr: Linear radiance, >= 0, any shape.
        exposure, gamma: As in `ldr_to_hdr`, whose inverse this is where nothing is clipped.
    Returns:
        Shape and dtype of `hdr`.

    >>> hdr_to_ldr(torch.tensor([0.25, 0.5]), 2.0)
    tensor([1., 1.])
    """
    return (hdr * torch.exp2(torch.as_tensor(exposure).to(hdr))).clamp(0, 1).pow(1 / gamma)
