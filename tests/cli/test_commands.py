"""How a command is found, how its words are read, and how it ends."""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import re
import signal
import subprocess
import sys
import time
from itertools import chain
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from restorekit import cli
from restorekit.cli import COMMANDS, command_module, find_command, kills, main, parse
from restorekit.cli.kill_writes import kill_writes
from restorekit.functional import imresize
from restorekit.io import read_image, write_image
from tests.helpers import restorekit


@pytest.fixture
def run(monkeypatch, capsys):
    """Run a command in this process; returns its exit code and what it printed."""
    monkeypatch.setattr(cli, 'keep_freed_memory', lambda: None)

    def call(*arguments):
        monkeypatch.setattr(sys, 'argv', ['restorekit', *map(str, arguments)])
        code = 0
        try:
            main()
        except SystemExit as end:
            code = end.code
        return code, *capsys.readouterr()

    return call


def test_commands_of_one_and_two_words():
    assert find_command(['train', 'a.py']) == ('train', ['a.py'])
    assert find_command(['prepare', 'pairs', 'sice']) == ('prepare pairs', ['sice'])
    assert find_command(['check-resume']) == ('check-resume', [])


@pytest.mark.parametrize('name', COMMANDS)
def test_each_command_has_help(run, name):
    code, out, _ = run(*name.split(), '--help')
    assert code == 0
    assert out.startswith(f'usage: restorekit {name} [')


def test_overviews(run):
    code, out, _ = run('--help')
    assert code == 0
    assert all(name in out for name in COMMANDS)
    code, out, _ = run('prepare', '--help')
    assert code == 0
    assert out.startswith('usage: restorekit prepare [')
    assert '{' not in out
    assert [word in out for word in ('tiles', 'pairs', 'brackets', 'train')] == [True] * 3 + [False]
    assert run('--version')[0] == 0
    for words in ((), ('prepare',), ('prepare', 'tile'), ('trian',), ('--', 'train')):
        code, _, error = run(*words)
        assert code == 2
        assert 'COMMAND' in error or 'the command comes first' in error
    assert "error: no command 'trian'; did you mean 'train'?" in run('trian')[2]
    assert "prepare: error: no command 'tile'; did you mean 'tiles'?" in run('prepare', 'tile')[2]


def test_options_may_stand_between_positionals(run, monkeypatch):
    seen = []
    monkeypatch.setattr('restorekit.cli.test.run', seen.append)
    monkeypatch.setattr('restorekit.cli.prepare.brackets.run', seen.append)
    assert run('test', 'a.py', '--work-dir', 'w', 'a.pth', '--unsafe-load')[0] == 0
    assert run('test', 'a.py', '--cfg-options', 'a=1', 'b=2', '--work-dir', 'w')[0] == 0
    assert run(
        'prepare', 'brackets', 'in', '--exposures', '-2', '0', '2', '--seed', '3', 'out'
    ) == (0, '', '')
    assert run('test', 'a.py', '--work-dir', 'w', 'a.pth', 'b.pth')[0] == 2
    assert run('test', 'a.py', '--work-dirs', 'w')[0] == 2
    first, second, third = seen
    assert (first.config, first.work_dir, first.checkpoint) == ('a.py', 'w', 'a.pth')
    assert (second.checkpoint, second.cfg_options) == (None, ['a=1', 'b=2'])
    assert (str(third.out), third.exposures, third.seed) == ('out', [-2.0, 0.0, 2.0], 3)


@pytest.mark.parametrize('name', COMMANDS)
def test_options_may_stand_anywhere_in_every_command(name):
    parser = argparse.ArgumentParser()
    command_module(name).add_arguments(parser)
    words, options = [], [['--traceback']]
    # Of several that exclude each other the first.
    others = [a for group in parser._mutually_exclusive_groups for a in group._group_actions[1:]]
    for action in parser._actions:
        if action in others:
            continue
        value = str(next(iter(action.choices))) if action.choices else '1'
        count = {None: 1, '?': 1, '+': 2, '*': 2}.get(action.nargs, action.nargs)
        if not action.option_strings:
            words += [value] * count
        elif action.nargs is None or action.required:
            options.append([action.option_strings[-1], *[value] * count])
    last = parse(name, [*words, *chain(*options)])
    for gap in range(len(words)):
        assert parse(name, [*words[:gap], *chain(*options), *words[gap:]]) == last
        # One option in front, the others in between.
        between = [*options[-1], *words[:gap], *chain(*options[:-1]), *words[gap:]]
        assert parse(name, between) == last


