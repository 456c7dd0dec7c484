"""SCN's parts by hand, and FSRCNN's beginning."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn import functional as F

from restorekit.functional import imresize
from restorekit.registry import BACKBONES

SMALL = {'type': 'SCN', 'num_feats': 6, 'num_atoms': 5, 'num_steps': 2, 'patch': 3, 'out_patch': 3}


def test_parameters():
    net = BACKBONES.build({'type': 'SCN'})
    # 100 filters of 9 x 9; 128 atoms of 100, their inhibition, two thresholds each; 5 x 5 patches.
    count = 100 * 81 + 128 * 100 + 128 * 128 + 2 * 128 + 25 * 128 + 25 * 25
    assert sum(p.numel() for p in net.parameters()) == count == 41_365
    with pytest.raises(ValueError, match='SCN: out_patch must be odd, got 4'):
        BACKBONES.build({'type': 'SCN', 'out_patch': 4})


def test_the_codes_are_those_of_lista():
    net = BACKBONES.build(SMALL)
    seen = {}
    net.decode.register_forward_hook(lambda _, given, __: seen.update(codes=given[0]))
    image = torch.rand(1, 1, 12, 12)
    net(image)
    y = net.extract(image - F.avg_pool2d(image, 9, 1, 4, count_include_pad=False))[0, :, 5, 6]
    y = y / y.norm()
    weight, inhibition = net.encode.weight[..., 0, 0], net.inhibit.weight[..., 0, 0]
    codes = torch.zeros(5)
    for shrinkage in net.shrinkages:
        z = weight @ y + inhibition @ codes
        codes = z.sign() * (z.abs() - shrinkage.threshold.flatten()).clamp(min=0)
    torch.testing.assert_close(seen['codes'][0, :, 5, 6], codes, rtol=1e-3, atol=1e-4)


def test_patches_are_combined_by_their_mean():
    net = BACKBONES.build(SMALL)
    # All patches of one image, cut out, are that image again where all nine cover a pixel.
    image = torch.rand(1, 1, 7, 8)
    patches = F.unfold(image, 3, padding=1).view(1, 9, 7, 8)
    torch.testing.assert_close(net.combine(patches)[..., 1:-1, 1:-1], image[..., 1:-1, 1:-1])


def test_contrast_and_brightness_are_put_back():
    net = BACKBONES.build(SMALL).double()
    image = torch.rand(1, 1, 12, 13).double()
    torch.testing.assert_close(net(image + 2), net(image) + 2)
    torch.testing.assert_close(net(100 * image), 100 * net(image), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize('scale', [2, 4])
def test_fsrcnn_begins_as_in_its_paper(scale):
    torch.manual_seed(0)
    net = BACKBONES.build({'type': 'FSRCNN', 'scale': scale})
    image = torch.rand(1, 1, 20, 20)
    features = net.expand(net.mappings(net.shrink(net.extract(image))))
    # Signals keep their size on the way, and the result begins near zero.
    assert 0.2 < features.std() / image.std() < 5
    assert net(image).abs().max() < 0.1
    first = net.extract[0].weight
    assert first.std().item() == pytest.approx(math.sqrt(2 / (1 + 0.25**2) / 25), rel=0.1)


@pytest.mark.slow
def test_fsrcnn_soon_finds_the_brightness():
    torch.manual_seed(0)
    net = BACKBONES.build({'type': 'FSRCNN'})
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    for _ in range(60):
        gt = F.interpolate(torch.rand(4, 1, 8, 8), size=(32, 32), mode='bicubic').clamp(0, 1)
        loss = (net(imresize(gt, 0.5)) - gt).abs().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss < 0.1
