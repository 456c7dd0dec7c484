"""What stands in a report, and that it is whole."""

from __future__ import annotations

import csv
import math
import re
from html.parser import HTMLParser

import numpy as np
import pytest
import torch

from restorekit.functional import mu_law
from restorekit.registry import METRICS
from restorekit.report import ModelResult, crop_of, run_curves, write_report
from restorekit.report.curves import Curve, _log_ticks, _thinned, _ticks
from restorekit.report.figures import Figures

ROWS = {'one': (30.0, 31.0), 'two': (20.0, 24.0), 'three': (25.0, 26.0)}


def metric(rows, kind='PSNR', baseline=True, **options):
    built = METRICS.build({'type': kind, 'baseline': baseline, **options})
    built.rows = [
        {'dataset': 'A_x2', 'setting': 'x2', 'name': name, 'value': value, 'input': before}
        for name, (before, value) in rows.items()
    ]
    return built


def sample(seed=0, size=(120, 200)):
    generator = torch.Generator().manual_seed(seed)
    gt = torch.rand(3, *size, generator=generator)
    return {'gt': gt, 'pred': gt.clone(), 'dataset': 'A_x2', 'name': 'one'}


def result(name='net', rows=None, **options):
    return ModelResult(name, 'config.py', f'{name}.pth', [metric(rows or ROWS)], **options)


class Tags(HTMLParser):
    """All elements with their attributes, and that they are closed."""

    def __init__(self, text):
        super().__init__()
        self.found, self.open = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        if tag not in ('meta', 'img', 'path'):
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag != 'path':
            assert self.open.pop() == tag


def test_the_crop_is_where_the_error_is_largest():
    data = sample()
    data['gt'] *= 0.8
    data['pred'] = data['gt'].clone()
    data['pred'][:, 16:112, 100:190] += 0.1
    crop = crop_of(data['gt'][:, ::2, ::2], data)
    assert crop.box == (16, 96, 96, 96)
    assert crop.size == (120, 200)
    expected = (data['gt'][:, 16:112, 96:192].permute(1, 2, 0).numpy() * 255 + 0.5).astype(np.uint8)
    np.testing.assert_array_equal(crop.gt, expected)
    assert [image.shape for image in (crop.restored, crop.error, *crop.inputs)] == [(96, 96, 3)] * 3
    assert crop.thumbnail.shape == (120, 200, 3)
    assert crop_of(data['gt'], data, box=(1, 2, 30, 40)).restored.shape == (30, 40, 3)


@pytest.mark.parametrize(
    ('error', 'colour'),
    [(0, (0, 0, 0)), (1 / 24, (255, 0, 0)), (1 / 12, (255, 255, 0)), (1 / 8, (255, 255, 255))],
)
def test_errors_are_drawn_from_black_to_white(error, colour):
    gt = torch.full((1, 8, 8), 0.5)
    crop = crop_of(gt, {'gt': gt, 'pred': gt + error})
    assert abs(crop.error.astype(int) - colour).max() <= 1


def test_crops_of_brackets_of_radiance_without_ground_truth():
    frames, pred = torch.rand(3, 3, 20, 30), torch.rand(3, 20, 30) * 2
    crop = crop_of(frames, {'pred': pred}, linear=True)
    assert len(crop.inputs) == 3
    assert crop.gt is crop.error is None
    expected = mu_law(pred.clamp(0, 1)).permute(1, 2, 0).numpy() * 255
    assert abs(crop.restored - expected).max() <= 0.5 + 1e-4
    assert crop.box == (0, 0, 20, 30)


def test_images_are_sorted_worst_first_and_the_best_mean_is_bold(tmp_path):
    better = {name: (before, value + 1) for name, (before, value) in ROWS.items()}
    write_report(tmp_path, [result(), result('<b>&', better)])
    page = (tmp_path / 'report.html').read_text()
    names = re.findall(r'<tr><td class="text">(one|two|three)<', page)
    assert names == ['two', 'three', 'one']
    assert '<td>3</td><td>25.00</td><td>27.00 <small>+2.00</small></td>' in page
    assert '<td class=best>28.00 <small>+3.00</small></td>' in page
    assert '<b>&,' not in page
    assert '&lt;b&gt;&amp;' in page


