"""`python -m tests.fuzz --cases 10000 --seed 1`: cases at random, each a function of its number.

Cases run in processes of some hundred; one that hangs, dies or takes too much memory is a failure
too. `--only N` runs one case again, in this process, and keeps its folder.
"""

from __future__ import annotations

import argparse
import functools
import gc
import os
import random
import resource
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BATCH = 250  # a process takes seconds to import torch
SECONDS = 120  # for one case; the slowest, an export, takes some
MEMORY = 3 * 2**30  # more than a process has when its cases begin
ROOT = Path(__file__).parents[2]


def make_case(seed: int, number: int, folder: Path) -> object:
    """The case of a number, with its files in a folder."""
    from tests.fuzz import brackets, calls, many, restoring, running
    from tests.fuzz.case import Case

    doors = [
        *[restoring.restore_images] * 6,
        *[many.restore_many] * 8,
        *[brackets.restore_bracket_files] * 5,
        *[restoring.restore_brackets] * 4,
        *[calls.call] * 5,
        *[running.train] * 3,
        *[running.test] * 2,
    ]
    rng = random.Random(f'{seed}/{number}')
    # Tracing takes seconds.
    door = running.export if number % 40 == 7 else rng.choice(doors)
    case = Case(seed, number, folder, rng, door=door.__name__)
    door(case)
    return case


def describe(seed: int, number: int) -> str:
    with tempfile.TemporaryDirectory() as folder:
        return str(make_case(seed, number, Path(folder)))


def run_one(seed: int, number: int, *, keep: bool = False) -> str:
    """Run a case in a new folder; returns the case and what is wrong with it, or nothing."""
    from tests.fuzz.ends import run_case

    folder = Path(tempfile.mkdtemp(prefix=f'fuzz-{seed}-{number}-'))
    try:
        case = make_case(seed, number, folder)
        problems = run_case(case)
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)
    text = '\n'.join([str(case), *(f'  WRONG: {problem}' for problem in problems)])
    return text if problems or keep else ''


def work(seed: int, first: int, count: int) -> None:
    """Run a batch in this process; each line of the answer begins with what it says."""
    _load_once()
    statm = Path('/proc/self/statm')
    if statm.exists():
        limit = int(statm.read_text().split()[0]) * resource.getpagesize() + MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (limit, resource.getrlimit(resource.RLIMIT_AS)[1]))
    out = os.fdopen(os.dup(1), 'w')
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # what libraries print of damaged files
    for number in range(first, first + count):
        print('begins', number, file=out, flush=True)
        text = run_one(seed, number)
        if text:
            print('fails', text.replace('\n', '\r'), file=out, flush=True)
    print('done', file=out, flush=True)


def _load_once() -> None:
    """Import what cases use, and spare them what only repeats: of a training half the time.

    Configs are formatted again and again; the same text becomes the same text. What is loaded stays
    to the end, and mmengine has each dataset look for garbage in all of it.
    """
    import torch._dynamo  # noqa: F401  (an optimizer needs it)
    from yapf.yapflib import yapf_api

    from tests.fuzz import brackets, calls, ends, many, restoring, running  # noqa: F401

    formatted = yapf_api.FormatCode

    @functools.lru_cache(64)
    def once(code: str, *style: tuple[str, object]) -> tuple[str, bool]:
        return formatted(code, style_config=dict(style))

    yapf_api.FormatCode = lambda code, style_config: once(code, *style_config.items())
    gc.collect()
    gc.freeze()


def run_batch(seed: int, first: int, count: int) -> list[str]:
    """Failures of cases first … first + count - 1, in processes of their own."""
    failures, number, end = [], first, first + count
    while number < end:
        command = ['-m', 'tests.fuzz', '--seed', seed, '--work', number, '--cases', end - number]
        process = subprocess.Popen(
            [sys.executable, *map(str, command)],
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env={**os.environ, 'OMP_NUM_THREADS': '1', 'PYTHONPATH': str(ROOT)},
            start_new_session=True,
        )
        number, ended = listen(process, number, failures)
        if ended == 'done':
            break
        failures.append(f'{describe(seed, number)}\n  WRONG: it {ended}')
        number += 1
    return failures


def listen(process: subprocess.Popen, number: int, failures: list[str]) -> tuple[int, str]:
    """Follow a process; returns the number of its last case, and how it ended."""
    assert process.stdout is not None
    buffer, ended = b'', 'died'
    started = time.monotonic()
    while True:
        # Where many processes share the cores, each gets less of them.
        busy = max(os.getloadavg()[0] / (os.cpu_count() or 1), 1)
        patience = SECONDS * busy - (time.monotonic() - started)
        if not select.select([process.stdout], [], [], max(patience, 0))[0]:
            ended = f'hangs ({SECONDS} s)'
            break
        data = os.read(process.stdout.fileno(), 65536)
        if not data:
            break
        *lines, buffer = (buffer + data).split(b'\n')
        for line in lines:
            word, _, rest = line.decode(errors='replace').partition(' ')
            if word == 'begins':
                number, started = int(rest), time.monotonic()
            elif word == 'fails':
                failures.append(rest.replace('\r', '\n'))
            elif word == 'done':
                ended = 'done'
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    code = process.wait()
    return number, ended if ended != 'died' else f'died ({code})'


def main() -> None:
    parser = argparse.ArgumentParser('python -m tests.fuzz', description=__doc__)
    parser.add_argument('--cases', type=int, default=300, metavar='N')
    parser.add_argument('--seed', type=int, default=0, metavar='N')
    parser.add_argument('--first', type=int, default=0, metavar='N', help='number of the first')
    parser.add_argument('--only', type=int, metavar='N', help='this case alone, its folder kept')
    parser.add_argument('--work', type=int, metavar='N', help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.work is not None:
        work(args.seed, args.work, args.cases)
        return
    if args.only is not None:
        text = run_one(args.seed, args.only, keep=True)
        print(text)
        sys.exit('WRONG' in text)
    count = 0
    for first in range(args.first, args.first + args.cases, BATCH):
        failures = run_batch(args.seed, first, min(BATCH, args.first + args.cases - first))
        count += len(failures)
        if failures:
            print(*failures, sep='\n\n', flush=True)
    print(f'{args.cases} cases of seed {args.seed}, {count} outside the four ends')
    sys.exit(count > 0)


if __name__ == '__main__':
    main()
