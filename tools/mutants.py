"""Small faults put into the package one by one, to see whether a test notices: `make mutants`.

    python tools/mutants.py functional metrics/hdr.py --sample 100 --seed 1

Each mutant differs in one operator, number, condition, argument or statement. The tests of the
mirrored folder (`tests/functional` for `restorekit/functional`), without the slow ones, are
collected once and run once in a fork, which says which of them come by which line. Those run for
each mutant, in a fork in which the functions of its file have the changed code; where the change
shows at import already, all run in a fork of a process that has torch loaded and gives the mutant
to `import`. No file is changed. (mutmut and cosmic-ray start anew, or run all tests, for each.)
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import copy
import gc
import importlib
import importlib.machinery
import os
import pickle
import random
import resource
import signal
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType, FrameType, FunctionType
from typing import Any, NamedTuple

import pytest

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
    is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    if isinstance(node, ast.Expr | ast.AugAssign | ast.Raise) and not is_text:
        yield lambda: setattr(node, '__class__', ast.Pass)


def nodes(
    tree: ast.AST, lines: range = range(0), inside: bool = False
) -> Iterator[tuple[ast.AST, range]]:
    """Every node but annotations, which are not run.

    With the lines of its statement, without a body; none where it is not inside a function.
    """
    if inside and isinstance(tree, ast.stmt):
        body = getattr(tree, 'body', None)
        end = body[0].lineno if body else (tree.end_lineno or 0) + 1
        lines = range(tree.lineno, max(end, tree.lineno + 1))
    yield tree, lines
    for name, value in ast.iter_fields(tree):
        if name not in ('annotation', 'returns'):
            within = inside or (name == 'body' and isinstance(tree, ast.FunctionDef))
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    yield from nodes(child, lines, within)


class Mutant(NamedTuple):
    """A changed file: what is changed, its tree, and the lines of the statement."""

    file: Path
    text: str
    tree: ast.Module
    lines: range

    def code(self) -> CodeType:
        return compile(self.tree, str(self.file), 'exec', dont_inherit=True)


def mutants(file: Path) -> Iterator[Mutant]:
    tree = ast.parse(file.read_text(encoding='utf-8'))
    for place, (node, at) in enumerate(nodes(tree)):
        for number, _ in enumerate(changes(node)):
            changed = copy.deepcopy(tree)
            target = next(n for i, (n, _) in enumerate(nodes(changed)) if i == place)
            old = ast.unparse(target)
            [*changes(target)][number]()
            lines = zip(old.splitlines(), ast.unparse(target).splitlines(), strict=False)
            pair = next((pair for pair in lines if pair[0] != pair[1]), (old, ''))
            where = f'{file.relative_to(ROOT)}:{getattr(target, "lineno", 0)}'
            text = f'{where}: {pair[0].strip()}  ->  {pair[1].strip()}'
            yield Mutant(file, text, ast.fix_missing_locations(changed), at)


def codes(code: CodeType) -> Iterator[CodeType]:
    """A code and those inside."""
    yield code
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from codes(inner)


def change_functions(mutant: Mutant) -> None:
    """Give the functions of a file that there are the changed code."""
    changed = {(code.co_name, code.co_firstlineno): code for code in codes(mutant.code())}
    gc.unfreeze()
    for function in gc.get_objects():
        if isinstance(function, FunctionType) and function.__code__.co_filename == str(mutant.file):
            old = function.__code__
            function.__code__ = changed.get((old.co_name, old.co_firstlineno), old)


def run(tests: list[str], *plugins: object) -> int:
    options = ['-x', '-s', '-qq', '-m', 'not slow', '-p', 'no:cacheprovider', '-p', 'no:xdist']
    return int(pytest.main([*options, *tests], plugins=plugins))


def own_first(mutant: Mutant, name: str) -> bool:
    """A key that puts the test file of a mutant's file, the likeliest to notice, first."""
    return not name.endswith(f'test_{mutant.file.stem}.py')


def be_quiet(limit: int) -> None:
    os.setsid()
    resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))
    signal.alarm(10 * limit)  # it waits for something
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)


def is_killed(child: int, mutant: Mutant) -> bool:
    """Whether the tests in a fork fail, or do not end; 0 stands for no tests."""
    status = 0
    if child:
        status = os.waitpid(child, 0)[1]
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)  # what it has started
    print('killed  ' if status else 'SURVIVED' if child else 'UNSEEN  ', mutant.text, flush=True)
    return status != 0


def change_import(mutant: Mutant, tests: list[str], limit: int) -> bool:
    """Whether tests notice, in a fork that has not imported the package yet."""
    child = os.fork()
    if child:
        return is_killed(child, mutant)
    be_quiet(limit)
    read = importlib.machinery.SourceFileLoader.get_code

    def get_code(loader: importlib.machinery.SourceFileLoader, name: str) -> CodeType | None:
        return mutant.code() if Path(loader.path) == mutant.file else read(loader, name)

    importlib.machinery.SourceFileLoader.get_code = get_code  # type: ignore[method-assign,assignment]
    files = [str(file) for test in tests for file in sorted(Path(test).rglob('test_*.py'))]
    os._exit(run(sorted(files, key=lambda name: own_first(mutant, name))))


