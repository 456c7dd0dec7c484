"""Small faults put into the package one by one, to see whether a test notices: `make mutants`.

    python tools/mutants.py functional metrics/hdr.py --sample 100 --seed 1

Each mutant differs in one operator, number, condition, argument or statement. The tests of the
mirrored folder (`tests/functional` for `restorekit/functional`), without the slow ones, run in a
fork of this process, which has torch loaded already and gives the mutant to `import`: no file is
changed. (mutmut and cosmic-ray start anew, or run all tests, for each.)
"""

from __future__ import annotations

import argparse
import ast
import copy
import importlib
import importlib.machinery
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
# Whose tests are elsewhere, too.
ALSO = {'inference': ['cli']}
SWAPS: dict[type, type] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult, ast.Pow: ast.Mult, ast.BitOr: ast.BitAnd,
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot,
    ast.IsNot: ast.Is, ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip


def changes(node: ast.AST) -> Iterator[Callable[[], None]]:
    """What can be done to a node of a tree."""
    if isinstance(node, ast.BinOp | ast.AugAssign | ast.BoolOp) and type(node.op) in SWAPS:
        yield lambda: setattr(node, 'op', SWAPS[type(node.op)]())
    if isinstance(node, ast.Compare):
        yield lambda: setattr(node, 'ops', [SWAPS[type(node.ops[0])](), *node.ops[1:]])
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield lambda: setattr(node, 'value', not node.value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        yield lambda: setattr(node, 'value', node.value + 1)
    if isinstance(node, ast.If | ast.IfExp | ast.While):
        yield lambda: setattr(node, 'test', ast.UnaryOp(ast.Not(), node.test))
    if isinstance(node, ast.Call) and node.keywords:
        yield lambda: setattr(node, 'keywords', node.keywords[:-1])
    for name in ('body', 'orelse', 'finalbody'):
        statements = getattr(node, name, None)
        for index, statement in enumerate(statements if isinstance(statements, list) else ()):
            is_text = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
            if isinstance(statement, ast.Expr | ast.AugAssign | ast.Raise) and not is_text:
                yield lambda at=index, body=statements: body.__setitem__(at, ast.Pass())


def nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """Every node but annotations, which are not run."""
    yield tree
    for name, value in ast.iter_fields(tree):
        if name not in ('annotation', 'returns'):
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    yield from nodes(child)


def mutants(file: Path) -> Iterator[tuple[str, str]]:
    """A description and the source of each mutant of a file."""
    tree = ast.parse(file.read_text(encoding='utf-8'))
    for place, node in enumerate(nodes(tree)):
        for number, _ in enumerate(changes(node)):
            changed = copy.deepcopy(tree)
            target = next(n for i, n in enumerate(nodes(changed)) if i == place)
            old = ast.unparse(target)
            [*changes(target)][number]()
            source = ast.unparse(ast.fix_missing_locations(changed))
            lines = zip(old.splitlines(), ast.unparse(target).splitlines(), strict=False)
            pair = next((pair for pair in lines if pair[0] != pair[1]), (old, ''))
            where = f'{file.relative_to(ROOT)}:{getattr(target, "lineno", 0)}'
            yield f'{where}: {pair[0].strip()}  ->  {pair[1].strip()}', source


def run_tests(file: Path, source: str, folder: str) -> int:
    """Run tests where `file` is imported as `source`; never returns."""
    import pytest

    read = importlib.machinery.SourceFileLoader.get_code

    def get_code(loader: importlib.machinery.SourceFileLoader, name: str) -> object:
        if Path(loader.path) == file:
            return compile(source, loader.path, 'exec', dont_inherit=True)
        return read(loader, name)

    importlib.machinery.SourceFileLoader.get_code = get_code  # type: ignore[method-assign,assignment]
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)
    tests = [f'tests/{name}' for name in (folder, *ALSO.get(folder, ()))]
    own = ROOT / tests[0] / f'test_{file.stem}.py'
    tests = [str(own), *tests] if own.exists() else tests  # the likeliest first
    options = ['-x', '-q', '-m', 'not slow', '-p', 'no:cacheprovider', '-p', 'no:xdist']
    os._exit(int(pytest.main([*options, *tests])))


def is_killed(file: Path, source: str, limit: float) -> bool:
    """Whether the tests fail, or do not end."""
    child = os.fork()
    if not child:
        os.setsid()
        run_tests(file, source, file.relative_to(ROOT / 'restorekit').parts[0])
    end = time.monotonic() + limit
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status) != 0
        time.sleep(0.05)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return True


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument('parts', nargs='+', help='folders or files of the package')
    parser.add_argument('--sample', type=int, metavar='N', help='so many at random (default: all)')
    parser.add_argument('--seed', type=int, default=0, metavar='N', help='of the sample')
    parser.add_argument('--limit', type=float, default=300, metavar='S', help='seconds for one')
    args = parser.parse_args()
    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
    os.environ |= {'OMP_NUM_THREADS': '1', 'HYPOTHESIS_STORAGE_DIRECTORY': tempfile.mkdtemp()}
    for heavy in ('cv2', 'hypothesis', 'mmengine.runner', 'mmcv.transforms', 'torch'):
        importlib.import_module(heavy)  # once, for all

    paths = [ROOT / 'restorekit' / part for part in args.parts]
    files = [
        f for path in paths for f in ([path] if path.is_file() else sorted(path.rglob('*.py')))
    ]
    found = [(file, *mutant) for file in files for mutant in mutants(file)]
    if args.sample is not None:
        found = random.Random(args.seed).sample(found, min(args.sample, len(found)))
    for file in dict.fromkeys(file for file, *_ in found):
        if is_killed(file, file.read_text(encoding='utf-8'), args.limit):
            sys.exit(f'{file}: its tests fail as it is')
    survived = []
    for file, text, source in found:
        killed = is_killed(file, source, args.limit)
        print('killed  ' if killed else 'SURVIVED', text, flush=True)
        survived += [] if killed else [text]
    killed = len(found) - len(survived)
    print(f'{killed} of {len(found)} killed ({killed / max(len(found), 1):.0%})')


if __name__ == '__main__':
    main()
