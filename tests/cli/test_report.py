"""`restorekit test` of several models, and its report."""

from __future__ import annotations

import re

import pytest

from tests.engine.conftest import run, tiny_config
from tests.helpers import error_of, ranks, restorekit


@pytest.fixture(scope='module')
def trained(tmp_path_factory):
    """A config file, and a run with two checkpoints."""
    from tests.conftest import write_photos

    folder = tmp_path_factory.mktemp('report')
    config = tiny_config(write_photos(folder / 'photos'), folder / 'run')
    config.train_cfg.update(max_iters=4, val_interval=2)
    config.default_hooks.checkpoint.interval = 2
    config.dump(folder / 'tiny.py')
    run(config, 'report')
    return folder


def test_several_models_in_one_report(trained, tmp_path):
    config, weights = trained / 'tiny.py', [trained / f'run/iter_{n}.pth' for n in (2, 4)]
    models = [word for path in weights for word in ('-m', f'{config}={path}')]
    command = ('test', *models, '--work-dir', tmp_path / 'w', '--report', tmp_path / 'r')
    done = restorekit(*command, '--report-images', '2')
    assert '| tiny iter_4 | q20 |' in done.stdout
    assert f'The report is {tmp_path}/r/report.html' in done.stdout
    page = (tmp_path / 'r/report.html').read_text()
    assert 'Test of tiny iter_2, tiny iter_4' in page
    assert page.count('<article><h3>') == 2 + 3  # images and charts
    assert page.count('alt="error of tiny iter_4"') == 2
    assert re.findall('<h3>(loss|photos.*?)<', page) == [
        'loss',
        'photos_q20/PSNR',
        'photos_q20/SSIM',
    ]
    assert len((tmp_path / 'r/report.csv').read_text().splitlines()) == 1 + 2 * 2 * 6
    assert len(list((tmp_path / 'w').iterdir())) == 2
    values = [float(value) for value in re.findall(r'data-value="([\d.]+)"', page)]
    rows = [values[at] for at in range(1, 6 * 5, 5)]  # columns: input and two PSNR, two SSIM
    assert rows == sorted(rows)
    before = [(tmp_path / 'r' / name).read_bytes() for name in ('report.html', 'report.csv')]
    restorekit(*command, '--report-images', '2')
    assert before == [(tmp_path / 'r' / n).read_bytes() for n in ('report.html', 'report.csv')]


def test_slips_are_named_before_any_test(trained, tmp_path):
    config, weights = trained / 'tiny.py', trained / 'run/iter_2.pth'
    work = ('--work-dir', tmp_path / 'w')
    (tmp_path / 'file').touch()
    message = error_of('test', config, weights, *work, '--report', tmp_path / 'file')
    assert f'{tmp_path}/file: the folder cannot be written' in message
    message = error_of('test', config, weights, *work, '--report-images', '-1')
    assert '--report-images: expected a number >= 0, got -1' in message
    message = error_of('test', config, '-m', 'ain-x2', *work)
    assert 'name either a config and its checkpoint, or models (-m NAME)' in message
    message = error_of('test', '-m', f'{config}={weights}', '-m', 'ain-y2', *work)
    assert "no model or file 'ain-y2'" in message
    assert not (tmp_path / 'w').exists()


@pytest.mark.slow
def test_two_processes_write_the_report_of_one(trained, tmp_path):
    config, weights = trained / 'tiny.py', trained / 'run/iter_4.pth'
    command = ['test', '-m', f'{config}={weights}', '--report-images', '3']
    restorekit(*command, '--work-dir', tmp_path / 'w1', '--report', tmp_path / 'one')
    command += ['--work-dir', tmp_path / 'w2', '--report', tmp_path / 'two']
    ranks(2, *command)
    for name in ('report.html', 'report.csv'):
        assert (tmp_path / 'one' / name).read_bytes() == (tmp_path / 'two' / name).read_bytes()


def test_in_half_precision_it_is_said(trained, tmp_path):
    words = ('test', trained / 'tiny.py', trained / 'run/iter_4.pth', '--work-dir')
    full = restorekit(*words, tmp_path / 'a').stdout
    half = restorekit(*words, tmp_path / 'b', '--precision', 'bfloat16').stdout
    assert 'computed in' not in full
    assert 'mean over images; network computed in bfloat16' in half
    assert re.search(r'^device .*, bfloat16$', half, re.MULTILINE)
    (first,), (second,) = ((tmp_path / name).rglob('results.json') for name in 'ab')
    assert first.read_bytes() != second.read_bytes()
