"""Images that are divided: into what, and what becomes of them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from restorekit.contracts import Backbone
from restorekit.functional import tiled
from restorekit.inference import Inferencer, load_restorer, tiles
from restorekit.inference.tiles import Tiler
from restorekit.io import to_integers
from restorekit.registry import BACKBONES, MODELS
from restorekit.restorers import Chain, Restorer
from tests.conftest import smooth_image

CPU = torch.device('cpu')


class Blurring(Backbone):
    """Looks two pixels far; remembers what it was given, and has only so much memory."""

    in_channels = 3

    def __init__(self, *, scale: int = 1, pools: bool = False, most: int = 10**9):
        super().__init__()
        self.scale, self.pools, self.most = scale, pools, most
        self.error: Exception = MemoryError()
        self.body = nn.Conv2d(3, 3, 5, padding=2, padding_mode='replicate', bias=False)
        nn.init.constant_(self.body.weight, 1 / 75)
        self.seen: list[tuple[int, ...]] = []

    def forward(self, inputs):
        if not inputs.is_meta:
            self.seen.append(tuple(inputs.shape[-2:]))
            if inputs.shape[-1] * inputs.shape[-2] > self.most:
                raise self.error
        result = self.body(inputs)
        return result.repeat_interleave(self.scale, -1).repeat_interleave(self.scale, -2)


@pytest.fixture(scope='module', autouse=True)
def _parts():
    BACKBONES.register_module(module=Blurring)
    yield
    del BACKBONES.module_dict['Blurring']


def blurring(**options):
    return MODELS.build({'type': 'Restorer', 'backbone': {'type': 'Blurring', **options}}).eval()


@pytest.fixture
def memory(monkeypatch):
    """Set how much is free."""
    return lambda free: monkeypatch.setattr(tiles, 'free_memory', lambda _: free)


def planes(height, width):
    return torch.from_numpy(smooth_image(height, width).transpose(2, 0, 1).copy())[None]


def run(tiler, model, images, **options):
    with torch.inference_mode():
        return tiler.run(model, images, None, **options)


@pytest.mark.parametrize(
    ('free', 'width', 'tile'),
    [
        (1, 700, 64),
        (2 * 2000 * 300 * 700 - 2, 700, 229),
        (2 * 2000 * 300 * 700, 700, None),
        (2**50, 1789, None),
        (2**50, 1790, 366),
    ],
)
def test_the_tile_is_what_fits_into_the_memory(memory, monkeypatch, free, width, tile):
    """Half of what is free and no more than a gibibyte, and a tile a quarter of that."""
    monkeypatch.setattr(tiles, 'bytes_per_pixel', lambda *_: 2000.0)
    memory(free)
    tiler = Tiler(CPU, overlap=8)
    split = tiler.split(blurring(), torch.empty(1, 3, 300, width, device='meta'), None)
    assert split == ((tile, 8) if tile else (None, 0))
    chosen = f'in tiles of {tile}: {free / 2**30:.1f} GiB are free, 2.0 kB a pixel'
    assert tiler.chosen == (chosen if tile else '')


def test_tiles_of_networks_that_pool_and_on_a_cpu_are_not_large(memory, monkeypatch):
    monkeypatch.setattr(tiles, 'bytes_per_pixel', lambda *_: 100.0)
    memory(2**40)
    gpu, images = torch.device('cuda'), torch.empty(1, 3, 9000, 9000, device='meta')
    splits = {
        (device.type, pools): Tiler(device, overlap=8).split(blurring(pools=pools), images, None)
        for device in (CPU, gpu)
        for pools in (False, True)
    }
    assert splits.pop(('cuda', False)) == (None, 0)
    assert set(splits.values()) == {(512, 8)}
    memory(2**31)
    assert Tiler(gpu, overlap=8).split(blurring(), images, None)[0] == 1638
    # Whole, nothing is held beside it; but non-local attention takes quadratic time.
    small = images[..., :600, :600]
    assert Tiler(CPU, overlap=8).split(blurring(), small, None) == (None, 0)
    assert Tiler(CPU, overlap=8).split(blurring(pools=True), small, None) == (512, 8)


def test_a_small_image_asks_for_no_memory(monkeypatch):
    monkeypatch.setattr(tiles, 'free_memory', None)
    monkeypatch.setattr(tiles, 'bytes_per_pixel', None)
    model = blurring()
    run(Tiler(CPU), model, planes(256, 256))
    assert model.backbone.seen == [(256, 256)]


def test_the_overlap_is_four_times_as_far_as_the_network_looks(monkeypatch):
    monkeypatch.setattr(tiles, 'OVERLAPS', (0, 64))
    model, images = blurring(), planes(8, 900)
    assert Tiler(CPU, 64).split(model, images, None) == (64, 8)
    assert Tiler(CPU, 64, 9).split(model, images, None) == (64, 9)
    model.halo = 12
    assert Tiler(CPU, 64).split(model, images, None) == (64, 12)
    assert Tiler(CPU, 'auto', 99)._overlap(model, images, None, 64) == 63
    monkeypatch.setattr(tiles, 'receptive_field', lambda *_, **__: None)
    assert Tiler(CPU, 512).split(model, images, None) == (512, 64)
    assert Tiler(CPU, 64).split(model, images, None) == (64, 16)


@pytest.mark.parametrize(
    'error',
    [
        MemoryError(),
        torch.OutOfMemoryError('CUDA error: out of it'),
        RuntimeError('DefaultCPUAllocator: not enough memory: you tried'),
    ],
)
def test_tiles_become_smaller_where_memory_does_not_suffice(error):
    model, images = blurring(scale=2, most=150 * 150), planes(300, 500)
    model.backbone.error = error
    tiler = Tiler(CPU, overlap=8)
    result = run(tiler, model, images)
    assert result.shape == (1, 3, 600, 1000)
    assert tiler.chosen == 'in tiles of 125, since larger ones do not fit into the memory'
    seen = len(model.backbone.seen)
    assert torch.equal(run(tiler, model, images), result)  # and it is not tried again
    assert max(model.backbone.seen[seen:]) <= (125, 125)
    model.backbone.most = 10**9
    assert torch.equal(result, tiled(model.restore, images, tile=125, overlap=8, scale=2))


def test_where_no_tile_is_small_enough_it_is_said():
    model = blurring(most=100)
    message = 'an image of 90 x 300 does not fit into the memory of cpu with this network'
    with pytest.raises(ValueError, match=message):
        run(Tiler(CPU), model, planes(90, 300))
    model.backbone.error = RuntimeError('another fault')
    with pytest.raises(RuntimeError, match='another fault'):
        run(Tiler(CPU), model, planes(90, 300))


@pytest.mark.parametrize('bits', [8, 16])
@pytest.mark.parametrize('tile', [None, 64])
def test_rounded_while_it_is_made_is_rounded_afterwards(bits, tile):
    image = smooth_image(90, 130)
    inferencer = Inferencer('bicubic-x2', tile=tile, overlap=8)
    inferencer.model = Chain([blurring(), blurring(scale=2)]).eval()
    result = inferencer(image, bits=bits)
    expected = to_integers(inferencer(image), bits)
    assert result.dtype == expected.dtype
    assert np.array_equal(result, expected)
    assert isinstance(inferencer.model.last, Restorer)
    inferencer.ensemble = True
    assert np.array_equal(inferencer(image, bits=bits), to_integers(inferencer(image), bits))


def test_damage_is_seen_in_a_part_too():
    model = blurring()
    model.backbone.body.weight.data.fill_(torch.nan)
    with pytest.raises(ValueError, match='values that are not finite; its weights are damaged'):
        run(Tiler(CPU, 64), model, planes(90, 130), bits=8)


def test_radiance_is_not_rounded():
    frames = [smooth_image(8, 8) / 4, smooth_image(8, 8)]
    with pytest.raises(ValueError, match='linear radiance is not rounded, got bits=8'):
        Inferencer('debevec')(frames, [0, 2], bits=8)


def test_windows_of_a_transform_stay_where_they_are():
    torch.manual_seed(0)
    block = {'type': 'RFFTBlock', 'window': 16}
    backbone = {'type': 'ResidualNet', 'num_feats': 4, 'num_blocks': 1, 'block': block}
    model = MODELS.build({'type': 'Restorer', 'backbone': backbone}).eval()
    assert (model.period, model.pools) == (12, False)
    images = planes(40, 250)
    with torch.no_grad():
        whole = model.restore(images)
        apart = {}
        for period in (1, 12):
            model.period = period
            result = run(Tiler(CPU, 170, 64), model, images)
            apart[period] = float((result - whole).abs().max())
    assert 0 < apart[12] < apart[1] / 3


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ((0,), r'tile: overlap must be in \[0, tile\), got 0 of 0'),
        ((8, 8), r'tile: overlap must be in \[0, tile\), got 8 of 8'),
        (('auto', -1), 'tile: overlap must be 0 or more, got -1'),
        (('large',), "tile: expected whole pixels, 'auto' or None, got 'large' and overlap None"),
        ((64, 1.5), "tile: expected whole pixels, 'auto' or None, got 64 and overlap 1.5"),
    ],
)
def test_what_is_no_tile_is_named(options, message):
    with pytest.raises((ValueError, TypeError), match=message):
        Tiler(CPU, *options)


@pytest.mark.parametrize(('name', 'halo'), [('ain-jpeg', 96), ('ain-x2', 48), ('ain-x3', 32)])
def test_the_halo_of_windows_is_in_pixels_of_what_is_divided(name, halo):
    assert load_restorer(name).halo == halo  # a window of 72 and a third, of the enlarged image
