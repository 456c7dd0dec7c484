"""The papers' tables: every one is read, its configs are there, and slips are named."""

from __future__ import annotations

import pytest

from restorekit.config import ConfigError, find_config, load_config
from restorekit.config.tables import read_table, table_names


@pytest.mark.parametrize('name', table_names())
def test_a_table_names_configs_that_there_are(name):
    table = read_table(name)
    assert table.rows
    for row in table.rows:
        for config in filter(None, [row.config, *row.chain]):
            assert find_config(config).is_file()
    for dataset, config in table.tests.items():
        loader = load_config(config).test_dataloader.dataset
        assert dataset in [part.name for part in loader.get('datasets', [loader])]


def test_the_papers_figures_are_as_printed():
    vdsr = next(
        row
        for row in read_table('ammsnet-table2').rows
        if (row.system, row.setting) == ('VDSR', 'x3')
    )
    assert vdsr.paper['Set5'] == [33.66, 0.9213]
    cfan = {row.system: row.paper.get('SICE') for row in read_table('cfan-table1').rows}
    assert cfan['CFAN'] == [21.49, 0.8168, 0.9337]
    assert cfan['RCAN, then U2Fusion'] == [17.85, 0.7409, 0.8804]
    assert cfan['MEF-Net, then SwinIR'] == [17.20, 0.7629, 0.8878]


HEAD = 'title: T\nsets: {Set5: [PSNR, SSIM]}\n'


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('a: [', r't\.yml: no YAML'),
        ('3', r't\.yml: expected title, sets and rows, got 3'),
        (f'{HEAD}rows: [5]', r't\.yml: row 0: expected a dict, got 5'),
        (f'{HEAD}rows: [{{}}]', r"row 0: Row needs the option 'system'"),
        (f'{HEAD}rows: [{{system: A, sistem: B}}]', r"row 0: Row has no option 'sistem'; did you"),
        ('sets: {}\nrows: []', r"t\.yml: PaperTable needs the option 'title'"),
        (f'{HEAD}rows: [{{system: A}}, {{system: A}}]', 'A : there are two such rows'),
        (
            f'{HEAD}tests: {{Set14: a.py}}\nrows: [{{system: A}}]',
            r"t\.yml: tests: no test set 'Set14' among \['Set5'\]",
        ),
        (
            f'{HEAD}rows: [{{system: A, paper: {{Set5: [1]}}}}]',
            r'A : Set5 needs 2 figures, got \[1\]',
        ),
        (
            f'{HEAD}rows: [{{system: A, chain: [a, b], weights: [c]}}]',
            r"row 0: weights must be one for each of 2 steps, got \['c'\]",
        ),
    ],
)
def test_slips_are_named(tmp_path, text, message):
    (tmp_path / 't.yml').write_text(text)
    with pytest.raises(ConfigError, match=message):
        read_table(str(tmp_path / 't.yml'))


def test_an_unknown_table_is_named():
    with pytest.raises(ValueError, match="no table 'amsnet-table2'; did you mean 'ammsnet-table2'"):
        read_table('amsnet-table2')
    with pytest.raises(FileNotFoundError, match=r'nothing/t\.yml: no such table'):
        read_table('nothing/t.yml')
