"""Several users of `restorekit serve` at once: is each answered, and does memory stay flat?

Each user opens the page, has a photograph restored, looks at it, takes the 16-bit file, removes the
job and comes again. Memory is that of the server's process, after each half minute and at rest.

    python tools/benchmarks/serve.py --users 8 --seconds 120
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

from restorekit.datasets import sample_photo
from restorekit.io import read_image, write_image

PARTS = ('/', '/page.css', '/page.js', '/jobs.js', '/viewer.js', '/talk.js', '/icon.svg', '/models')
ASK_AGAIN = 0.7  # seconds, as the page does


class User(threading.Thread):
    """Uses the page until `end`, and notes what came of it."""

    def __init__(self, port: int, photo: bytes, end: float) -> None:
        super().__init__()
        self.port, self.photo, self.end = port, photo, end
        self.times: dict[str, list[float]] = {'page': [], 'job': [], 'ask': []}
        self.answers: Counter[int] = Counter()
        self.wrong: list[str] = []

    def run(self) -> None:
        try:
            while time.monotonic() < self.end:
                self.visit()
        except Exception as error:
            self.wrong.append(repr(error))

    def visit(self) -> None:
        self.connection = http.client.HTTPConnection('127.0.0.1', self.port, timeout=60)
        start = time.monotonic()
        for part in PARTS:
            self.ask('GET', part)
        self.times['page'].append(time.monotonic() - start)
        wish = {'files': [{'name': 'photo.jpg', 'size': len(self.photo)}], 'model': 'ain-x2'}
        start = time.monotonic()
        job = f'/jobs/{json.loads(self.ask("POST", "/jobs", json.dumps(wish)))["id"]}'
        self.ask('PUT', f'{job}/pictures/0', self.photo)
        while True:
            asked = time.monotonic()
            state = json.loads(self.ask('GET', job))
            self.times['ask'].append(time.monotonic() - asked)
            if state['state'] in ('done', 'failed'):
                break
            time.sleep(ASK_AGAIN)
        self.times['job'].append(time.monotonic() - start)
        if state['state'] == 'failed':
            self.wrong.append(state['message'])
        else:
            for name in ('before0.png', 'result.png', 'result16.png?download'):
                self.ask('GET', f'{job}/files/{name}')
        self.ask('DELETE', job)
        self.connection.close()

    def ask(self, method: str, path: str, body: bytes | str | None = None) -> bytes:
        self.connection.request(method, path, body)
        answer = self.connection.getresponse()
        content = answer.read()
        self.answers[answer.status] += 1
        if answer.status >= 400:
            raise RuntimeError(f'{method} {path}: {answer.status} {content[:200]!r}')
        return content


def memory(process: subprocess.Popen) -> float:
    """Resident memory of a process, in MB."""
    pages = int(Path(f'/proc/{process.pid}/statm').read_text().split()[1])
    return pages * os.sysconf('SC_PAGE_SIZE') / 1e6


def started(folder: str) -> tuple[subprocess.Popen, int]:
    command = [sys.executable, '-m', 'restorekit', 'serve', '--port', '0']
    environment = {**os.environ, 'TMPDIR': folder}
    start = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    assert process.stdout is not None
    found = re.search(r':(\d+)/', process.stdout.readline())
    assert found is not None
    connection = http.client.HTTPConnection('127.0.0.1', int(found[1]))
    for path, what in (('/', 'first page'), ('/models', 'ready to restore')):
        connection.request('GET', path)
        connection.getresponse().read()
        print(f'{what} after {time.monotonic() - start:.2f} s; {memory(process):.0f} MB')
    return process, int(found[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--users', type=int, default=8)
    parser.add_argument('--seconds', type=float, default=120)
    parser.add_argument('--side', type=int, default=96, help='of the photograph, in pixels')
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / 'photo.jpg'
        write_image(path, read_image(sample_photo('chelsea.png'))[: args.side, : args.side])
        photo = path.read_bytes()
        process, port = started(folder)
        try:
            users = [User(port, photo, time.monotonic() + args.seconds) for _ in range(args.users)]
            for user in users:
                user.start()
            while any(user.is_alive() for user in users):
                time.sleep(min(30.0, args.seconds / 4))
                print(f'{memory(process):.0f} MB')
            for user in users:
                user.join()
            time.sleep(2)
            print(f'at rest {memory(process):.0f} MB')
            (private,) = Path(folder).glob('restorekit-serve-*')
            print(f'files left: {len([*private.rglob("*")]) - 1}')  # but for the lock
        finally:
            process.terminate()
            process.wait()
        print(f'after its end: {len([*Path(folder).glob("restorekit-serve-*")])} folders')
    report(users)


def report(users: list[User]) -> None:
    """What came of it; the exit code is 1 if anything went wrong."""
    wrong = [text for user in users for text in user.wrong]
    answers = sum((user.answers for user in users), Counter())
    print(f'{sum(answers.values())} requests: {dict(answers)}; {len(wrong)} went wrong')
    for name, title in (('page', 'whole page'), ('ask', 'a question'), ('job', 'a photograph')):
        times = sorted(time for user in users for time in user.times[name])
        print(
            f'{title}: {len(times)} times, median {statistics.median(times):.3f} s, '
            f'longest {times[-1]:.3f} s'
        )
    for text in wrong[:10]:
        print(text)
    sys.exit(bool(wrong))


if __name__ == '__main__':
    main()
