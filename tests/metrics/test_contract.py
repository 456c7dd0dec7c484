"""What every entry of METRICS promises; a new one is tested by being registered."""

import pytest
import torch

from restorekit.data_sample import DataSample
from restorekit.metrics import ImageMetric, results_table
from restorekit.registry import METRICS, MODELS

HALF = [torch.bfloat16, torch.float16]
NAMES = [name for name in METRICS if issubclass(METRICS.get(name), ImageMetric)]


@pytest.fixture(params=NAMES)
def metric(request):
    return METRICS.build({'type': request.param, 'baseline': True})


@pytest.fixture
def lq():
    return torch.rand(3, 3, 24, 24)


@pytest.fixture
def sample(lq):
    gt = lq.mean(0)
    return {
        'pred': (gt + 0.05 * torch.randn_like(gt)).clamp(0, 1),
        'gt': (gt + 0.1 * torch.randn_like(gt)).clamp(0, 1),
        'exposures': torch.tensor([0.0, 1.0, 2.0]),
        'dataset': 'toy',
        'name': 'a',
    }


@pytest.mark.parametrize('dtype', HALF)
def test_figures_under_autocast(metric, lq, sample, dtype):
    expected = metric.row(lq, sample, baseline=True)
    assert expected['value'] != expected['input']
    with torch.autocast('cpu', dtype=dtype):
        assert metric.row(lq, sample, baseline=True) == expected


@pytest.mark.parametrize('dtype', HALF)
def test_gradient_under_autocast(metric, lq, sample, dtype):
    target = metric.prepare(metric.target(lq, sample), 0).float()
    pred = metric.prepare(sample['pred'], 0).float().requires_grad_()

    def gradient():
        return torch.autograd.grad(metric.score(pred, target, [sample]).sum(), pred)[0]

    expected = gradient()
    assert expected.any()
    with torch.autocast('cpu', dtype=dtype):
        torch.testing.assert_close(gradient(), expected)


@pytest.mark.parametrize('dtype', HALF)
def test_figures_of_results_in_half_precision(metric, lq, sample, dtype):
    half = sample | {'pred': sample['pred'].to(dtype)}
    rounded = sample | {'pred': half['pred'].float()}
    value = metric.row(lq, half, baseline=False)['value']
    assert value == metric.row(lq, rounded, baseline=False)['value']


def test_all_is_compared_where_the_result_is(metric, lq, sample, monkeypatch):
    places = []

    def score(pred, target, samples):
        places.append((pred.device.type, target.device.type))
        return torch.zeros(1)

    monkeypatch.setattr(metric, 'score', score)
    metric.row(lq, sample | {'pred': sample['pred'].to('meta')}, baseline=True)
    assert places == [('meta', 'meta')] * 2


def test_what_the_network_computed_in_is_said_where_it_is_not_float32():
    restorer = MODELS.build({'type': 'Restorer', 'backbone': {'type': 'Bicubic', 'scale': 2}})
    metric = METRICS.build({'type': 'PSNR'})
    lq, gt = torch.rand(1, 3, 8, 8), torch.rand(3, 16, 16)
    for dtype, said in ((None, ''), (torch.bfloat16, '; network computed in bfloat16')):
        samples = [DataSample(gt=gt, metainfo={'dataset': 'toy', 'name': 'a'})]
        with torch.autocast('cpu', dtype=dtype, enabled=dtype is not None):
            restorer.predict(lq, samples)
        metric.process({'inputs': lq}, [entry.to_dict() for entry in samples])
        metric.evaluate(1)
        assert results_table([metric]).endswith(f'; mean over images{said}')
