"""Runs a notebook's cells without Jupyter, and keeps what they print.

python -m tests.docs.notebook docs/notebooks/first_steps.ipynb    # writes what came into the file
"""

from __future__ import annotations

import ast
import base64
import contextlib
import io
import json
import sys
import tempfile
from pathlib import Path

from tests.docs.pages import opened


def outputs(cells: list[dict]) -> list[list[dict]]:
    """What each code cell prints, and the picture that its last line is, in a notebook's form."""
    names: dict = {'__name__': '__main__'}
    return [_run(''.join(c['source']), names) for c in cells if c['cell_type'] == 'code']


def _run(source: str, names: dict) -> list[dict]:
    tree = ast.parse(source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    out, shown = io.StringIO(), None
    with contextlib.redirect_stdout(out):
        exec(compile(tree, 'cell', 'exec'), names)
        if last is not None:
            shown = eval(compile(ast.Expression(last.value), 'cell', 'eval'), names)
    found: list[dict] = []
    if out.getvalue():
        text = out.getvalue().splitlines(keepends=True)
        found.append({'output_type': 'stream', 'name': 'stdout', 'text': text})
    if hasattr(shown, 'save'):
        png = io.BytesIO()
        shown.save(png, 'PNG')
        data = {'image/png': base64.b64encode(png.getvalue()).decode()}
        found.append({'output_type': 'display_data', 'data': data, 'metadata': {}})
    return found


def printed(cell_outputs: list[dict]) -> str:
    """The text among a cell's outputs."""
    return ''.join(''.join(o['text']) for o in cell_outputs if o['output_type'] == 'stream')


def rewrite(path: Path) -> None:
    """Run a notebook, and put its outputs into it."""
    notebook = json.loads(path.read_text(encoding='utf-8'))
    with tempfile.TemporaryDirectory() as folder, opened(Path(folder)):
        found = outputs(notebook['cells'])
    code = [cell for cell in notebook['cells'] if cell['cell_type'] == 'code']
    for number, (cell, result) in enumerate(zip(code, found, strict=True), 1):
        cell['outputs'], cell['execution_count'] = result, number
    path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + '\n', encoding='utf-8')


if __name__ == '__main__':
    rewrite(Path(sys.argv[1]).resolve())
