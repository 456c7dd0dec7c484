"""Images through an Inferencer: whole, in tiles, and as the model itself restores them."""

from __future__ import annotations

from unittest import mock

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mmengine.config import Config
from PIL import Image
from torch import nn

from restorekit.contracts import Backbone
from restorekit.inference import Inferencer
from restorekit.inference.inferencer import device_of
from restorekit.inference.loading import load_restorer
from restorekit.registry import BACKBONES, MODELS
from restorekit.restorers import BaseRestorer
from tests.conftest import smooth_image

DOCONV = {'type': 'ResidualBlock', 'conv_cfg': {'type': 'DOConv2d'}}


class Pointwise(Backbone):
    """Looks no further than one pixel, so that tiles give what the whole gives; trains unlike."""

    def __init__(self, *, channels: int = 3, scale: int = 1):
        super().__init__()
        self.scale = scale
        norm = nn.BatchNorm2d(channels)
        norm.running_mean.fill_(0.2)
        self.body = nn.Sequential(nn.Conv2d(channels, channels, 1), norm, nn.Dropout(0.5))

    def forward(self, inputs):
        restored = self.body(inputs)
        return restored.repeat_interleave(self.scale, -1).repeat_interleave(self.scale, -2)


class Sum(BaseRestorer):
    """The sum of the frames, as radiance or as an image."""

    takes_bracket = True

    def __init__(self, linear: bool = True, sign: int = 1):
        super().__init__()
        self.linear, self.sign = linear, sign

    def restore(self, images, exposures=None):
        return self.sign * images.sum(1)


@pytest.fixture(scope='module', autouse=True)
def _parts():
    BACKBONES.register_module(module=Pointwise)
    MODELS.register_module(module=Sum)
    yield
    del BACKBONES.module_dict['Pointwise'], MODELS.module_dict['Sum']


@pytest.fixture(scope='module')
def networks(tmp_path_factory):
    """By color and scale: config file, weights, and the model in evaluation mode."""
    folder, found = tmp_path_factory.mktemp('networks'), {}
    for color, channels in (('rgb', 3), ('y', 1)):
        for scale in (1, 2, 3, 4):
            options = {
                'type': 'Restorer',
                'data_preprocessor': {'type': 'ImagePreprocessor', 'color': color},
                'backbone': {'type': 'Pointwise', 'channels': channels, 'scale': scale},
            }
            path = folder / f'{color}{scale}.py'
            path.write_text(f'model = {options!r}\n')
            model = MODELS.build(options)
            torch.save({'state_dict': model.state_dict()}, path.with_suffix('.pth'))
            found[color, scale] = path, path.with_suffix('.pth'), model.eval()
    return found


@settings(max_examples=20)
@given(
    st.sampled_from(['rgb', 'y']),
    st.integers(1, 4),
    st.sampled_from([1, 3]),
    st.integers(1, 40),
    st.integers(1, 40),
    st.data(),
)
def test_tiles_whole_and_model_agree(networks, color, scale, channels, height, width, data):
    config, weights, model = networks[color, scale]
    tile = data.draw(st.integers(2, 24))
    overlap = data.draw(st.integers(0, tile - 1))
    image = smooth_image(height, width, channels)
    with torch.no_grad():
        restored = model.restore(torch.from_numpy(image.transpose(2, 0, 1))[None])
    expected = restored.clamp(0, 1)[0].permute(1, 2, 0).numpy()
    assert expected.shape[:2] == (scale * height, scale * width)
    result = Inferencer(config, weights)(image)
    np.testing.assert_allclose(result, expected, atol=1e-5)
    if color == 'y' and channels == 3 and scale > 1:
        return  # the chroma is enlarged by bicubic, which looks past a tile's border
    result = Inferencer(config, weights, tile=tile, overlap=overlap)(image)
    np.testing.assert_allclose(result, expected, atol=1e-5)