def test_the_page_is_one_file_that_fetches_nothing(tmp_path):
    data = sample()
    data['pred'][:, :50] += 0.2
    crop = crop_of(data['gt'], data)
    curves = [Curve('loss', ((1, 0.5), (100, 0.1))), Curve('A_x2/PSNR', ((50, 30.0), (100, 31.0)))]
    models = [result(crops={('A_x2', 'one'): crop}, curves=curves), result('other')]
    write_report(tmp_path, models)
    page = (tmp_path / 'report.html').read_text()
    tags = Tags(page)
    assert tags.open == []
    sources = [attrs['src'] for tag, attrs in tags.found if 'src' in attrs]
    assert len(sources) == 5  # whole, input, net, ground truth, error of net
    assert all(source.startswith('data:image/png;base64,') for source in sources)
    assert not re.search(r'https?:|url\(|@import|<link', page)
    assert 'prefers-color-scheme: dark' in page
    assert page.count('role="img"') == 2
    write_report(tmp_path / '.', models)
    assert (tmp_path / 'report.html').read_text() == page


def test_another_size_is_not_compared_pixel_by_pixel(tmp_path):
    crops = [crop_of(d['gt'], d) for d in (sample(), sample(size=(60, 60)))]
    models = [
        result(name, crops={('A_x2', 'one'): crop}) for name, crop in zip('ab', crops, strict=True)
    ]
    write_report(tmp_path, models)
    page = (tmp_path / 'report.html').read_text()
    assert 'alt="error of a"' in page
    assert 'alt="error of b"' not in page


def test_the_table_holds_every_figure(tmp_path):
    write_report(tmp_path, [result()])
    with (tmp_path / 'report.csv').open() as file:
        rows = list(csv.DictReader(file))
    assert [(r['image'], float(r['restored']), float(r['input'])) for r in rows] == [
        ('one', 31, 30),
        ('two', 24, 20),
        ('three', 26, 25),
    ]
    assert rows[0]['protocol'].startswith('PSNR: channels as restored')


def test_means_are_over_the_images_that_all_models_share():
    fewer = result('fewer', {name: ROWS[name] for name in ('one', 'two')})
    figures = Figures([result(), fewer])
    assert figures.means('PSNR', 'A_x2') == (2, [25.0, 27.5, 27.5])


def test_another_protocol_says_whose_it_is():
    other = ModelResult('other', 'c.py', None, [metric(ROWS, crop_border=2)])
    first, second = Figures([result(), other]).protocols()
    assert first.endswith('(net)')
    assert 'crop border 2' in second
    assert second.endswith('(other)')


def test_a_report_without_figures_is_refused(tmp_path):
    with pytest.raises(ValueError, match='report: no image has a figure'):
        write_report(tmp_path, [ModelResult('net', 'c.py', None, [])])
    assert list(tmp_path.iterdir()) == []


def test_neither_file_is_written_where_one_cannot_be(tmp_path, monkeypatch):
    write_report(tmp_path, [result()])
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    monkeypatch.setattr('restorekit.report.page.PAGE', 'no/folder/report.html')
    with pytest.raises(OSError, match=r'report\.html: cannot be written'):
        write_report(tmp_path, [result(rows={'one': (1.0, 2.0)})])
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_curves_of_a_run_that_was_killed_and_resumed(tmp_path):
    for name, lines in {
        '20260101_000000': ['{"loss": 3, "lr": 1, "step": 1}', '{"loss": 2, "step": 2}', '{"los'],
        '20260102_000000': ['{"loss": 1.5, "step": 2}', '{"A/PSNR": 30, "time": 1, "step": 2}']
        + ['{"A/PSNR": NaN, "step": 4}', '7'],
    }.items():
        folder = tmp_path / name / 'vis_data'
        folder.mkdir(parents=True)
        (folder / 'scalars.json').write_text('\n'.join(lines))
    assert run_curves(tmp_path) == [
        Curve('loss', ((1, 3.0), (2, 1.5))),
        Curve('A/PSNR', ((2, 30.0),)),
    ]
    assert run_curves(tmp_path / 'nothing') == []


def test_curves_are_thinned_and_have_round_ticks():
    points = _thinned(tuple((x, float(x)) for x in range(1000)))
    assert len(points) == 250
    assert points[0] == (1.5, 1.5)
    assert _ticks(0.3, 9.9) == [2, 4, 6, 8]
    assert _log_ticks(-2.1, -0.5) == pytest.approx(
        [math.log10(y) for y in (0.01, 0.02, 0.05, 0.1, 0.2)]
    )
    assert _ticks(-1.2, -0.9) == pytest.approx([-1.2, -1.1, -1.0, -0.9])
