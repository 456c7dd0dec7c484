"""Our blocks beside their published forms."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from restorekit.blocks import SOCA, DOConv2d, NonLocal, RFFTBlock
from restorekit.contracts import Backbone
from restorekit.functional import mef_ssim
from restorekit.registry import BACKBONES
from restorekit.speed.measuring import Case
from restorekit.speed.published import (
    PublishedNonLocal,
    PublishedRFFT,
    PublishedSOCA,
    published_cfnet,
    published_mef_ssim,
)


def block_cases(device: str) -> list[Case]:
    """Every block that is computed otherwise than its paper writes it, in both ways."""
    torch.manual_seed(0)
    with torch.device(device):
        rfft, folded = RFFTBlock(64), DOConv2d(64, 64, 3, padding=1)
        cfnet = {'type': 'CFNet', 'under_first_act': False}
        patches, map64 = torch.rand(4, 64, 64, 64, requires_grad=True), torch.rand(1, 64, 64, 64)
        pair, fused = torch.rand(2, 1, 384, 512).double(), torch.rand(1, 1, 384, 512).double()
        brackets = torch.rand(1, 2, 3, 24, 24)
        cases = [
            _pair('RFFTBlock 4x64x64x64, step', _step(rfft, patches), _step_of(rfft, patches)),
            (
                Case('DOConv2d 1x64x64x64, forward', _forward(folded.eval(), map64)),
                Case('DOConv2d 1x64x64x64, folded', _forward(folded.folded().eval(), map64)),
            ),
            _pair(
                'CF-Net x2 1x2x3x24x24, step',
                _step(BACKBONES.build(cfnet), brackets),
                _step(published_cfnet(BACKBONES.build(cfnet)), brackets),
            ),
            _pair(
                'MEF-SSIM 2 of 384 x 512',
                lambda: mef_ssim(fused, pair[None]),
                lambda: published_mef_ssim(fused, pair),
            ),
        ]
        cases += [_attention(side) for side in (24, 48, 96)]
        soca = torch.rand(1, 64, 64, 64, requires_grad=True)
        ours, published = SOCA(64), PublishedSOCA(64)
        if device == 'cpu':
            cases.append(_pair('SOCA 1x64x64x64, step', _step(ours, soca), _step(published, soca)))
    return [case for two in cases for case in two]


def _attention(side: int) -> tuple[Case, Case]:
    x = torch.rand(1, 64, side, side, requires_grad=True)
    ours, published = _step(NonLocal(64), x), _step(PublishedNonLocal(64), x)
    return _pair(f'NonLocal 1x64x{side}x{side}, step', ours, published)


def _pair(name: str, ours: Callable, published: Callable) -> tuple[Case, Case]:
    return Case(name, ours), Case(f'{name}, as published', published)


def _step_of(block: RFFTBlock, x: Tensor) -> Callable[[], None]:
    return _step(PublishedRFFT(block), x)


def _step(network: nn.Module, x: Tensor) -> Callable[[], None]:
    """Forward and backward."""

    def run() -> None:
        for parameter in network.parameters():
            parameter.grad = None
        if isinstance(network, Backbone):
            outputs = network.forward_train(x).values()
            images = [i for o in outputs for i in (o if isinstance(o, list) else [o])]
        else:
            images = [network(x)]
        torch.stack([image.square().mean() for image in images]).sum().backward()

    return run


def _forward(network: nn.Module, x: Tensor) -> Callable[[], Tensor]:
    def run() -> Tensor:
        with torch.no_grad():
            return network(x)

    return run
