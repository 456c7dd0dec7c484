"""What a model costs, by hand."""

from __future__ import annotations

import json

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from restorekit.inference import load_restorer
from restorekit.inference.measuring import CPU_ATTENTION, Field, cost, example, receptive_field
from restorekit.inference.memory import PeakMode
from restorekit.restorers.base import BaseRestorer
from tests.helpers import error_of, restorekit


class Stack(BaseRestorer):
    """Convolutions of given kernels, and maybe a mean over the image."""

    scale = 2

    def __init__(self, *kernels, globally=False):
        super().__init__()
        self.layers = nn.ModuleList(
            nn.Conv2d(3, 3, kernel, padding=tuple(k // 2 for k in kernel), bias=False)
            for kernel in kernels
        )
        self.globally = globally

    def restore(self, images, exposures=None):
        for layer in self.layers:
            images = layer(images)
        if self.globally:
            images = images + images.mean((2, 3), keepdim=True)
        return F.interpolate(images, scale_factor=2)


class Attention(BaseRestorer):
    def restore(self, images, exposures=None):
        tokens = images.flatten(2).transpose(1, 2)[None]
        return F.scaled_dot_product_attention(tokens, tokens, tokens)


class Rounded(BaseRestorer):
    def restore(self, images, exposures=None):
        return images.detach()


def test_the_receptive_field_of_convolutions():
    assert receptive_field(Stack((3, 3), (5, 3))) == Field(7, 5, most=7, side=64)
    found = receptive_field(Stack((65, 1), (65, 1)))
    assert (found.rows, found.columns, found.side) == (129, 1, 256)
    assert receptive_field(Stack((1, 1))) == Field(1, 1, most=1, side=64)


def test_the_receptive_field_of_what_looks_at_the_whole_image():
    field = receptive_field(Stack((3, 3), globally=True))
    assert (field.rows, field.columns, field.side) == (None, None, 256)
    assert field.most > 3
    assert receptive_field(Stack((3, 3), globally=True), (16, 8)).side == 16


def test_where_no_gradient_goes_through_there_is_no_receptive_field():
    assert receptive_field(Rounded()) is None


def test_multiply_adds_of_a_convolution_and_memory():
    model = Stack((3, 3))
    found = cost(model, 10, 20)
    assert found.multiply_adds == 3 * 3 * 9 * 200
    assert found.seconds > 0
    weights = 3 * 3 * 9 * 4 + sum(buffer.nbytes for buffer in model.buffers())
    # The image, the convolution's result and its enlargement are there at once, and some indices.
    expected = weights + 4 * 3 * 200 * (1 + 1 + 4)
    assert expected <= found.peak_bytes < expected + 1000


def test_multiply_adds_of_attention():
    if not hasattr(torch.ops.aten, CPU_ATTENTION.__name__):
        pytest.skip('another torch')
    assert cost(Attention(), 8, 8).multiply_adds == 2 * 64 * 64 * 3


@pytest.mark.parametrize(('name', 'shape'), [('ain-x2', (1, 1, 9, 7)), ('lffnet', (1, 3, 3, 9, 7))])
def test_what_is_measured_with_is_the_same_each_time(name, shape):
    model = load_restorer(name)
    (first, _), (again, _) = (example(model, 9, 7) for _ in range(2))
    assert first.shape == shape
    assert torch.equal(first, again)


def test_what_is_freed_is_not_counted_on():
    with PeakMode() as memory:
        first = torch.zeros(1000)
        del first
        second = torch.zeros(500) + 1
        assert memory.now == 2000
    del second
    assert memory.now == 0
    assert memory.peak == 4000


@pytest.mark.parametrize('name', ['bicubic-x2', 'ain/ain-small_x2_2k_bsd200.py'])
def test_summary_prints_json(name):
    done = restorekit('summary', name, '--json', '--sizes', '16', '--device', 'cpu')
    found = json.loads(done.stdout)
    assert (found['model'], found['scale'], found['device']) == (name, 2, 'cpu')
    assert found['parameters'] == (0 if name == 'bicubic-x2' else 214_785)
    assert [row['size'] for row in found['sizes']] == [[16, 16]]


def test_summary_prints_a_table():
    text = restorekit('summary', 'bicubic-x2', '--sizes', '16', '24').stdout
    assert 'bicubic-x2: Bicubic, x2, 3 channels\n' in text
    assert 'receptive field  5 x 5 pixels of the input; 99 % of the gradient in 5 x 5\n' in text
    assert '\n24 x 24             0.000 G' in text
    assert "no model or file 'ain-x9'" in error_of('summary', 'ain-x9')
    assert '--sizes: expected lengths >= 1, got 0' in error_of('summary', 'ain-x2', '--sizes', '0')
