"""`restorekit table`: rows that run, rows that cannot, and a run that goes on."""

from __future__ import annotations

import json

import pytest
import torch

from restorekit.cli import rows as command
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
  - {system: FSRCNN, setting: x2, config: fsrcnn/fsrcnn_x2_12k_bsd200.py, weights: [small]}
  - {system: VDSR, setting: x2, config: vdsr/vdsr-published_x2.py, weights: [small]}
  - {system: SRCNN, setting: x2, config: srcnn/srcnn_x2_2k_bsd200.py, weights: [nothing]}
  - {system: SCN, setting: x2}
  - {system: LIVE1, config: bicubic/identity_jpeg-q10.py}
  - {system: LapSRN, setting: x3, config: lapsrn_x3.py}
  - {system: Enlarged, setting: x4, config: bicubic/bicubic_x4.py}
"""
LAPSRN_X3 = """
_base_ = 'restorekit::lapsrn/lapsrn-published_x4.py'
scale = 3
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A table, one test set, and weights of one of its networks."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv('RESTOREKIT_DATA', str(tmp_path))
    monkeypatch.delenv('RESTOREKIT_WEIGHTS', raising=False)
    (tmp_path / 't.yml').write_text(TABLE)
    (tmp_path / 'lapsrn_x3.py').write_text(LAPSRN_X3)
    (tmp_path / 'sr/Set5/HR').mkdir(parents=True)
    write_image(tmp_path / 'sr/Set5/HR/a.png', smooth_image(24, 32))
    model = MODELS.build(load_config('fsrcnn/fsrcnn_x2_12k_bsd200.py').model)
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
    bicubic, fsrcnn = rows['Bicubic'], rows['FSRCNN']
    assert float(bicubic[6]) > 20  # though Set14 is not there
    assert bicubic[4] == 'test set not here'
    assert bicubic[7:] == ['33.66', 'a']
    assert fsrcnn[1] == '12,809'
    assert float(fsrcnn[2]) > 0
    assert float(fsrcnn[6]) > 0
    assert rows['SRCNN'][1] == '57,281'
    assert rows['SRCNN'][4] == 'not trained here'
    assert rows['SCN'][4] == 'not implemented'
    assert rows['LIVE1'][4] == 'test set not here'
    assert '- a note' in text
    assert 'Protocol a: of luma; PSNR: channels as restored, crop border = scale' in text
    assert '- GFLOPs: of a result of 480 x 320 pixels' in text
    assert '- s/image: the model alone, the mean of the images; on a processor, 1 thread' in text
    for ending in ('csv', 'tex'):
        assert (folder / f'work_dirs/tables/t/t.{ending}').is_file()
    # Weights of another network, and a scale that a network does not have: a sentence each.
    for row, reason in (('VDSR', 'VDSR x2 on Set5: '), ('LapSRN', 'LapSRN x3: ')):
        assert rows[row][6] == 'could not be run'
        [said] = [line for line in result.stderr.splitlines() if line.startswith(reason)]
        assert f'- {row} {reason.split()[1].rstrip(":")}: {said.partition(": ")[2]}' in text
    assert 'small.pth' in result.stderr
    assert 'LapSRN: scale must be' in result.stderr


@pytest.mark.slow
def test_a_killed_run_goes_on_with_the_sets_it_has(folder, monkeypatch):
    (folder / 'sr/Set14/HR').mkdir(parents=True)
    write_image(folder / 'sr/Set14/HR/b.png', smooth_image(24, 32))
    ran, measure_set = [], command._measure_set

    def killed_at(stop):
        def measure(table, row, dataset, *rest):
            if (row.key, dataset) == stop:
                raise KeyboardInterrupt
            ran.append((row.key, dataset))
            measure_set(table, row, dataset, *rest)

        monkeypatch.setattr(command, '_measure_set', measure)

    killed_at(('FSRCNN x2', 'Set5'))
    restorekit('table', 't.yml', '--weights', 'weights', expect=130)
    assert ran == [('Bicubic x2', 'Set14'), ('Bicubic x2', 'Set5'), ('FSRCNN x2', 'Set14')]
    store = folder / 'work_dirs/tables/t/rows.json'
    known = json.loads(store.read_text())
    ran.clear()
    killed_at(None)
    restorekit('table', 't.yml', '--weights', 'weights', '--sets', 'Set5')
    assert ran[0] == ('FSRCNN x2', 'Set5')
    text, rows = lines(folder)
    assert 'Set14' not in text
    assert rows['Bicubic'][3] == f'{known["Bicubic x2"]["seconds"]["Set5"]:.3f}'
    after = json.loads(store.read_text())['FSRCNN x2']['figures']
    assert after['Set14'] == known['FSRCNN x2']['figures']['Set14']


@pytest.mark.slow
def test_other_weights_of_a_name_are_run_anew(folder):
    run = ('table', 't.yml', '--weights', 'weights', '--sets', 'Set5')
    restorekit(*run)
    before = lines(folder)[1]['FSRCNN'][4]
    state = torch.load(folder / 'weights/small.pth', weights_only=True)
    state['state_dict']['backbone.enlarge.bias'] += 0.2  # a file of the same size
    torch.save(state, folder / 'weights/small.pth')
    restorekit(*run)
    assert float(lines(folder)[1]['FSRCNN'][4]) != float(before)


def test_an_image_that_is_too_small_ends_its_set_alone(folder):
    (folder / 'sr/Set14/HR').mkdir(parents=True)
    write_image(folder / 'sr/Set14/HR/b.png', smooth_image(8, 32))  # less than twice the border
    (folder / 't.yml').write_text('\n'.join(TABLE.splitlines()[:5] + TABLE.splitlines()[-1:]))
    result = restorekit('table', 't.yml')
    text, rows = lines(folder)
    assert rows['Enlarged'][4] == 'could not be run'
    assert float(rows['Enlarged'][6]) > 20
    assert result.stderr.count('Enlarged x4 on Set14: ') == 1
    assert '- Enlarged x4: PSNR: nothing is left of 8 x 32 after a border of 4' in text


def test_a_folder_of_weights_that_is_not_there_is_named(folder):
    assert '--weights: no folder' in error_of('table', 't.yml', '--weights', 'wieghts')


def test_damaged_results_are_named(folder):
    store = folder / 'work_dirs/tables/t/rows.json'
    store.parent.mkdir(parents=True)
    store.write_text('{"Bicubic x2"')
    assert 'rows.json: damaged (' in error_of('table', 't.yml')
    store.write_text('[]')
    assert 'rows.json: not the rows of a table; remove it' in error_of('table', 't.yml')


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
