"""The tools that are no doors to a command."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np

from restorekit.io import read_image, write_image
from tests.conftest import smooth_image

TOOLS = Path(__file__).parents[1] / 'tools'


def test_cut_tiles_covers_the_image(tmp_path):
    image = np.round(smooth_image(50, 70) * 255) / np.float32(255)
    (tmp_path / 'in').mkdir()
    write_image(tmp_path / 'in/a.png', image)
    write_image(tmp_path / 'in/small.png', image[:20, :20])
    write_image(tmp_path / 'in/deep.png', smooth_image(20, 20), bits=16)
    command = [
        sys.executable,
        TOOLS / 'dataset_converters/cut_tiles.py',
        tmp_path / 'in',
        tmp_path / 'out',
    ]
    result = subprocess.run(
        [*command, '--size', '32', '--step', '16'], check=True, capture_output=True, text=True
    )
    assert '3 images, 14 tiles' in result.stdout
    corners = [(y, x) for y in (0, 16, 18) for x in (0, 16, 32, 38)]
    for number, (y, x) in enumerate(corners, 1):
        tile = read_image(tmp_path / f'out/a_s{number:03d}.png')
        np.testing.assert_array_equal(tile, image[y : y + 32, x : x + 32])
    np.testing.assert_array_equal(read_image(tmp_path / 'out/small_s001.png'), image[:20, :20])
    np.testing.assert_array_equal(
        read_image(tmp_path / 'out/deep_s001.png'), read_image(tmp_path / 'in/deep.png')
    )
    failed = subprocess.run([*command, '--step', '0'], capture_output=True, text=True, check=False)
    assert failed.returncode == 1
    assert '--step must be in 1..480, got 0' in failed.stderr