class Forks:
    """A plugin of pytest that, where tests would run, runs them in forks: as they are, and mutants.

    `lines` says which tests come by a line. What a fixture that tests share comes by belongs to all
    that use it.
    """

    def __init__(self, folder: str, mutants: list[Mutant], limit: int) -> None:
        self.folder, self.mutants, self.limit = str(ROOT / 'restorekit' / folder), mutants, limit
        self.now, self.killed = '', 0
        self.lines: dict[tuple[str, int], set[str]] = defaultdict(set)
        self.users: dict[str, set[str]] = defaultdict(set)
        self.seconds: dict[str, float] = {}

    def trace(self, frame: FrameType, *_: object) -> Any:
        if not frame.f_code.co_filename.startswith(self.folder):
            return None
        self.lines[frame.f_code.co_filename, frame.f_lineno].add(self.now)
        return self.trace

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(self, item: Any) -> Iterator[None]:
        for name in [name for name in sys.modules if name.startswith('restorekit')]:
            for value in [*vars(sys.modules[name]).values()]:
                if hasattr(value, 'cache_clear'):  # or only the first test would come by
                    value.cache_clear()
        self.now, begin = item.nodeid, time.process_time()
        yield
        self.seconds[item.nodeid] = time.process_time() - begin
        for name in getattr(item, 'fixturenames', ()):
            self.users[name].add(item.nodeid)

    @pytest.hookimpl(hookwrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Iterator[None]:
        before = self.now
        self.now = before if fixturedef.scope == 'function' else fixturedef.argname
        yield
        self.now = before

    def see(self, session: pytest.Session) -> bool:
        """Run all tests in a fork, where this is False, and learn what they come by."""
        reader, writer = os.pipe()
        child = os.fork()
        if not child:
            seen = (self.lines, self.users, self.seconds)
            session.config.add_cleanup(lambda: os.fdopen(writer, 'wb').write(pickle.dumps(seen)))
            threading.settrace(self.trace)
            sys.settrace(self.trace)
            return False
        os.close(writer)
        with os.fdopen(reader, 'rb') as file:
            seen = file.read()
        if os.waitpid(child, 0)[1]:
            sys.exit(f'{self.folder}: its tests fail as they are')
        self.lines, self.users, self.seconds = pickle.loads(seen)
        return True

    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        """Returns None in forks, where the tests then run."""
        if not self.see(session):
            return None
        for mutant in self.mutants:
            names = {n for at in mutant.lines for n in self.lines.get((str(mutant.file), at), ())}
            tests = {test for name in names for test in self.users.get(name, {name})}
            child = os.fork() if tests else 0
            if tests and not child:
                be_quiet(self.limit)
                change_functions(mutant)
                self.choose(session, mutant, tests)
                return None
            self.killed += is_killed(child, mutant)
        return True

    def choose(self, session: pytest.Session, mutant: Mutant, tests: set[str]) -> None:
        """Of files, and in each, the quickest first."""
        chosen = [item for item in session.items if item.nodeid in tests]
        costs: dict[Path, float] = defaultdict(float)
        for item in chosen:
            costs[item.path] += self.seconds[item.nodeid]
        chosen.sort(key=lambda item: (costs[item.path], self.seconds[item.nodeid]))
        session.items[:] = sorted(chosen, key=lambda item: own_first(mutant, item.path.name))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument('parts', nargs='+', help='folders or files of the package')
    parser.add_argument('--sample', type=int, metavar='N', help='so many at random (default: all)')
    parser.add_argument('--seed', type=int, default=0, metavar='N', help='of the sample')
    parser.add_argument(
        '--limit', type=int, default=300, metavar='S', help='processor seconds for one'
    )
    args = parser.parse_args()
    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
    os.environ |= {'OMP_NUM_THREADS': '1', 'HYPOTHESIS_STORAGE_DIRECTORY': tempfile.mkdtemp()}
    for heavy in ('cv2', 'hypothesis', 'mmengine.runner', 'mmcv.transforms', 'torch'):
        importlib.import_module(heavy)  # once, for all

    paths = [ROOT / 'restorekit' / part for part in args.parts]
    files = [f for path in paths for f in ([path] if path.is_file() else path.rglob('*.py'))]
    found = [mutant for file in sorted(files) for mutant in mutants(file)]
    if args.sample is not None:
        found = random.Random(args.seed).sample(found, min(args.sample, len(found)))
    by_folder: dict[str, list[Mutant]] = defaultdict(list)
    for mutant in found:
        by_folder[mutant.file.relative_to(ROOT / 'restorekit').parts[0]].append(mutant)
    killed, own = 0, os.getpid()
    tests = {name: [f'tests/{n}' for n in (name, *ALSO.get(name, ()))] for name in by_folder}
    for folder, some in by_folder.items():
        killed += sum(change_import(m, tests[folder], args.limit) for m in some if not m.lines)
    for folder, some in by_folder.items():
        plugin = Forks(folder, [mutant for mutant in some if mutant.lines], args.limit)
        code = run(tests[folder], plugin)
        if os.getpid() != own:
            os._exit(code)
        killed += plugin.killed
    print(f'{killed} of {len(found)} killed ({killed / max(len(found), 1):.0%})')


if __name__ == '__main__':
    main()
