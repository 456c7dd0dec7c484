"""Pools of networks whose images come in tiles."""

import pytest
import torch
from skimage.data import astronaut
from torch import nn

from restorekit.functional import imresize, tiled
from restorekit.inference import load_restorer
from restorekit.inference.means import means_of_whole
from restorekit.inference.tiles import Tiler
from tests.conftest import smooth_image


class Brightness(nn.Module):
    """Adds what the image is like as a whole, and by its second pool, squared."""

    def __init__(self):
        super().__init__()
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.seen = []

    def forward(self, x):
        self.seen.append(tuple(x.shape[-2:]))
        return x + self.pool(x) + 10 * self.pool(x.square())


def planes(height, width):
    """Darker to the right, so that each tile has another mean."""
    return torch.from_numpy(smooth_image(height, width).transpose(2, 0, 1).copy())[
        None
    ] * torch.linspace(1, 0.2, width)


def test_every_tile_is_given_the_means_of_the_whole():
    network, images = Brightness(), planes(90, 300)
    whole = network(images)
    apart = {}
    for tile in (64, 128):
        network.seen.clear()
        with means_of_whole(network, network, images, tile):
            result = tiled(network, images, tile=tile, overlap=8)
        apart[tile] = float((result - whole).abs().max())
        height, width = network.seen[0]
        assert (height, width) == (
            max(round(90 * tile / 27000**0.5), 64),
            round(300 * tile / 27000**0.5),
        )
        assert max(max(size) for size in network.seen[1:]) <= tile
    assert max(apart.values()) < 0.03
    assert float((tiled(network, images, tile=64, overlap=8) - whole).abs().max()) > 1


def test_afterwards_pools_are_as_before():
    network, images = Brightness(), planes(70, 90)
    expected = network(images[..., :40])
    with pytest.raises(KeyError), means_of_whole(network, network, images, 64):
        assert not torch.equal(network(images[..., :40]), expected)
        raise KeyError
    assert torch.equal(network(images[..., :40]), expected)


def test_a_network_without_pools_is_not_asked():
    network, images = nn.AdaptiveAvgPool2d(2), planes(70, 90)
    with means_of_whole(network, pytest.fail, images, 64):
        assert network(images).shape == (1, 3, 2, 2)


def test_exposures_fused_in_tiles_are_as_bright_as_the_whole():
    model = load_restorer('cfan-x2').eval()
    frames = planes(80, 300)[:, None].repeat(1, 2, 1, 1, 1)
    frames[:, 0] /= 8
    tiler = Tiler(torch.device('cpu'), 100, 25)
    with torch.inference_mode():
        whole = model.restore(frames)
        given = tiler.run(model, frames, None)
        model.means_of_copy = False
        own = tiler.run(model, frames, None)
    assert (given - whole).abs().mean() < (own - whole).abs().mean() / 4


@pytest.mark.slow
def test_a_photograph_in_tiles_is_within_a_gray_level_of_the_whole():
    photo = torch.from_numpy(astronaut().transpose(2, 0, 1).copy())[None] / 255
    dark = imresize(photo, 0.5)[..., :200, :200].clamp(0, 1)
    frames = torch.stack([dark / 4, (dark * 2).clamp(max=1)], dim=1)
    model = load_restorer('cfan-x2').eval()
    with torch.inference_mode():
        whole = model.restore(frames)
        result = Tiler(torch.device('cpu'), 160).run(model, frames, None)
    assert 0 < (result - whole).abs().max() < 1 / 255
