"""Checkpoints of a run as a machine of states: whatever happens, the latest whole one is found."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from unittest import mock

import pytest
import torch
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from restorekit.engine.hooks import CheckpointHook
from restorekit.io.checkpoint import (
    CheckpointError,
    latest_checkpoint,
    read_checkpoint,
    write_checkpoint,
)

KEPT = 3


class Checkpoints(RuleBasedStateMachine):
    """Saves as a run does, and what may come between.

    The model of the folder: what each checkpoint holds, None where it is damaged, and which one the
    pointer names.
    """

    def __init__(self):
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.runner = mock.Mock(work_dir=str(self.folder), iter=0)
        self.runner.save_checkpoint = self._write
        self.hook = CheckpointHook(max_keep_ckpts=KEPT)
        self.held: dict[int, float | None] = {}
        self.named: int | None = None

    def teardown(self):
        shutil.rmtree(self.folder)

    def _write(self, folder, name, **_):
        value = float(self.runner.iter)
        write_checkpoint(Path(folder) / name, {'state_dict': {'w': torch.full((50,), value)}})

    @initialize(numbers=st.sets(st.integers(1, 40), max_size=2))
    def left_from_a_run_before(self, numbers):
        """Checkpoints without a pointer, some with larger numbers."""
        for number in numbers:
            self.runner.iter = number
            self._write(self.folder, f'iter_{number}.pth')
            self.held[number] = float(number)
        self.runner.iter = 0

    @rule(steps=st.integers(1, 5))
    def save(self, steps):
        self.runner.iter += steps
        number = self.runner.iter + 1
        self.hook.save(self.runner)
        self.held[number], self.named = float(self.runner.iter), number
        older = sorted((n for n in self.held if n <= number), reverse=True)
        for removed in older[KEPT:]:
            del self.held[removed]

    @rule(steps=st.integers(1, 5), error=st.sampled_from([KeyboardInterrupt, OSError]))
    def save_in_vain(self, steps, error):
        """Ctrl-C, or a full disk, before the file is on the disk."""
        before = {path.name for path in self.folder.iterdir()}
        with (
            mock.patch.object(self.runner, 'iter', self.runner.iter + steps),
            mock.patch.object(os, 'fsync', side_effect=error),
            pytest.raises((KeyboardInterrupt, CheckpointError)),
        ):
            self.hook.save(self.runner)
        assert {path.name for path in self.folder.iterdir()} == before

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def damage(self, data):
        number = data.draw(st.sampled_from(sorted(self.held)))
        path = self.folder / f'iter_{number}.pth'
        content = bytearray(path.read_bytes())
        how = data.draw(st.sampled_from(['cut', 'emptied', 'bits', 'gone']))
        if how == 'gone':
            path.unlink()
            del self.held[number]
            return
        if how == 'bits' and self.held[number] is not None:
            at = content.index(torch.full((50,), self.held[number]).numpy().tobytes())
            content[at + data.draw(st.integers(0, 199))] ^= 1 << data.draw(st.integers(0, 7))
        else:
            content = content[: 0 if how == 'emptied' else len(content) // 2]
        path.write_bytes(content)
        self.held[number] = None

    @rule(number=st.integers(1, 50))
    def leave_over(self, number):
        """A process is killed in the middle of a write."""
        (self.folder / f'.iter_{number}.pth.0123456789ab.part').write_bytes(b'half')

    @rule(text=st.sampled_from(['', 'iter_99.pth', '../elsewhere/iter_1.pth', 'x']))
    def spoil_the_pointer(self, text):
        (self.folder / 'last_checkpoint').write_text(text)
        number = int(text.split('_')[1].partition('.')[0]) if '_' in text else None
        self.named = number if number in self.held else None

    @rule()
    def start_again(self):
        """A new run clears what killed ones have left half-written, and nothing else."""
        self.hook.before_train(self.runner)
        names = {path.name for path in self.folder.iterdir()} - {'last_checkpoint'}
        assert names == {f'iter_{number}.pth' for number in self.held}

    @invariant()
    def the_latest_whole_one_is_found(self):
        numbers = sorted(self.held, reverse=True)
        if self.named in self.held:
            numbers = [number for number in numbers if number <= self.named]
        whole = [number for number in numbers if self.held[number] is not None]
        path, passed_over = latest_checkpoint(self.folder)
        assert path == (self.folder / f'iter_{whole[0]}.pth' if whole else None)
        later = [number for number in numbers if not whole or number > whole[0]]
        assert len(passed_over) == len(later)
        for number, reason in zip(later, passed_over, strict=True):
            assert f'iter_{number}.pth: damaged' in reason
        if path is not None:
            weights = read_checkpoint(path)['state_dict']['w']
            assert weights.eq(self.held[whole[0]]).all()


TestCheckpoints = Checkpoints.TestCase
TestCheckpoints.settings = settings(max_examples=15, stateful_step_count=12)
