"""Running a case, and whether it came to one of the four allowed ends.

Right: the result that the inputs ask for. Refused: in a sentence that names the thing, and nothing
written. Skipped: with a line, the others done. Interrupted: what is there is whole. Whatever the
end, no file is lost, changed or left half-written, and nobody sees a traceback.
"""

from __future__ import annotations

import errno
import io
import itertools
import os
import signal
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import numpy as np

from tests.fuzz.case import Case, Source, snapshot
from tests.fuzz.pictures import decode, orientation, stored
from tests.helpers import restorekit

INTERRUPTED = 130
LOSSY = ('.jpg', '.jpeg', '.webp', '.avif')
LEFTOVERS = ('.part', '.tmp', '.probe')


def run_case(case: Case) -> list[str]:
    """Run a case in its folder; returns what is wrong with how it ended."""
    before = snapshot(case.folder)
    with _in_folder(case.folder), _fault(case) as happened:
        code, text, result = _run(case)
    after = snapshot(case.folder)
    problems = [*_lost(case, before, after), *_leftovers(before, after)]
    if 'Traceback' in text or 'escaped' in text:
        problems.append('a traceback')
    if 'pwned' in {path.name for path in after}:
        problems.append('code of a checkpoint was run')
    if case.call is not None:
        problems += _judge_call(case, text, result)
    elif happened:
        problems += _judge_fault(case, code, text)
    else:
        problems += _judge_command(case, code, text, before, after)
    return [*problems, f'it ended with {code} and said:\n{_indented(text)}'] if problems else []


@contextmanager
def _in_folder(folder: Path) -> Iterator[None]:
    old = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(old)


@contextmanager
def _fault(case: Case) -> Iterator[list[str]]:
    """A full disk, Ctrl-C, or SIGTERM, when something is written for the n-th time."""
    happened: list[str] = []
    if case.fault is None:
        yield happened
        return
    kind, number = case.fault
    count = itertools.count(1)
    flush = os.fsync

    def fsync(descriptor: int) -> None:
        if next(count) == number:
            happened.append(kind)
            if kind == 'full':
                raise OSError(errno.ENOSPC, 'No space left on device')
            if kind == 'ctrl-c':
                raise KeyboardInterrupt
            os.kill(os.getpid(), signal.SIGTERM)
        flush(descriptor)

    with mock.patch.object(os, 'fsync', fsync):
        yield happened


def _run(case: Case) -> tuple[int | str, str, np.ndarray | None]:
    """Exit code, what was said, and the result of a call."""
    try:
        if case.call is not None:
            return 0, '', case.call()
        with mock.patch.object(sys, 'stdin', io.StringIO(case.stdin)):
            done = restorekit(*case.words, expect=None)
    except (ValueError, TypeError, OSError) as error:
        kind = '' if case.call is not None else 'escaped: '
        return 1, f'{kind}{type(error).__name__}: {error}', None
    except (Exception, KeyboardInterrupt) as error:
        return 1, f'escaped: {type(error).__name__}: {error}', None
    return done.returncode, done.stdout + done.stderr, None


def _lost(case: Case, before: dict, after: dict) -> Iterator[str]:
    """Files that were there and are gone or changed, and new ones in places that are not theirs."""
    for path, content in before.items():
        inside = case.work is not None and path.is_relative_to(case.work)
        if not inside and path not in case.replaceable and after.get(path) != content:
            yield f'{path.name} is {"changed" if path in after else "gone"}'
    free = any(source.target is None for source in case.sources)
    targets = {source.target for source in case.sources} | case.extra
    for path, content in after.items():
        inside = case.work is not None and path.is_relative_to(case.work)
        if path in before or inside or content == ('folder',) or path in targets:
            continue
        if not free or not _readable(path):
            yield f'{path.relative_to(case.folder)} is new'


def _leftovers(before: dict, after: dict) -> Iterator[str]:
    for path in after:
        if path not in before and any(part in path.name for part in LEFTOVERS):
            yield f'{path.name} is left over'
        elif path.suffix == '.pth' and path.is_file() and path not in before:
            with zipfile.ZipFile(path) as archive:
                if archive.testzip() is not None:
                    yield f'{path.name} is damaged'


def _judge_fault(case: Case, code: int | str, text: str) -> Iterator[str]:
    kind = case.fault[0] if case.fault else ''
    allowed = {'full': (1,), 'ctrl-c': (INTERRUPTED, 0), 'sigterm': (0,)}[kind]
    if code not in allowed:
        yield f'{kind} ends with {code}, not {allowed[0]}'
    if kind == 'full' and 'No space left' not in text:
        yield 'a full disk was not told'
    for source in case.sources:
        if source.target is not None and source.target.is_file() and not _readable(source.target):
            yield f'{source.target.name} is half a file'
    if case.words[0] == 'train' and case.check is not None:
        with _in_folder(case.folder):
            again = restorekit(*case.words, '--resume', expect=None)
        if again.returncode:
            yield f'it cannot be resumed:\n{_indented(again.stderr)}'
        else:
            yield from case.check()