def test_a_reader_that_goes_away_is_no_error():
    """As in `restorekit list | head -1`, where the rest is more than a pipe holds."""
    code = """
import sys
from restorekit import cli
import restorekit.cli.list as command
def run(args):
    for _ in range(100_000):
        print('a line of some length')
command.run = run
sys.argv = ['restorekit', 'list']
cli.main()
"""
    process = subprocess.Popen(
        [sys.executable, '-c', code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == 'a line of some length\n'
    process.stdout.close()
    assert process.wait() == cli.BROKEN_PIPE
    assert process.stderr.read() == ''


def test_other_broken_pipes_are_errors(run, monkeypatch):
    def fail(args):
        raise BrokenPipeError(32, 'Broken pipe', 'a worker')

    monkeypatch.setattr('restorekit.cli.list.run', fail)
    code, _, error = run('list')
    assert code == 1
    assert 'restorekit list: error: [Errno 32] Broken pipe' in error


def test_preparing_from_the_command_line(run, tmp_path):
    (tmp_path / 'in').mkdir()
    write_image(tmp_path / 'in/a.png', np.zeros((40, 30, 3), np.float32))
    command = ('prepare', 'tiles', tmp_path / 'in', tmp_path / 'out', '--size', '16')
    code, out, _ = run(*command, '--step', '8', '--workers', '1')
    assert (code, out) == (0, f'1 images, 12 tiles in {tmp_path}/out\n')
    code, _, error = run(*command)
    assert code == 1
    assert 'restorekit prepare tiles: error: --step must be in 1..16, got 240' in error
    for words in (('pairs', 'sice'), ('brackets',)):
        code, _, error = run('prepare', *words, tmp_path / 'no', tmp_path / 'out')
        assert code == 1
        assert f'restorekit prepare {words[0]}: error: {tmp_path}/no: no such folder' in error
    command = ('prepare', 'pack', 'FolderDataset', tmp_path / 'pack', f'gt_dir={tmp_path}/in')
    assert run(*command)[:2] == (0, f'1 images in {tmp_path}/pack\n')
    whole = f'{tmp_path}/pack: whole, 1 samples, 1 images\n'
    assert run(*command, '--check')[:2] == (0, whole)
    code, _, error = run(*command)
    assert code == 1
    assert 'restorekit prepare pack: error: ' in error
    assert 'holds a whole pack already; remove it or name another folder' in error
    pixels = tmp_path / 'pack/pixels.bin'
    pixels.write_bytes(b'\7' + pixels.read_bytes()[1:])
    code, _, error = run(*command, '--check')
    assert code == 1
    assert f'{tmp_path}/in/a.png: its pixels are damaged in the pack' in error
    code, _, error = run('convert', 'cfnet', tmp_path / 'in/a.png', tmp_path / 'b.pth')
    assert code == 1
    assert 'restorekit convert: error: ' in error


def test_demo_and_checks_that_cannot_start(run, tmp_path, monkeypatch):
    (tmp_path / 'file').touch()
    code, _, error = run('demo', tmp_path / 'file/work')
    assert code == 1
    assert 'restorekit demo: error: ' in error
    code, _, error = run('check-resume', 'process', '--kills', '0')
    assert code == 1
    assert '--kills must be >= 1, got 0' in error


def test_demo_goes_through_the_commands_and_compares(run, tmp_path, monkeypatch):
    pytest.importorskip('skimage')
    called = []

    def call(*command):
        called.append(command[0])
        if command[0] == 'restore':
            small = torch.from_numpy(read_image(command[1])).movedim(-1, 0)
            folder = Path(command[command.index('-o') + 1])
            folder.mkdir()
            enlarged = imresize(small, 2).clamp(0, 1).movedim(0, -1).numpy()
            write_image(folder / Path(command[1]).name, enlarged)

    monkeypatch.setattr('restorekit.cli.demo._call', call)
    code, out, error = run('demo', tmp_path / 'work')
    assert code == 0, error
    assert called == ['train', 'test', 'restore']
    scores = re.findall(r'(?:bicubic|restored) (\d\d\.\d\d) dB', out)
    assert len(scores) == 2
    assert abs(float(scores[0]) - float(scores[1])) < 0.1  # the stand-in enlarges by bicubic, too
    assert read_image(tmp_path / 'work/chelsea.png').shape[1] == 3 * 450


@pytest.mark.slow
@pytest.mark.parametrize(('what', 'kills'), [('process', 2), ('rank', 1)])
def test_killed_runs_end_in_the_same_bits(what, kills):
    result = restorekit('check-resume', what, '--kills', kills)
    assert 'the same bits: weights yes, averaged weights yes, optimizer yes' in result.stdout


def test_a_checkpoint_that_was_there_is_no_sign_of_life(tmp_path):
    (tmp_path / 'iter_3.pth').write_bytes(b'named the last')
    (tmp_path / 'iter_6.pth').write_bytes(b'killed before it was')
    there, polls = kills._checkpoints(tmp_path), []

    def poll():
        polls.append(None)
        if len(polls) == 3:  # the run that goes on from 3 writes 6 once more
            os.utime(tmp_path / 'iter_6.pth', ns=(0, 0))

    kills._wait_for_checkpoint(tmp_path, there, SimpleNamespace(poll=poll))
    assert len(polls) == 3


@pytest.mark.slow
def test_checks_that_are_ended_end_their_run(tmp_path):
    command = [sys.executable, '-u', '-m', 'restorekit', 'check-resume', 'process']
    environment = {**os.environ, 'TMPDIR': str(tmp_path)}
    check = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment)
    try:
        assert check.stdout.readline() == b'6000 iterations left alone\n'
        deadline = time.monotonic() + 120
        while not of_folder(tmp_path) and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.1)
        check.terminate()
        assert check.wait(120) == 128 + signal.SIGTERM
        assert [*tmp_path.iterdir()] == []
        deadline = time.monotonic() + 30
        while of_folder(tmp_path) and time.monotonic() < deadline:  # killed, and not yet gone
            time.sleep(0.1)
        assert not of_folder(tmp_path)
    finally:
        check.kill()
        check.stdout.close()


def of_folder(folder):
    """The processes that name a folder."""
    words = {}
    for path in Path('/proc').glob('[0-9]*/cmdline'):
        with contextlib.suppress(OSError):  # it has ended
            words[path] = path.read_text(errors='replace')
    return [path for path, text in words.items() if str(folder) in text]


def test_killed_writes_leave_whole_files_and_nothing_beside_them(tmp_path, capsys):
    kill_writes(tmp_path, 3, random.Random(0))
    text = capsys.readouterr().out
    assert re.search(r'^\d+ kills, 3 of them inside a write \(.*\); all files whole$', text)
