"""Runs the blocks of a page as printed, in order, in one folder, and compares what they print.

| block | what is done |
| --- | --- |
| `bash` | each command, `restorekit` in this process; but not `pip` and job scripts of `tools/` |
| `python` | run, in one namespace for the whole page |
| any with `title="NAME"` | written to the file NAME |
| `text` | what the block before it prints; `…` is anything, decimals may differ a little |

    python -m tests.docs.pages docs/start/restore.md      # writes what came into the `text` blocks
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from restorekit.registry import REGISTRIES
from tests.helpers import restorekit

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)
DECIMAL = re.compile(r'[-+]?\d+\.\d+')
TOLERANCE = 0.02


@dataclass
class Block:
    """A fenced block; `start` and `end` are where its text lies in the page."""

    kind: str
    title: str
    text: str
    start: int
    end: int


def blocks(page: str) -> list[Block]:
    """All fenced blocks of a page."""
    return [
        Block(match[1], match[2] or '', match[3], match.start(3), match.end(3))
        for match in BLOCK.finditer(page)
    ]


def commands(text: str) -> Iterator[list[str]]:
    """The words of each command of a `bash` block."""
    for line in text.replace('\\\n', ' ').splitlines():
        words = shlex.split(line, comments=True)
        if words:
            yield words


class Page:
    """Runs blocks; what it has printed since the last `text` block is in `printed`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.names: dict = {'__name__': '__page__'}
        self.printed, self.failed = '', False

    def run(self, block: Block) -> None:
        """Do what the block says, in the folder."""
        self.printed, self.failed = '', False
        if block.title:
            path = self.folder / block.title
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text)
        elif block.kind == 'python':
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                exec(compile(block.text, f'python block at {block.start}', 'exec'), self.names)
            self.printed = out.getvalue()
        elif block.kind == 'bash':
            for words in commands(block.text):
                self.printed += self._command(words)

    def _command(self, words: list[str]) -> str:
        # tests/test_packaging.py and tests/test_scripts.py try these.
        if words[0] == 'pip' or any(word.startswith('tools/') for word in words):
            return ''
        if words[0] == 'export':
            os.environ.update(pair.split('=', 1) for pair in words[1:])
            if os.environ.get('PYTHONPATH') == '.':  # this process has read it already
                sys.path.insert(0, str(self.folder))
            return ''
        if words[0] == 'restorekit':
            result = restorekit(*map(os.path.expandvars, words[1:]), expect=None)
        else:
            command = shlex.join(words) if '$' not in ' '.join(words) else ' '.join(words)
            result = subprocess.run(
                ['bash', '-ec', command], capture_output=True, text=True, check=False
            )
        self.failed = self.failed or bool(result.returncode)
        return result.stdout + (result.stderr if result.returncode else '')


@contextlib.contextmanager
def opened(folder: Path) -> Iterator[Page]:
    """A page whose blocks run in `folder`; the process is left as it was."""
    before = Path.cwd()
    with mock.patch.dict(os.environ), mock.patch.object(sys, 'path', [*sys.path]):
        for name in [name for name in os.environ if name.startswith('RESTOREKIT_')]:
            del os.environ[name]  # a reader has none of them
        os.environ['PATH'] = f'{Path(sys.executable).parent}{os.pathsep}{os.environ["PATH"]}'
        os.chdir(folder)
        with _unregistered(folder):
            try:
                yield Page(folder)
            finally:
                os.chdir(before)


@contextlib.contextmanager
def _unregistered(folder: Path) -> Iterator[None]:
    """Forget afterwards what modules in the folder have registered, and the modules."""
    held = {name: dict(registry._module_dict) for name, registry in REGISTRIES.items()}
    modules = set(sys.modules)
    try:
        yield
    finally:
        for name in set(sys.modules) - modules:
            if str(getattr(sys.modules[name], '__file__', None)).startswith(str(folder)):
                del sys.modules[name]
        for name, registry in REGISTRIES.items():
            ours = {k: part for k, part in registry._module_dict.items() if k not in held[name]}
            for key, part in ours.items():
                if part.__module__.partition('.')[0] not in sys.modules:
                    del registry._module_dict[key]


def agree(expected: str, printed: str) -> bool:
    """Whether a `text` block shows what was printed."""
    shown, came = (DECIMAL.sub('\0', text.strip()) for text in (expected, printed))
    # Decimals that `…` swallows are compared with nothing.
    pattern = '(.*?)'.join(map(re.escape, shown.split('…')))
    match = re.fullmatch(pattern, came, re.DOTALL)
    if not match:
        return False
    swallowed = [
        number for start, end in match.regs[1:] for number in _numbers_in(came, start, end)
    ]
    numbers = [n for i, n in enumerate(DECIMAL.findall(printed)) if i not in swallowed]
    pairs = zip(DECIMAL.findall(expected), numbers, strict=True)
    return all(_near(shown, came) for shown, came in pairs)


def _numbers_in(text: str, start: int, end: int) -> range:
    first = text[:start].count('\0')
    return range(first, first + text[start:end].count('\0'))


def _near(shown: str, came: str) -> bool:
    """Equal within 2 %, or within one of the last digit."""
    a, b = float(shown), float(came)
    last = 10.0 ** -len(shown.partition('.')[2])
    return abs(a - b) <= max(TOLERANCE * max(abs(a), abs(b)), 1.001 * last)


def differences(path: Path, folder: Path) -> list[tuple[Block, str]]:
    """Run a page; every `text` block that does not show what was printed, and what was.

    Raises:
        AssertionError: If a command fails whose error the page does not show.
    """
    found = []
    with opened(folder) as page:
        listed = blocks(path.read_text(encoding='utf-8'))
        for block, after in zip(listed, [*listed[1:], None], strict=True):
            if block.kind == 'text':
                if not agree(block.text, page.printed):
                    found.append((block, page.printed))
                continue
            page.run(block)
            shown = after is not None and after.kind == 'text' and 'error: ' in after.text
            if page.failed != shown:
                raise AssertionError(f'{path.name}: {block.text}{page.printed}')
    return found


# What differs from one run to the next.
VOLATILE = re.compile(
    r'(?m:^(?:WARNING: )?\d\d:\d\d:\d\d )|(?m:(?<=^device      ).*$)|/tmp/\w+(?=/)|\d{8}_\d{6}'
    r'|eta: \S+  time: \S+  data_time: \S+'
    r'|data_time: \S+  time: \S+|(?<=torch )\S+ on \w+|' + re.escape(str(ROOT))
)


def rewrite(path: Path) -> None:
    """Put what came into the `text` blocks that show something else."""
    with tempfile.TemporaryDirectory() as folder:
        found = differences(path, Path(folder))
    text = path.read_text(encoding='utf-8')
    for block, printed in reversed(found):
        shown = VOLATILE.sub('…', printed).strip()
        text = f'{text[: block.start]}{shown}\n{text[block.end :]}'
    path.write_text(text, encoding='utf-8')
    print(f'{path}: {len(found)} outputs written')


if __name__ == '__main__':
    for name in sys.argv[1:]:
        rewrite(Path(name).resolve())
