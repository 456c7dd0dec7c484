"""Every tool is a door to a command, but what tests the tests."""

from __future__ import annotations

import ast
import difflib
import importlib
import runpy
import sys
from pathlib import Path

import pytest

from restorekit import cli
from tools.mutants.changes import Mutant, mutant, sites
from tools.mutants.forks import change_functions

TOOLS = Path(__file__).parents[1] / 'tools'
DOORS = {
    'train.py': 'train',
    'test.py': 'test',
    'restore.py': 'restore',
    'demo.py': 'demo',
    'dataset_converters/cut_tiles.py': 'prepare tiles',
    'dataset_converters/exposure_pairs.py': 'prepare pairs',
    'dataset_converters/brackets_to_kalantari.py': 'prepare brackets',
    'model_converters/ahdrnet.py': 'convert',
    'model_converters/cfnet.py': 'convert',
    'reliability/kills.py': 'check-resume',
}


def test_all_are_here():
    tools = {path.relative_to(TOOLS).as_posix() for path in TOOLS.rglob('*.py')}
    others = {tool for tool in tools if tool.startswith(('benchmarks/', 'docs/', 'mutants/'))}
    assert tools - others == set(DOORS)


def test_mutants_differ_in_one_place(tmp_path):
    file = TOOLS.parent / 'restorekit/functional/tiling.py'
    plain = ast.unparse(ast.parse(file.read_text())).splitlines()
    found = [mutant(*site) for site in sites(file)]
    assert len(found) > 50
    for _, text, tree, _ in found:
        compile(tree, text, 'exec')
        lines = difflib.unified_diff(plain, ast.unparse(tree).splitlines(), lineterm='', n=0)
        assert sum(line.startswith('@@') for line in lines) == 1, text
    texts = [text.partition(': ')[2] for _, text, *_ in found]
    assert 'up = position if start else torch.full_like(position, torch.inf)' not in texts
    assert 'overlap * scale  ->  overlap / scale' in texts


def test_functions_that_there_are_get_the_changed_code(tmp_path, monkeypatch):
    text = """
def decorated(function):
    return lambda: function() + 1
@decorated
def one():
    return 1
"""
    file = tmp_path / 'of_a_mutant.py'
    file.write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    one = importlib.import_module('of_a_mutant').one
    assert one() == 2
    tree = ast.parse(text.replace('return 1', 'return 5'))
    change_functions(Mutant(file, '', tree, range(6, 7)))
    assert one() == 6


@pytest.mark.parametrize('tool', DOORS)
def test_each_opens_its_command(tool, monkeypatch, capsys):
    monkeypatch.setattr(cli, 'keep_freed_memory', lambda: None)
    monkeypatch.setattr(sys, 'argv', [tool, '--help'])
    with pytest.raises(SystemExit) as end:
        runpy.run_path(str(TOOLS / tool), run_name='__main__')
    assert end.value.code == 0
    assert f'usage: restorekit {DOORS[tool]} [' in capsys.readouterr().out


@pytest.mark.parametrize('network', ['ahdrnet', 'cfnet'])
def test_converters_convert_their_network(network, monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(cli, 'keep_freed_memory', lambda: None)
    monkeypatch.setattr(sys, 'argv', ['x', str(tmp_path / 'no.pt'), str(tmp_path / 'ours.pth')])
    seen = []
    monkeypatch.setattr('restorekit.cli.convert.run', seen.append)
    runpy.run_path(str(TOOLS / f'model_converters/{network}.py'), run_name='__main__')
    assert [args.network for args in seen] == [network]