def _judge_call(case: Case, text: str, result: np.ndarray | None) -> Iterator[str]:
    (source,) = case.sources
    if result is None:
        if case.verdict == 'sound':
            yield 'refused what is sound'
        elif not any(name in text for name in case.names):
            yield f'does not name any of {case.names}'
    elif case.verdict == 'bad':
        yield 'taken in silence'
    elif not np.isfinite(result).all():
        yield 'the result is not finite'
    elif case.verdict == 'sound' and case.expected is not None:
        yield from _compared('the result', result, case.expected(source), 1e-5)


def _judge_command(
    case: Case, code: int | str, text: str, before: dict, after: dict
) -> Iterator[str]:
    if code not in (0, 1, 2):
        yield f'exit code {code}'
        return
    if case.nothing and (new := [path for path in after if path not in before]):
        yield f'{new[0]} was made'
    made = [
        s for s in case.sources if s.target in after and after[s.target] != before.get(s.target)
    ]
    if code:
        yield from _judge_refusal(case, made, text)
    else:
        yield from _judge_success(case, made, text)
    for source in made:
        yield from _judge_result(case, source)


def _judge_refusal(case: Case, made: list[Source], text: str) -> Iterator[str]:
    """Of a whole command, or of some of its sources."""
    _, found, sentence = text.rpartition(f'restorekit {case.words[0]}: error:')
    changed = [source for source in case.sources if source.verdict != 'sound']
    lesser = case.sources if case.verdict == 'open' else changed
    names = case.names + [name for source in lesser for name in source.names]
    if case.verdict == 'sound' and not changed:
        yield 'refused what is sound'
    elif not found or not any(name in sentence for name in names):
        yield f'does not name any of {names}'
    if made and case.verdict == 'bad':
        yield f'refused, and yet wrote {made[0].target}'
    if made:
        yield from _skipped(case, made, text)


def _judge_success(case: Case, made: list[Source], text: str) -> Iterator[str]:
    if case.verdict == 'bad':
        yield 'taken in silence'
    lines = text.splitlines()
    for source in case.sources:
        if source.verdict == 'bad':
            yield f'{source.path.name} was taken in silence'
        elif case.nothing and source.target is not None:
            if f'-> {source.target.relative_to(case.folder)}' not in text:
                yield f'not a word of {source.target}'
        elif source.target is not None and source not in made:
            yield f'{source.path.name} has no result'
        elif source.said and not any(
            source.path.name in line and 'without' in line for line in lines
        ):
            yield f'not a word of what is lost of {source.path.name}'
        if source.done and 'are done already' not in text:
            yield f'not a word of {source.path.name}, which is done'
    if case.check is not None and case.verdict != 'bad':
        yield from case.check()


def _skipped(case: Case, made: list[Source], text: str) -> Iterator[str]:
    for source in case.sources:
        if (
            source not in made
            and not source.done
            and not any(name in text for name in source.names)
        ):
            yield f'{source.path.name} was skipped in silence'


def _judge_result(case: Case, source: Source) -> Iterator[str]:
    assert source.target is not None
    if source.verdict == 'bad':
        yield f'a result of {source.path.name}'
        return
    result = decode(source.target)
    if result is None or not np.isfinite(result).all():
        yield f'{source.target.name} is no readable image'
    elif case.verdict == 'sound' and source.verdict == 'sound' and case.expected is not None:
        yield from _judge_pixels(case, source, case.expected(source))


def _judge_pixels(case: Case, source: Source, expected: np.ndarray) -> Iterator[str]:
    """Against what is expected, by all that the format keeps."""
    assert source.target is not None
    suffix = source.target.suffix.lower()
    result = decode(source.target, alpha=expected.shape[2] in (2, 4))
    assert result is not None
    if expected.shape[2] == 1 and result.shape[2] == 3:  # formats that have no gray
        expected = expected.repeat(3, 2)
    tolerance = 1.01 / 255 if suffix != '.hdr' else 0.01 * expected.max()
    if suffix in LOSSY or not case.exact:
        tolerance = np.inf
    yield from _compared(source.target.name, result, expected, tolerance)
    pixels = stored(source.target)
    assert pixels is not None
    depth = source.bits or source.depth
    integers = suffix in ('.png', '.tif', '.tiff') and pixels.dtype != np.float32
    if integers and pixels.dtype.itemsize * 8 != depth:
        yield f'{source.target.name} has {pixels.dtype}, not {depth} bits'
    if orientation(source.target) != 1:
        yield f'{source.target.name} would be turned again'


def _compared(
    name: str, result: np.ndarray, expected: np.ndarray, tolerance: float
) -> Iterator[str]:
    if result.shape != expected.shape:
        yield f'{name} is {result.shape}, expected {expected.shape}'
    elif (difference := np.abs(result - expected).max()) > tolerance:
        yield f'{name} differs by {difference:.4f}'


def _readable(path: Path) -> bool:
    return path.is_file() and path.stat().st_size > 0 and decode(path) is not None


def _indented(text: str) -> str:
    return '\n'.join(f'    {line}' for line in text.strip().splitlines()[-12:])
