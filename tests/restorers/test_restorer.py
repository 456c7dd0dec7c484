import pytest
import torch
from torch import nn

from restorekit.data_sample import DataSample
from restorekit.functional import imresize, rgb_to_ycbcr
from restorekit.registry import BACKBONES, MODELS

L1 = {'l1': {'type': 'L1Loss'}}


class TwoSteps(nn.Module):
    """A backbone with named outputs, one of them a list."""

    scale = 1

    def __init__(self):
        super().__init__()
        self.gain = nn.Parameter(torch.tensor(0.5))

    def forward(self, inputs):
        return self.forward_train(inputs)['output']

    def forward_train(self, inputs):
        steps = [inputs * self.gain, inputs * self.gain**2]
        return {'steps': steps, 'output': steps[-1]}


@pytest.fixture
def two_steps():
    BACKBONES.register_module(module=TwoSteps, force=True)
    yield {'type': 'TwoSteps'}
    del BACKBONES.module_dict['TwoSteps']


def batch(count=2, size=8, scale=1, channels=3):
    samples = [
        DataSample(gt=torch.rand(channels, size * scale, size * scale), metainfo={'name': str(i)})
        for i in range(count)
    ]
    return torch.rand(count, channels, size, size), samples


def test_losses_are_weighted_named_and_summed_over_steps(two_steps):
    losses = {
        'last': {'type': 'L1Loss', 'weight': 3.0},
        'steps': {'type': 'MSELoss', 'pred': 'steps', 'target': 'gt'},
    }
    model = MODELS.build({'type': 'Restorer', 'backbone': two_steps, 'losses': losses})
    inputs, samples = batch()
    gt = torch.stack([sample.gt for sample in samples])
    result = model(inputs, samples, mode='loss')
    last, first = inputs * 0.25, inputs * 0.5
    torch.testing.assert_close(result['loss_last'], 3 * (last - gt).abs().mean())
    squares = (first - gt).square().mean() + (last - gt).square().mean()
    torch.testing.assert_close(result['loss_steps'], squares)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({'pred': 'stepz'}, "pred='stepz', which is not there; did you mean 'steps'"),
        ({'target': 'gtt'}, "target='gtt', which is not there; did you mean 'gt'"),
    ],
)
def test_a_loss_on_something_that_is_not_there(two_steps, options, message):
    model = MODELS.build(
        {'type': 'Restorer', 'backbone': two_steps, 'losses': {'l': {'type': 'L1Loss', **options}}}
    )
    with pytest.raises(ValueError, match=message):
        model(*batch(), mode='loss')


def test_pre_upscale_is_matlabs_bicubic():
    model = MODELS.build(
        {'type': 'Restorer', 'backbone': {'type': 'Bicubic', 'scale': 1}, 'pre_upscale': 3}
    )
    inputs, _ = batch()
    assert model.scale == 3
    torch.testing.assert_close(model(inputs), imresize(inputs, 3))


def test_predict_takes_images_of_different_sizes():
    model = MODELS.build({'type': 'Restorer', 'backbone': {'type': 'Bicubic', 'scale': 2}})
    images = [torch.rand(3, 5, 6), torch.rand(3, 9, 4)]
    result = model(images, [DataSample(), DataSample()], mode='predict')
    assert [sample.pred.shape for sample in result] == [(3, 10, 12), (3, 18, 8)]


def test_preprocessor_translates_both_ways():
    preprocessor = {'type': 'ImagePreprocessor', 'color': 'bgr', 'mean': 0.5, 'std': [0.5, 1, 2]}
    model = MODELS.build(
        {'type': 'Restorer', 'backbone': {'type': 'Bicubic'}, 'data_preprocessor': preprocessor}
    )
    image = torch.rand(1, 3, 4, 4)
    seen = model.data_preprocessor.encode(image)
    torch.testing.assert_close(seen[:, 0], (image[:, 2] - 0.5) / 0.5)
    torch.testing.assert_close(seen[:, 2], (image[:, 0] - 0.5) / 2)
    torch.testing.assert_close(model(image), image)


def test_preprocessor_refuses_what_the_network_does_not_take():
    preprocessor = MODELS.build({'type': 'ImagePreprocessor', 'color': 'y'})
    sample = DataSample(metainfo={'files': {'lq': ['a.png']}})
    with pytest.raises(
        ValueError, match=r"color='y' takes 1 channels, got \(3, 4, 4\) from a\.png"
    ):
        preprocessor({'inputs': [torch.rand(3, 4, 4)], 'data_samples': [sample]})
    different = {'inputs': [torch.rand(1, 4, 4), torch.rand(1, 4, 5)], 'data_samples': None}
    assert len(preprocessor(different)['inputs']) == 2
    with pytest.raises(ValueError, match=r'must have one size, .*PairedRandomCrop'):
        preprocessor(different, training=True)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({'color': 'hsv'}, "got 'hsv'"),
        ({'mean': [0, 0]}, r'one number or 3, got \[0, 0\]'),
        ({'std': 0}, 'std must be > 0, got 0'),
    ],
)
def test_preprocessor_options_are_checked(options, message):
    with pytest.raises(ValueError, match=message):
        MODELS.build({'type': 'ImagePreprocessor', **options})


