"""Tests, run in forks of a process that has collected them, each with a changed file."""

from __future__ import annotations

import contextlib
import gc
import importlib
import importlib.machinery
import os
import pickle
import signal
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FrameType, FunctionType
from typing import Any

import pytest

from tools.mutants.changes import ROOT, Mutant

# Whose tests are elsewhere, too.
ALSO = {'inference': ['cli', 'catalogue']}


def codes(code: CodeType) -> Iterator[CodeType]:
    """A code and those inside."""
    yield code
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from codes(inner)


def change_functions(mutant: Mutant) -> None:
    """Give the functions of a file that there are the changed code."""
    changed = {(code.co_name, code.co_firstlineno): code for code in codes(mutant.code())}
    gc.unfreeze()  # what tests.conftest has frozen is in no list
    for function in gc.get_objects():
        if isinstance(function, FunctionType) and function.__code__.co_filename == str(mutant.file):
            old = function.__code__
            function.__code__ = changed.get((old.co_name, old.co_firstlineno), old)
    gc.freeze()


def be_quiet(limit: int) -> None:
    os.setsid()
    signal.alarm(limit)
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


def change_import(mutant: Mutant) -> None:
    """Have the file imported as it is changed."""
    read = importlib.machinery.SourceFileLoader.get_code

    def get_code(loader: importlib.machinery.SourceFileLoader, name: str) -> CodeType | None:
        return mutant.code() if Path(loader.path) == mutant.file else read(loader, name)

    importlib.machinery.SourceFileLoader.get_code = get_code  # type: ignore[method-assign,assignment]


class Forks:
    """A plugin of pytest that, where tests would run, runs them in forks: as they are, and mutants.

    `lines` says which tests come by a line. What a fixture that tests share comes by belongs to all
    that use it.
    """

    def __init__(self, folder: str, mutants: list[Mutant], limit: int) -> None:
        self.folder, self.mutants, self.limit = str(ROOT / 'restorekit' / folder), mutants, limit
        self.now, self.killed = '', 0
        self.at_import: Mutant | None = None
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

    def tests(self, mutant: Mutant) -> set[str]:
        """Those that come by its statement; if that is run at import, by anything of its file.

        Where none was seen to (a profiler's callback is not traced, say), those of its own file.
        """
        names = {
            name
            for (file, line), names in self.lines.items()
            if file == str(mutant.file) and line in (mutant.lines or range(10**6))
            for name in names
        }
        found = {test for name in names for test in self.users.get(name, {name})}
        own = f'/test_{mutant.file.stem}.py::'
        return found or {test for test in self.seconds if own in test}

    def choose(self, items: list[pytest.Item], mutant: Mutant) -> None:
        """Keep the tests of a mutant; of files, and in each, the quickest first."""
        tests = self.tests(mutant)
        items[:] = [item for item in items if item.nodeid in tests]
        costs: dict[Path, float] = defaultdict(float)
        for item in items:
            costs[item.path] += self.seconds[item.nodeid]
        own = f'test_{mutant.file.stem}.py'  # the likeliest to notice
        items.sort(
            key=lambda item: (item.path.name != own, costs[item.path], self.seconds[item.nodeid])
        )

    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        """Returns None in forks, where the tests then run."""
        if self.at_import is not None:
            self.choose(session.items, self.at_import)
            return None
        if not self.see(session):
            return None
        for mutant in self.mutants:
            child = os.fork() if self.tests(mutant) else 0
            if not child and self.tests(mutant):
                be_quiet(self.limit)
                change_functions(mutant)
                self.choose(session.items, mutant)
                return None
            self.killed += is_killed(child, mutant)
        return True


def run(tests: list[str], plugin: Forks) -> int:
    options = ['-x', '-s', '-qq', '-m', 'not slow', '-p', 'no:cacheprovider', '-p', 'no:xdist']
    return int(pytest.main([*options, *tests], plugins=[plugin]))


def run_folder(folder: str, mutants: list[Mutant], limit: int) -> int:
    """How many mutants of a folder are killed."""
    tests = [f'tests/{name}' for name in (folder, *ALSO.get(folder, ()))]
    plugin = Forks(folder, [mutant for mutant in mutants if mutant.lines], limit)
    reader, writer = os.pipe()
    child = os.fork()  # for this process is to import nothing of the package
    if not child:
        own = os.getpid()
        code = run(tests, plugin)
        if os.getpid() == own:
            learnt = (plugin.lines, plugin.users, plugin.seconds, plugin.killed)
            os.fdopen(writer, 'wb').write(pickle.dumps(learnt))
        os._exit(code)
    os.close(writer)
    with os.fdopen(reader, 'rb') as file:
        learnt = file.read()
    if os.waitpid(child, 0)[1]:
        sys.exit(1)
    plugin.lines, plugin.users, plugin.seconds, killed = pickle.loads(learnt)
    for mutant in mutants:
        if mutant.lines:
            continue
        chosen = {test.partition('::')[0] for test in plugin.tests(mutant)}
        child = os.fork()
        if not child:
            be_quiet(limit)
            change_import(mutant)
            plugin.at_import = mutant
            os._exit(run(sorted(chosen), plugin) if chosen else 0)
        killed += is_killed(child, mutant)
    return killed
