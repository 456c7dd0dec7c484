"""`restorekit table`: rows that run, rows that cannot, and a run that goes on."""

from __future__ import annotations

import json

import pytest
import torch

from restorekit.cli import table as command
from restorekit.config import load_config
from restorekit.io import write_image
from restorekit.registry import MODELS
from tests.conftest import smooth_image
from tests.helpers import error_of, restorekit

TABLE = """
title: A table
sets: {Set14: [PSNR, SSIM], Set5: [PSNR]}
notes: [a note]
rows:
  - {system: Bicubic, setting: x2, config: bicubic/bicubic_x2.py, paper: {Set5: [33.66]}}
  - {system: FSRCNN, setting: x2, config: fsrcnn/fsrcnn_x2_2k_bsd200.py, weights: [small]}
  - {system: VDSR, setting: x2, config: vdsr/vdsr-published_x2.py, weights: [small]}
  - {system: SRCNN, setting: x2, config: srcnn/srcnn_x2_2k_bsd200.py, weights: [nothing]}
  - {system: SCN, setting: x2}
  - {system: LIVE1, config: bicubic/identity_jpeg-q10.py}
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A table, one test set, and weights of one of its networks."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv('RESTOREKIT_DATA', str(tmp_path))
    monkeypatch.delenv('RESTOREKIT_WEIGHTS', raising=False)
    (tmp_path / 't.yml').write_text(TABLE)
    (tmp_path / 'sr/Set5/HR').mkdir(parents=True)
    write_image(tmp_path / 'sr/Set5/HR/a.png', smooth_image(24, 32))
    model = MODELS.build(load_config('fsrcnn/fsrcnn_x2_2k_bsd200.py').model)
    (tmp_path / 'weights').mkdir()
    torch.save({'state_dict': model.state_dict()}, tmp_path / 'weights/small.pth')
    return tmp_path


def lines(folder):
    text = (folder / 'work_dirs/tables/t/t.md').read_text()
    return text, {
        cells[1]: cells[2:-1]
        for cells in ([cell.strip() for cell in line.split('|')] for line in text.splitlines())
        if len(cells) > 3
    }


@pytest.mark.slow
def test_each_row_is_run_or_says_why_not(folder):
    result = restorekit('table', 't.yml', '--weights', 'weights')
    text, rows = lines(folder)
    assert float(rows['Bicubic'][6]) > 20  # though Set14 is not there
    assert rows['Bicubic'][4] == '-'
    assert rows['Bicubic'][7] == '33.66'
    assert rows['FSRCNN'][1] == '12,809'
    assert float(rows['FSRCNN'][2]) > 0
    assert float(rows['FSRCNN'][6]) > 0
    assert rows['VDSR'][4] == 'could not be run'
    assert 'VDSR x2: ' in result.stderr
    assert rows['SRCNN'][4] == 'not trained here'
    assert rows['SCN'][4] == 'not implemented'
    assert rows['LIVE1'][4] == '-'
    assert '- a note' in text
    assert 'crop border' in text
    for ending in ('csv', 'tex'):
        assert (folder / f'work_dirs/tables/t/t.{ending}').is_file()


@pytest.mark.slow
def test_a_run_goes_on_with_the_rows_it_has(folder, monkeypatch):
    restorekit('table', 't.yml', '--weights', 'weights', '--sets', 'Set5')
    store = folder / 'work_dirs/tables/t/rows.json'
    known = json.loads(store.read_text())
    store.write_text(json.dumps({'Bicubic x2': known['Bicubic x2']}))
    ran = []
    run_row = command._run_row
    monkeypatch.setattr(
        command,
        '_run_row',
        lambda table, row, *rest: ran.append(row.system) or run_row(table, row, *rest),
    )
    restorekit('table', 't.yml', '--weights', 'weights', '--sets', 'Set5')
    assert ran == ['FSRCNN', 'VDSR', 'LIVE1']
    assert json.loads(store.read_text())['FSRCNN x2']['figures'] == known['FSRCNN x2']['figures']


def test_a_test_set_that_the_table_lacks_is_named(folder):
    error = error_of('table', 't.yml', '--sets', 'Set55')
    assert "t has no test set 'Set55'; did you mean 'Set5'" in error


def test_tables_are_listed():
    assert 'ammsnet-table2' in restorekit('table').stdout.splitlines()


def test_a_chains_weights_are_joined(tmp_path):
    torch.save({'state_dict': {'backbone.a': torch.ones(1)}}, tmp_path / 'a.pth')
    joined = command.joined([None, tmp_path / 'a.pth'], tmp_path)
    state = torch.load(joined, weights_only=True)['state_dict']
    assert list(state) == ['steps.1.backbone.a']
    assert command.joined([None, None], tmp_path) is None
