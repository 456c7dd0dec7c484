"""One case: what is called, what was done to its inputs, and which end it may take."""

from __future__ import annotations

import hashlib
import os
import random
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np

# What a change asks for: the right result; a refusal that names it; or either.
Verdict = Literal['sound', 'open', 'bad']
ORDER: tuple[Verdict, ...] = ('sound', 'open', 'bad')


@dataclass
class Source:
    """An image or a bracket that is restored.

    Attributes:
        path: Of the file or folder.
        truth: What is in it: (H, W, C), or (K, H, W, C) dark to bright; None where that is open.
        exposures: EV of the frames, from 0.
        verdict: What its changes ask for.
        names: Of which a refusal names one.
        said: Whether the command has to say what its result is without.
        target: Where its result goes.
        alpha: (H, W, 1), of a picture that has it.
        depth: Bits of the file.
        bits: Of the result, where they are asked for.
        below: Where it lies below the folder that is named.
        done: Whether its result was there before, which has to be said.
    """

    path: Path
    truth: np.ndarray | None = None
    exposures: list[float] | None = None
    verdict: Verdict = 'sound'
    names: list[str] = field(default_factory=list)
    said: bool = False
    target: Path | None = None
    alpha: np.ndarray | None = None
    depth: int = 8
    bits: int | None = None
    below: Path = Path()
    done: bool = False

    def change(self, verdict: Verdict, *names: str) -> None:
        self.verdict = max(self.verdict, verdict, key=ORDER.index)
        self.names += names
        if verdict != 'sound':
            self.truth = None


@dataclass
class Case:
    """A call of one door, made from (seed, number) and nothing else.

    Attributes:
        folder: Where everything lies; the call's current folder.
        words: The command line.
        call: For the Python door: gives the result, or raises.
        changes: What was done to the inputs, in words.
        verdict: What the changes of anything but the sources ask for.
        names: Of which a refusal names one.
        sources: What is restored.
        expected: Result for a source, where that can be known.
        check: Problems of a run that ended well (doors that restore nothing).
        work: Folder in which new files are allowed.
        replaceable: Files that may be replaced.
        extra: Files that may be new besides the results.
        fault: What happens at which write to the disk.
        stdin: What the command reads there.
        nothing: Whether nothing may be written.
        exact: Whether the result is that which is expected, and not one that is like it.
    """

    seed: int
    number: int
    folder: Path
    rng: random.Random
    door: str = ''
    words: list[str] = field(default_factory=list)
    call: Callable[[], np.ndarray] | None = None
    changes: list[str] = field(default_factory=list)
    verdict: Verdict = 'sound'
    names: list[str] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)
    expected: Callable[[Source], np.ndarray] | None = None
    check: Callable[[], list[str]] | None = None
    work: Path | None = None
    replaceable: set[Path] = field(default_factory=set)
    extra: set[Path] = field(default_factory=set)
    fault: tuple[str, int] | None = None
    stdin: str = ''
    nothing: bool = False
    exact: bool = True

    @property
    def numpy(self) -> np.random.Generator:
        return np.random.default_rng(self.rng.getrandbits(32))

    def change(self, what: str, verdict: Verdict = 'sound', *names: str) -> None:
        """Note a change, what it asks for, and the names of which a refusal must hold one."""
        self.changes.append(what)
        self.verdict = max(self.verdict, verdict, key=ORDER.index)
        self.names += names

    def __str__(self) -> str:
        lines = [f'case {self.number} of seed {self.seed}: {self.door}']
        if self.words:
            lines.append('  restorekit ' + ' '.join(map(repr, self.words)))
        lines += [f'  changed: {change}' for change in self.changes or ['nothing']]
        asked = {source.path.name: source.verdict for source in self.sources}
        lines.append(f'  asked for: {self.verdict}, {asked or ""}, a name of {self.names}')
        if self.fault:
            lines.append(f'  fault: {self.fault[0]} at write {self.fault[1]}')
        return '\n'.join(lines)


def snapshot(folder: Path) -> dict[Path, tuple[Any, ...]]:
    """Everything below a folder: kind, and content or where a link points."""
    found: dict[Path, tuple[Any, ...]] = {}
    for path in sorted(folder.rglob('*')):
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            found[path] = ('link', os.readlink(path))
        elif stat.S_ISREG(mode):
            found[path] = ('file', hashlib.sha256(path.read_bytes()).hexdigest())
        else:
            found[path] = ('folder' if stat.S_ISDIR(mode) else 'other',)
    return found
