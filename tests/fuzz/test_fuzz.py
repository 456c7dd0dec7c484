"""Cases at random come to one of the four allowed ends; see `tests/fuzz/ends.py`.

What fails is run again by `python -m tests.fuzz --seed 0 --only N`.
"""

from __future__ import annotations

import contextlib
import io
import subprocess
import sys
from unittest import mock

import pytest

from tests.fuzz.__main__ import listen, make_case, run_batch
from tests.fuzz.case import Case, snapshot
from tests.fuzz.ends import run_case

BATCHES = 4
CASES = 75


@pytest.mark.slow
@pytest.mark.parametrize('batch', range(BATCHES))
def test_no_case_ends_otherwise(batch):
    failures = run_batch(0, batch * CASES, CASES)
    assert not failures, '\n\n'.join(failures)


def test_a_case_is_a_function_of_its_number(tmp_path):
    for number in range(12):
        made = []
        for name in ('a', 'b'):
            (folder := tmp_path / f'{name}{number}').mkdir()
            text = (
                str(make_case(3, number, folder)).replace(str(folder), '').replace(folder.name, '')
            )
            files = snapshot(folder)
            kept = [path.relative_to(folder) for path in files]
            made.append((text, kept))
        assert made[0] == made[1]


@pytest.fixture
def case(tmp_path):
    """A sound case of images."""
    for number in range(100):
        (folder := tmp_path / str(number)).mkdir()
        case = make_case(5, number, folder)
        if case.door == 'restore_images' and not case.changes and case.fault is None:
            return case
    raise AssertionError('no such case')


def test_a_sound_case_is_right(case: Case):
    assert run_case(case) == []


@pytest.mark.parametrize(
    ('spoil', 'problem'),
    [
        (lambda case: case.sources[0].path.write_bytes(b'x'), 'refused what is sound'),
        (lambda case: case.change('x', 'bad', 'x'), 'taken in silence'),
        (lambda case: case.sources[0].change('bad'), 'was taken in silence'),
        (lambda case: setattr(case, 'expected', lambda s: s.truth + 1), 'out'),
        (lambda case: setattr(case.sources[0], 'said', True), 'not a word'),
        (lambda case: setattr(case.sources[0], 'target', case.folder / 'else.png'), 'is new'),
        (lambda case: case.words.append('--no-such'), 'refused what is sound'),
        (
            lambda case: case.change('x', 'bad', 'x') or case.words.append('--bits=3'),
            'does not name',
        ),
    ],
)
def test_other_ends_are_noticed(case: Case, spoil, problem):
    spoil(case)
    assert problem in ' '.join(run_case(case))


def remove(case):
    case.sources[0].path.unlink()


def shorten(case):
    case.sources[0].path.write_bytes(b'x')


def leave(case):
    (case.folder / '.a.png.123.part').write_bytes(b'x')


@pytest.mark.parametrize(
    ('harm', 'problem'),
    [
        (remove, ' is gone'),
        (shorten, ' is changed'),
        (leave, '.a.png.123.part is left over'),
        (lambda case: (case.folder / 'pwned').mkdir(), 'code of a checkpoint was run'),
        (lambda case: print('Traceback (most recent call last)'), 'a traceback'),
        (lambda case: 1 / 0, 'escaped: ZeroDivisionError'),
    ],
)
def test_harm_is_noticed(case: Case, monkeypatch, harm, problem):
    def command(*words, expect):
        with contextlib.redirect_stdout(io.StringIO()) as out:
            harm(case)
        return subprocess.CompletedProcess(words, 0, out.getvalue(), '')

    monkeypatch.setattr('tests.fuzz.ends.restorekit', command)
    assert problem in ' '.join(run_case(case))


def test_a_process_that_hangs_or_dies_is_a_failure():
    command = 'import sys; print("begins 7", flush=True); '
    for code, expected in (('sys.exit(3)', 'died (3)'), ('input()', 'hangs (1 s)')):
        process = subprocess.Popen(
            [sys.executable, '-c', command + code],
            stdout=subprocess.PIPE,
            stdin=subprocess.PIPE,
            start_new_session=True,
        )
        quiet = mock.patch('os.getloadavg', return_value=(0, 0, 0))
        with mock.patch('tests.fuzz.__main__.SECONDS', 1), quiet:
            assert listen(process, 5, []) == (7, expected)
        process.stdin.close()