def test_radiance_is_not_clipped_above_and_images_are(tmp_path):
    frames = [np.full((4, 5, 3), 0.75, np.float32)] * 2
    for linear, sign, expected in ((True, 1, 1.5), (False, 1, 1.0), (True, -1, 0), (False, -1, 0)):
        (tmp_path / 'sum.py').write_text(
            f"model = dict(type='Sum', linear={linear}, sign={sign})\n"
        )
        for options in ({}, {'tile': 3, 'overlap': 1}):
            result = Inferencer(tmp_path / 'sum.py', **options)(frames, [0, 2])
            np.testing.assert_allclose(result, expected)


def test_gray_through_a_network_for_colour_and_the_reverse(networks):
    for color, channels in (('rgb', 1), ('y', 3)):
        config, weights, model = networks[color, 2]
        image = smooth_image(6, 7, channels)
        result = Inferencer(config, weights)(image)
        tensor = torch.from_numpy(image.transpose(2, 0, 1))[None]
        with torch.no_grad():
            expected = model.restore(tensor).clamp(0, 1)[0].permute(1, 2, 0)
        assert result.shape == (12, 14, channels)
        np.testing.assert_allclose(result, expected, atol=1e-6)


@pytest.mark.parametrize(
    ('image', 'message'),
    [
        (None, 'expected an array or a list of arrays, got NoneType'),
        ('photo.png', 'expected an array or a list of arrays, got str'),
        (Image.new('RGB', (8, 8)), r'got Image; of a PIL image take np\.asarray\(image\) / 255'),
        (np.zeros((0, 8, 3)), r'and one size, got \(0, 8, 3\)'),
        (np.zeros((8, 8, 3), np.uint8), r'of floats and one size, got \(8, 8, 3\) uint8'),
        (np.full((2, 2, 3), np.nan), '12 of 12 values of the input are NaN or infinite'),
        ([np.zeros((8, 8, 3))] * 2, 'this model takes one image; got the other'),
    ],
)
def test_what_is_no_image_is_named(image, message):
    with pytest.raises((ValueError, TypeError), match=message):
        Inferencer('bicubic-x2')(image)


@pytest.mark.parametrize('exposures', [5, [0], [0, 0], [2, 0], [0, 200], ['0', '2']])
def test_exposures_in_python_are_checked_too(exposures):
    frames = [smooth_image(8, 8) / 4, smooth_image(8, 8)]
    with pytest.raises(ValueError, match='Inferencer: expected 2 exposures in EV that rise'):
        Inferencer('debevec')(frames, exposures)


def test_tiles_are_whole_pixels():
    with pytest.raises(TypeError, match=r"expected whole pixels, 'auto' or None, got 2\.5 and"):
        Inferencer('bicubic-x2', tile=2.5)


@pytest.mark.parametrize('gpu', [True, False])
def test_without_a_gpu_networks_convolve_in_channels_last(monkeypatch, gpu):
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: gpu)
    model = load_restorer('ain-x2')
    weight = next(p for p in model.backbone.parameters() if p.ndim == 4 and p.shape[1] > 1)
    assert weight.is_contiguous(memory_format=torch.channels_last) != gpu
    assert model.channels_last != gpu
    image = torch.rand(2, 1, 12, 10)
    with torch.inference_mode():
        result = model.restore(image)
    if not gpu:
        monkeypatch.setattr(torch.cuda, 'is_available', lambda: True)
        with torch.inference_mode():
            expected = load_restorer('ain-x2').restore(image)
        torch.testing.assert_close(result, expected, rtol=0, atol=1e-6)
    model.use_channels_last(False)
    assert weight.is_contiguous()
    assert not model.channels_last


@pytest.mark.parametrize('name', ['cuda', 'cuda:3', 'mps', 'xpu', 'hip', 'gpu', 'cuda:x', ''])
def test_a_device_that_is_absent_is_said_in_a_sentence(name, monkeypatch):
    try:
        torch.empty(0, device=name)
    except (RuntimeError, AssertionError):
        pass
    else:
        pytest.skip(f'{name} is there')
    with pytest.raises(ValueError, match=rf'^device {name!r} is not there \(.+\)$') as caught:
        Inferencer('bicubic-x2', device=name)
    assert len(str(caught.value)) < 300
    assert '. ' not in str(caught.value)


