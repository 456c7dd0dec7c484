"""The wheel, outside the checkout."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PIP = [sys.executable, '-m', 'pip', '--disable-pip-version-check', '-q']


@pytest.mark.slow
def test_wheel_contains_the_configs_and_works_elsewhere(tmp_path):
    wheel = [
        *PIP,
        'wheel',
        '--no-deps',
        '--no-build-isolation',
        '-w',
        str(tmp_path / 'dist'),
        str(ROOT),
    ]
    subprocess.run(wheel, check=True)
    (file,) = (tmp_path / 'dist').iterdir()
    subprocess.run(
        [*PIP, 'install', '--no-deps', '-t', str(tmp_path / 'site'), str(file)], check=True
    )
    code = """
        import restorekit, restorekit.config as c, os
        assert restorekit.__file__.startswith(os.environ['PYTHONPATH']), restorekit.__file__
        print(c.load_config('ain/ain_x2_300k_div2k').model.backbone.type)
    """
    result = subprocess.run(
        [sys.executable, '-c', '\n'.join(line.strip() for line in code.splitlines())],
        cwd=tmp_path,
        env={'PYTHONPATH': str(tmp_path / 'site')},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.stdout.strip() == 'AIN', result.stderr
