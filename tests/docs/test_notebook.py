"""The notebook runs from its first cell to its last, and prints what is kept in it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.docs.notebook import outputs, printed
from tests.docs.pages import agree, opened

NOTEBOOKS = sorted((Path(__file__).parents[2] / 'docs/notebooks').glob('*.ipynb'))


@pytest.mark.slow
@pytest.mark.parametrize('path', NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_prints_what_it_shows(path, tmp_path):
    pytest.importorskip('skimage')
    cells = json.loads(path.read_text(encoding='utf-8'))['cells']
    kept = [printed(cell['outputs']) for cell in cells if cell['cell_type'] == 'code']
    with opened(tmp_path):
        came = [printed(result) for result in outputs(cells)]
    wrong = [pair for pair in zip(kept, came, strict=True) if not agree(*pair)]
    assert wrong == [], f'python -m tests.docs.notebook {path} writes what came'


def test_cells_share_their_names_and_show_pictures():
    def cell(*lines: str) -> dict:
        return {'cell_type': 'code', 'source': [f'{line}\n' for line in lines]}

    first = cell('from PIL import Image', 'a = 2', 'print(a)')
    result = outputs([first, {'cell_type': 'markdown'}, cell("Image.new('L', (a, a))")])
    assert printed(result[0]) == '2\n'
    assert list(result[1][0]['data']) == ['image/png']
