"""Completion by the tab key."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from restorekit.cli import COMMANDS
from restorekit.cli.completion import SHELLS, actions_of, whole_parser
from tests.helpers import restorekit


@pytest.fixture(scope='module')
def script(tmp_path_factory):
    path = tmp_path_factory.mktemp('completion') / 'restorekit.bash'
    path.write_text(restorekit('completion', 'bash').stdout)
    return path


def completed(script, folder, *words):
    """What bash offers for the last of some words."""
    code = f'source {script}; COMP_WORDS=("$@"); COMP_CWORD=$(($#-1)); _shtab_restorekit'
    code += '; printf "%s\\n" "${COMPREPLY[@]}"'
    command = ['bash', '-c', code, 'bash', 'restorekit', *words]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, check=True)
    return done.stdout.split()


@pytest.mark.skipif(shutil.which('bash') is None, reason='no bash')
@pytest.mark.parametrize(
    ('words', 'offered'),
    [
        (['tr'], ['train']),
        (['prepare', 'ti'], ['tiles']),
        (['restore', 'a.png', '--tas'], ['--task']),
        (['restore', 'a.png', '--task', 'h'], ['hdr']),
        (['restore', 'a.png', '-m', 'ain-x'], ['ain-x2', 'ain-x3', 'ain-x4']),
        (['train', 'demo/'], ['demo/ain-small_x2_1k_photos.py']),
        (['test', '-m', 'ain-x2', '-m', 'bicubic-'], ['bicubic-x2', 'bicubic-x3', 'bicubic-x4']),
        (['test', 'mi'], ['mine.py']),
        (['train', '--work-dir', 'm'], ['models']),
        (['list', 'transf'], ['transforms']),
    ],
)
def test_bash_offers_commands_options_names_and_files(script, tmp_path, words, offered):
    (tmp_path / 'mine.py').touch()
    (tmp_path / 'models').mkdir()
    assert completed(script, tmp_path, *words) == offered


@pytest.mark.parametrize('shell', SHELLS)
def test_each_shell_reads_its_script(tmp_path, shell):
    if shutil.which(shell) is None:
        pytest.skip(f'no {shell}')
    path = tmp_path / 'script'
    path.write_text(restorekit('completion', shell).stdout)
    done = subprocess.run([shell, '-n', path], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, '')


def test_every_command_and_option_is_in_it():
    parser = whole_parser()
    options = {option for action in actions_of(parser) for option in action.option_strings}
    assert {'--cfg-options', '--tonemap', '--report', '--traceback', '--sizes'} <= options
    usage = parser.format_help()
    assert all(name.partition(' ')[0] in usage for name in COMMANDS)