def test_what_torch_cannot_run_is_not_told_by_its_operators(monkeypatch):
    message = "Could not run 'aten::empty' with arguments from the 'MPS' backend. This could be"
    monkeypatch.setattr(torch, 'empty', mock.Mock(side_effect=NotImplementedError(message)))
    with pytest.raises(ValueError, match='is not there') as caught:
        device_of('mps')
    assert str(caught.value) == "device 'mps' is not there (this build of torch cannot use it)"


def test_only_what_is_computed_is_on_the_device(monkeypatch):
    """The image and the result stay where they are; a tile goes, and comes back."""
    seen = []
    to = torch.Tensor.to
    inferencer = Inferencer('bicubic-x2', tile=16, overlap=4)

    def note(tensor, *args, **kwargs):
        if args and args[0] is inferencer.tiler.device:
            seen.append(tuple(tensor.shape[-2:]))
        return to(tensor, *args, **kwargs)

    inferencer.tiler.device = torch.device('cpu')
    monkeypatch.setattr(torch.Tensor, 'to', note)
    inferencer(smooth_image(28, 28))
    assert seen == [(16, 16)] * 4


@pytest.mark.parametrize(('name', 'last'), [('CFNet', True), ('IFCNN', False)])
def test_brackets_are_in_the_order_in_which_their_network_is_faster(
    name, last, monkeypatch, tmp_path
):
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    example = BACKBONES.get(name).example
    config = Config({'model': {'type': 'Restorer', 'backbone': {'type': name, **example}}})
    torch.save({'state_dict': MODELS.build(config.model).state_dict()}, tmp_path / 'x.pth')
    model = load_restorer(config, tmp_path / 'x.pth')
    weight = next(p for p in model.backbone.parameters() if p.ndim == 4 and min(p.shape[1:]) > 1)
    assert weight.is_contiguous(memory_format=torch.channels_last) == last


def test_convolutions_are_folded_where_they_are_loaded(tmp_path):
    folded = {'type': 'ResidualNet', 'num_feats': 4, 'num_blocks': 1, 'block': DOCONV}
    config = Config({'model': {'type': 'Restorer', 'backbone': folded}})
    torch.save({'state_dict': MODELS.build(config.model).state_dict()}, tmp_path / 'a.pth')
    names = MODELS.build(config.model).state_dict()
    assert any(name.endswith('depth') for name in names)
    loaded = load_restorer(config, tmp_path / 'a.pth').state_dict()
    assert not any(name.endswith('depth') for name in loaded)


def test_an_ensemble_sees_all_eight_and_turns_them_back():
    restorer = Inferencer('ain-jpeg-color', device='cpu', ensemble=True, precision='float32')
    image = torch.from_numpy(smooth_image(8, 12)).permute(2, 0, 1)[None]
    expected = 0
    with torch.no_grad():
        for turns in range(4):
            for flip in ([], [-1]):
                result = restorer.model.restore(image.rot90(turns, (-2, -1)).flip(flip))
                expected = expected + result.flip(flip).rot90(-turns, (-2, -1)) / 8
    result = restorer(image[0].permute(1, 2, 0).numpy())
    np.testing.assert_allclose(result, expected[0].permute(1, 2, 0).clamp(0, 1), atol=1e-5)


def test_what_one_call_takes_is_checked():
    image, enlarge = smooth_image(8, 8), Inferencer('bicubic-x2')
    for bits in (12, '8'):
        with pytest.raises(ValueError, match=f'bits must be 8, 16 or None, got {bits!r}'):
            enlarge(image, bits=bits)
    with pytest.raises(ValueError, match=r'exposures are those of a bracket, got \[0\]'):
        enlarge(image, [0])
    with pytest.raises(ValueError, match='a list of no frames'):
        Inferencer('mertens')([])
    with pytest.raises(TypeError, match='a path or a Config, got dict; of a dict take mmengine'):
        Inferencer({'type': 'Restorer'})
