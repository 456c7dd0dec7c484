import pytest
import torch

from restorekit.functional import imresize, psnr, psnr_b, rgb_to_y, ssim
from restorekit.metrics import PSNR
from restorekit.registry import METRICS


def sample(pred, gt, name='a', dataset='toy'):
    return {'pred': pred, 'gt': gt, 'name': name, 'dataset': dataset}


def evaluate(config, pairs, lqs=None):
    metric = METRICS.build(config)
    samples = [sample(p, g, name=str(i)) for i, (p, g) in enumerate(pairs)]
    metric.process({'inputs': lqs or [gt for _, gt in pairs]}, samples)
    return metric, metric.evaluate(len(pairs))


@pytest.fixture
def pairs():
    return [(torch.rand(3, *size), torch.rand(3, *size)) for size in ((16, 20), (24, 13))]


@pytest.mark.parametrize(
    ('name', 'title', 'function'),
    [('PSNR', 'PSNR', psnr), ('SSIM', 'SSIM', ssim), ('PSNRB', 'PSNR-B', psnr_b)],
)
def test_mean_over_images_of_the_functional(pairs, name, title, function):
    metric, result = evaluate({'type': name}, pairs)
    values = [function(p[None].double(), g[None].double()).item() for p, g in pairs]
    assert result == {f'toy/{title}': pytest.approx(sum(values) / 2)}
    assert [row['value'] for row in metric.rows] == pytest.approx(values)
    assert [row['name'] for row in metric.rows] == ['0', '1']


def test_protocol_is_applied_and_printed(pairs):
    config = {'type': 'PSNR', 'color': 'y', 'crop_border': 2, 'rounded': True}
    metric, result = evaluate(config, pairs[:1])
    pred, gt = ((image[None].double() * 255 + 0.5).floor() / 255 for image in pairs[0])
    expected = psnr(rgb_to_y(pred)[..., 2:-2, 2:-2], rgb_to_y(gt)[..., 2:-2, 2:-2]).item()
    assert result['toy/PSNR'] == pytest.approx(expected, abs=1e-9)
    for words in ('BT.601 luma', 'crop border 2', 'rounded to 8 bits'):
        assert words in metric.protocol


def test_values_are_clipped_first():
    gt = torch.ones(1, 12, 12)
    assert evaluate({'type': 'PSNR'}, [(gt + 5, gt)])[1]['toy/PSNR'] == torch.inf


def test_baseline_is_the_enlarged_input_and_the_border_follows_the_scale():
    gt, pred = torch.rand(2, 3, 24, 36)
    lq = torch.rand(3, 8, 12)
    config = {'type': 'PSNR', 'crop_border': 'scale', 'baseline': True}
    metric, _ = evaluate(config, [(pred, gt)], [lq])
    up = imresize(lq, 3).clamp(0, 1)[None, :, 3:-3, 3:-3]
    assert metric.rows[0]['input'] == pytest.approx(
        psnr(up, gt[None, :, 3:-3, 3:-3]).item(), abs=1e-4
    )


def test_datasets_are_kept_apart(pairs):
    metric = METRICS.build({'type': 'PSNR'})
    samples = [sample(*pairs[0], dataset='one'), sample(*pairs[1], dataset='two')]
    metric.process({'inputs': [p for p, _ in pairs]}, samples)
    assert set(metric.evaluate(2)) == {'one/PSNR', 'two/PSNR'}
    assert [row['images'] for row in metric.summary()] == [1, 1]


@pytest.mark.parametrize(
    ('pair', 'message'),
    [
        ((torch.rand(3, 8, 8), torch.rand(3, 8, 9)), r'toy/0 was restored to \(3, 8, 8\)'),
        ((torch.rand(3, 8, 8), None), 'PSNR: no image has a ground truth, in toy$'),
        ((torch.rand(3, 8, 8),) * 2, 'nothing is left of 8 x 8 after a border of 4'),
    ],
)
def test_errors_name_the_image(pair, message):
    with pytest.raises(ValueError, match=message):
        evaluate({'type': 'PSNR', 'crop_border': 4}, [pair], [torch.rand(3, 8, 8)])


def test_a_row_without_ground_truth():
    metric = METRICS.build({'type': 'PSNR'})
    with pytest.raises(ValueError, match='PSNR: toy/a has no ground truth'):
        metric.row(torch.rand(3, 8, 8), sample(torch.rand(3, 8, 8), None), baseline=False)


def test_two_of_a_kind_by_name(pairs):
    assert list(evaluate({'type': 'PSNR', 'name': 'PSNR-Y', 'color': 'y'}, pairs)[1]) == [
        'toy/PSNR-Y'
    ]


def test_psnr_b_has_the_protocol_of_all(pairs):
    config = {'type': 'PSNRB', 'color': 'y', 'rounded': True, 'name': 'B'}
    metric, result = evaluate(config, pairs[:1])
    pred, gt = ((image[None].double() * 255 + 0.5).floor() / 255 for image in pairs[0])
    assert result['toy/B'] == pytest.approx(psnr_b(rgb_to_y(pred), rgb_to_y(gt)).item(), abs=1e-9)
    assert 'B: BT.601 luma, crop border 0, clipped to [0, 1], rounded to 8 bits' in metric.protocol


def test_psnr_b_keeps_its_grid():
    with pytest.raises(ValueError, match='multiple of 8.*got 4'):
        METRICS.build({'type': 'PSNRB', 'crop_border': 4})


@pytest.mark.parametrize('color', ['rgb', None])
def test_colours_are_checked_without_a_registry_too(color):
    with pytest.raises(ValueError, match=f"PSNR: color must be 'as_is' . 'y', got {color!r}"):
        PSNR(color=color)


@pytest.mark.parametrize('options', [{'color': 'rgb'}, {'crop_border': -1}, {'crop_border': 'x'}])
def test_options_are_checked(options):
    with pytest.raises(ValueError, match='must be'):
        METRICS.build({'type': 'PSNR', **options})


def test_a_figure_that_is_nan_is_an_error():
    image, broken = torch.rand(3, 8, 8), torch.full((3, 8, 8), torch.nan)
    with pytest.raises(ValueError, match='PSNR: toy/0: PSNR is NaN; the restored image is not fin'):
        evaluate({'type': 'PSNR'}, [(broken, image)], [image])
    with pytest.raises(ValueError, match='is NaN; the restored image is finite, its ground truth'):
        evaluate({'type': 'PSNR'}, [(image, broken)], [image])