def test_modes():
    model = MODELS.build({'type': 'Restorer', 'backbone': {'type': 'Bicubic'}})
    with pytest.raises(ValueError, match="got 'prediction'"):
        model(*batch(), mode='prediction')
    with pytest.raises(ValueError, match='losses are empty'):
        model(*batch(), mode='loss')


@pytest.mark.parametrize('channels_last', [False, True])
def test_channels_last_is_what_the_network_gets(channels_last):
    torch.manual_seed(0)
    backbone = {'type': 'ResidualNet', 'num_feats': 4, 'num_blocks': 1}
    options = {'type': 'Restorer', 'backbone': backbone}
    plain = MODELS.build(options)
    model = MODELS.build({**options, 'channels_last': channels_last})
    model.load_state_dict(plain.state_dict())
    seen = []
    model.backbone.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    images, _ = batch()
    torch.testing.assert_close(model.restore(images), plain.restore(images))
    layout = {'memory_format': torch.channels_last}
    weights = next(p for p in model.backbone.parameters() if p.ndim == 4 and p.shape[2] > 1)
    assert seen[0].is_contiguous(**layout) == weights.is_contiguous(**layout) == channels_last


class TestColour:
    """Gray images through networks for colour, and colour ones through networks for luma."""

    def build(self, color, scale=2):
        return MODELS.build(
            {
                'type': 'Restorer',
                'data_preprocessor': {'type': 'ImagePreprocessor', 'color': color},
                'backbone': {'type': 'Bicubic', 'scale': scale},
            }
        )

    def test_a_luma_network_keeps_the_chroma(self):
        images = torch.rand(2, 3, 6, 7)
        restored = self.build('y').restore(images)
        torch.testing.assert_close(restored, imresize(images, 2), rtol=1e-4, atol=1e-5)

        class Brighter(nn.Module):
            scale = 1

            def forward(self, x):
                return x + 0.1

        model = self.build('y', scale=1)
        model.backbone = Brighter()
        luma = rgb_to_ycbcr(model.restore(images)) - rgb_to_ycbcr(images)
        expected = torch.tensor([0.1, 0, 0]).view(3, 1, 1).expand_as(luma)
        torch.testing.assert_close(luma, expected, rtol=0, atol=1e-5)

    def test_a_colour_network_takes_gray_images(self):
        images = torch.rand(2, 1, 6, 7)
        restored = self.build('rgb').restore(images)
        torch.testing.assert_close(restored, imresize(images, 2))

    def test_other_numbers_of_channels(self):
        with pytest.raises(ValueError, match=r'gray images, or images of 3 .*got \(1, 4, 5, 5\)'):
            self.build('y').restore(torch.rand(1, 4, 5, 5))


@pytest.mark.parametrize('size', [(5, 40), (40, 5), (16, 16), (1, 1)])
def test_images_smaller_than_the_network_takes_are_padded(size):
    config = {
        'type': 'Restorer',
        'data_preprocessor': {'type': 'ExposurePreprocessor'},
        'backbone': {
            'type': 'AHDRNet',
            'num_feats': 4,
            'num_blocks': 1,
            'fusion_block': {'type': 'RFFTBlock', 'window': 64},
        },
    }
    model = MODELS.build(config).eval()
    assert model.backbone.min_size == 17
    frames, exposures = torch.rand(2, 3, 3, *size), torch.tensor([[0.0, 2, 4]] * 2)
    height, width = size
    rows = [min(row, height - 1) for row in range(max(height, 17))]
    columns = [min(column, width - 1) for column in range(max(width, 17))]
    with torch.no_grad():
        whole = model.restore(frames[..., rows, :][..., columns], exposures)
        torch.testing.assert_close(model.restore(frames, exposures), whole[..., :height, :width])


def test_the_mode_reaches_every_part():
    model = MODELS.build(
        {'type': 'Restorer', 'backbone': {'type': 'AIN', **BACKBONES.get('AIN').example}}
    )
    assert model.train() is model
    model.backbone.tail[0].eval()
    assert all(part.training for part in model.train().modules())
    assert not any(part.training for part in model.eval().modules())
