"""The wheel and a plug-in beside it, in an environment of their own, outside the checkout."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from restorekit.io import write_image
from tests.conftest import smooth_image

ROOT = Path(__file__).parents[1]
PLUGIN = ROOT / 'docs/examples/plugin'
PIP = [sys.executable, '-m', 'pip', '--disable-pip-version-check', '-q']
LEFT_OUT = ('.*', 'build', 'dist', '*.egg-info', '__pycache__', 'work_dirs', 'data', 'shared')


def call(*command, cwd, **environment):
    """Run a command without this environment's variables; returns what it printed."""
    result = subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        env={'PATH': os.environ['PATH'], 'HOME': str(cwd), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.fixture(scope='module')
def wheels(tmp_path_factory):
    """The wheels of the package and of the plug-in, built from copies: nothing old in them."""
    folder = tmp_path_factory.mktemp('wheels')
    for number, source in enumerate((ROOT, PLUGIN)):
        copy = folder / f'source{number}'
        shutil.copytree(source, copy, ignore=shutil.ignore_patterns(*LEFT_OUT))
        offline = ('--no-deps', '--no-build-isolation', '-w', folder)
        subprocess.run([*PIP, 'wheel', *map(str, offline), str(copy)], check=True)
    return sorted(folder.glob('*.whl'))


@pytest.fixture(scope='module')
def environment(wheels, tmp_path_factory):
    """A virtual environment with the wheels; all else is the running one's."""
    folder = tmp_path_factory.mktemp('venv')
    subprocess.run([sys.executable, '-m', 'venv', '--without-pip', str(folder)], check=True)
    install = [*PIP, '--python', str(folder / 'bin/python'), 'install', '--no-deps', '--no-index']
    subprocess.run([*install, *map(str, wheels)], check=True)
    # After pip: it must not see what is installed there. An editable package's hook stays behind.
    site = sysconfig.get_path('purelib', vars={'base': str(folder)})
    packages = {sysconfig.get_path(name) for name in ('purelib', 'platlib')}
    (Path(site) / 'running.pth').write_text('\n'.join(sorted(packages)))
    return folder / 'bin'


@pytest.fixture
def photos(tmp_path):
    """Two photographs."""
    (tmp_path / 'photos').mkdir()
    for number in range(2):
        write_image(tmp_path / f'photos/{number}.png', smooth_image(64, 80, seed=number))
    return tmp_path / 'photos'


def test_the_example_is_short():
    files = list(PLUGIN.rglob('*.py'))
    assert len(files) == 2
    lines = [line for file in files for line in file.read_text().splitlines() if line.strip()]
    assert len(lines) <= 60


@pytest.mark.slow
def test_what_is_in_the_wheel(wheels):
    names = set(zipfile.ZipFile(wheels[1]).namelist())
    configs = {path.relative_to(ROOT).as_posix() for path in (ROOT / 'configs').rglob('*.py')}
    assert {f'restorekit/.mim/{config}' for config in configs} <= names
    index = zipfile.ZipFile(wheels[1]).read('restorekit/.mim/model-index.yml').decode()
    listed = [line.removeprefix('  - ') for line in index.splitlines()[1:]]
    found = (path.relative_to(ROOT).as_posix() for path in (ROOT / 'configs').rglob('metafile.yml'))
    assert listed == sorted(found)
    modules = {path.relative_to(ROOT).as_posix() for path in (ROOT / 'restorekit').rglob('*.py')}
    assert modules == {
        name for name in names if name.startswith('restorekit/') and name.endswith('.py')
    } - {f'restorekit/.mim/{config}' for config in configs}
    page = {f'restorekit/web/page/{path.name}' for path in (ROOT / 'restorekit/web/page').iterdir()}
    assert page <= names
    assert not [name for name in names if name.startswith(('tests', 'tools'))]


@pytest.mark.slow
def test_configs_are_found_and_inherited_outside_the_checkout(environment, tmp_path):
    (tmp_path / 'mine.py').write_text("_base_ = 'restorekit::ain/ain_x2_300k_div2k.py'\nbest = 1\n")
    code = """
import sys, restorekit
from mmengine.hub import get_config
from restorekit.config import load_config
assert restorekit.__file__.startswith(sys.prefix), restorekit.__file__
mine, ours = load_config('mine.py'), load_config('ain/ain_x2_300k_div2k')
assert mine.best == 1 and mine.model == ours.model, mine
hub = get_config('restorekit::ain/ain_x2_300k_div2k.py')
assert hub.scale == 2 and hub.model.backbone == ours.model.backbone
print(ours.filename)
"""
    out = call(environment / 'python', '-c', code, cwd=tmp_path)
    assert out.strip().endswith('restorekit/.mim/configs/ain/ain_x2_300k_div2k.py')
    listed = call(environment / 'restorekit', 'list', cwd=tmp_path)
    assert 'ain/ain_x2_300k_div2k.py' in listed
    for name in ('Block', 'Net', 'Loss', 'Error', 'Folder', 'Gain'):
        assert f'Example{name}' in listed


@pytest.mark.slow
def test_preparing_and_converting_need_no_checkout(environment, photos, tmp_path):
    tiles = ('prepare', 'tiles', photos, tmp_path / 'tiles', '--size', '48', '--step', '48')
    assert '2 images, 8 tiles' in call(environment / 'restorekit', *tiles, cwd=tmp_path)
    for command in ('prepare pairs', 'prepare brackets', 'convert', 'demo', 'check-resume'):
        usage = call(environment / 'restorekit', *command.split(), '--help', cwd=tmp_path)
        assert usage.startswith(f'usage: restorekit {command} [')


@pytest.mark.slow
def test_a_plug_in_is_trained_and_tested(environment, photos, tmp_path):
    """All six parts and the config are the plug-in's; nothing is imported by hand."""
    config, work = 'example_parts::example_x2.py', ('--work-dir', tmp_path / 'work')
    steps = ('--cfg-options', 'train_cfg.max_iters=4', 'train_cfg.val_interval=2')
    steps += ('default_hooks.checkpoint.interval=2', 'default_hooks.logger.interval=1')
    place = {'EXAMPLE_PHOTOS': str(photos)}
    out = call(environment / 'restorekit', 'train', config, *work, *steps, cwd=tmp_path, **place)
    assert 'loss_relative:' in out
    checkpoint = tmp_path / 'work/iter_4.pth'
    call(environment / 'restorekit', 'test', config, *work, checkpoint, cwd=tmp_path, **place)
    results = json.loads((tmp_path / 'work/results.json').read_text())
    assert 'MAE' in json.dumps(results)
    assert 'photos_x2' in (tmp_path / 'work/results.md').read_text()
    out = tmp_path / 'out'
    restore = ('restore', photos / '0.png', '-w', checkpoint, '-o', out)
    call(environment / 'restorekit', *restore, cwd=tmp_path)
    assert (out / '0.png').exists()
