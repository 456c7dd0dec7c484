"""The house rules of docs/architecture.md: which way imports point, and how long code may be."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / 'restorekit'
PAGE = (ROOT / 'docs/architecture.md').read_text(encoding='utf-8')
FILES = {path.relative_to(PACKAGE).as_posix(): path for path in sorted(PACKAGE.rglob('*.py'))}
DOORS = ('__init__.py', '__main__.py')  # to the rooms
MAX_FILE, MAX_FUNCTION = 250, 50

# What may be longer for the time being, 'file' or 'file:function', and how long at most. An entry
# that is no longer needed fails.
TOO_LONG: dict[str, int] = {}


def tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding='utf-8'))


def lines_of_the_page() -> dict[str, int]:
    """The line of each room in the page's table."""
    rows = re.findall(r'^\| (\d+) \| ([^|]+) \|', PAGE, re.MULTILINE)
    assert [int(number) for number, _ in rows] == list(range(1, len(rows) + 1))
    return {room: int(number) for number, rooms in rows for room in re.findall(r'`(\w+)`', rooms)}


def imported(file: Path) -> Iterator[str]:
    """The rooms that a file imports, anywhere in it."""
    for node in ast.walk(tree(file)):
        modules: list[str] = []
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f'{file}: relative import'
            modules = [f'{node.module}.{alias.name}' for alias in node.names]
        for module in modules:
            package, _, rest = module.partition('.')
            if package == 'restorekit' and rest:
                yield rest.partition('.')[0]


def room(name: str) -> str:
    return name.partition('/')[0].removesuffix('.py')


def upward(files: dict[str, Path], lines: dict[str, int]) -> list[str]:
    """Imports of another room that is not in a line above."""
    return [
        f'{name} imports {other}'
        for name, file in files.items()
        for other in imported(file)
        if room(name) != other and lines[room(name)] <= lines[other]
    ]


def test_every_room_is_on_the_page():
    rooms = {room(name) for name in FILES if name not in DOORS}
    assert not rooms - lines_of_the_page().keys()


def test_imports_point_to_lines_above():
    # An order has no circles.
    files = {name: file for name, file in FILES.items() if name not in DOORS}
    assert upward(files, lines_of_the_page()) == []


@pytest.mark.parametrize(
    'text',
    [
        'import restorekit.cli.main',
        'from restorekit import cli',
        'def f():\n from restorekit.cli import x',
    ],
)
def test_an_import_from_a_line_below_is_found(tmp_path, text):
    (tmp_path / 'page.py').write_text(text)
    found = upward({'io/page.py': tmp_path / 'page.py'}, {'io': 2, 'cli': 9})
    assert found == ['io/page.py imports cli']


def test_what_the_page_names_is_there():
    named = re.findall(r'`([\w/]+\.py)(?::(\w+))?`', PAGE)
    assert len(named) > 20
    for path, name in named:
        files = [folder / path for folder in (PACKAGE, ROOT) if (folder / path).is_file()]
        assert files, path
        nodes = [*ast.walk(tree(files[0]))]
        defined = {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)}
        defined |= {node.id for node in nodes if isinstance(node, ast.Name)}
        assert not name or name in defined, f'{path}:{name}'


def too_long() -> dict[str, int]:
    """Files and functions above the limits, with their lengths."""
    found = {}
    for name, file in FILES.items():
        length = len(file.read_text(encoding='utf-8').splitlines())
        if length > MAX_FILE:
            found[name] = length
        for node in ast.walk(tree(file)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                assert node.end_lineno is not None
                length = node.end_lineno - node.lineno + 1
                if length > MAX_FUNCTION:
                    found[f'{name}:{node.name}'] = length
    return found


def test_files_and_functions_are_short():
    found = too_long()
    assert found.keys() == TOO_LONG.keys()
    assert all(length <= TOO_LONG[name] for name, length in found.items())


def test_the_package_alone_imports_nothing_heavy():
    heavy = ('cv2', 'scipy', 'matplotlib', 'torch', 'mmengine', 'mmcv', 'numpy')
    code = f'import sys, restorekit; print([name for name in {heavy} if name in sys.modules])'
    result = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, cwd=ROOT)
    assert result.stdout.strip() == '[]', result.stderr


def test_restoring_imports_nothing_of_training():
    heavy = ('mmengine.runner', 'mmengine.model', 'mmcv.cnn', 'torch.distributed.optim', 'sympy')
    code = f"""
import sys, restorekit
restorekit.Inferencer('ain-x2')
print([name for name in {heavy} if name in sys.modules])
"""
    result = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, cwd=ROOT)
    assert result.stdout.strip() == '[]', result.stderr
