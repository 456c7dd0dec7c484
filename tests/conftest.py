"""Fixtures: real data and golden tensors where they are, small images where they are not."""

from __future__ import annotations

import gc
import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import settings
from yapf.yapflib import yapf_api

from restorekit.io import write_image

if 'PYTEST_XDIST_WORKER' in os.environ:  # tests run in several processes, each with one thread
    os.environ['OMP_NUM_THREADS'] = '1'  # also of the processes that tests start
    torch.set_num_threads(1)

# To format a config takes as long as twelve steps of a small network, and each run does it often.
yapf_api.FormatCode = lambda text, **_: (text, True)

settings.register_profile('restorekit', deadline=None)  # a slow machine is no failure
settings.load_profile('restorekit')


def pytest_collection_finish() -> None:
    """Keep what is imported out of garbage collection: every dataset starts one, of 0.2 s."""
    gc.collect()
    gc.freeze()


def _folder(variable: str) -> Path:
    value = os.environ.get(variable)
    if not value:
        pytest.skip(f'{variable} is not set')
    return Path(value)


@pytest.fixture(scope='session')
def data_root() -> Path:
    """Real images; the test is skipped where RESTOREKIT_DATA is not set."""
    return _folder('RESTOREKIT_DATA')


@pytest.fixture(scope='session')
def golden_root() -> Path:
    """What the authors' code computes; the test is skipped where RESTOREKIT_GOLDEN is not set."""
    return _folder('RESTOREKIT_GOLDEN')


@pytest.fixture(scope='session')
def golden_metrics(golden_root: Path) -> dict:
    return json.loads((golden_root / '11_metrics/values.json').read_text())['values']


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)
    np.random.seed(0)  # noqa: NPY002


def smooth_image(height: int, width: int, channels: int = 3, seed: int = 0) -> np.ndarray:
    """An image with structure at several sizes, (H, W, C) float32 in [0, 1]."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    waves = [
        np.sin(x * rng.uniform(0.05, 0.9) + y * rng.uniform(0.05, 0.9) + rng.uniform(0, 6))
        for _ in range(4 * channels)
    ]
    image = np.stack(waves, -1).reshape(height, width, channels, 4).mean(-1)
    return ((image + 1) / 2).astype(np.float32)


@pytest.fixture
def photo_folder(tmp_path: Path) -> Path:
    """Six colour images of different sizes."""
    return write_photos(tmp_path / 'photos')


def write_photos(folder: Path) -> Path:
    """What `photo_folder` holds, in a new folder."""
    folder.mkdir()
    for index in range(6):
        image = smooth_image(64 + 4 * index, 80 - 4 * index, seed=index)
        write_image(folder / f'photo{index}.png', image)
    return folder
