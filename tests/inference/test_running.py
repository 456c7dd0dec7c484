"""What is done with a result between network and file, and what is loaded."""

from __future__ import annotations

from pathlib import PurePath

import numpy as np
import pytest
import torch
from mmengine.config import Config

from restorekit.functional import imresize
from restorekit.inference import Inferencer, Output, find_sources, plan_jobs
from restorekit.inference.running import Loaded, Size, restored, write
from restorekit.io import read_picture, write_image
from restorekit.io.checkpoint import CheckpointError
from tests.conftest import smooth_image

BICUBIC = {'type': 'Restorer', 'backbone': {'type': 'Bicubic', 'scale': 2}}


@pytest.fixture
def twice():
    return Inferencer(Config({'model': BICUBIC}))


def resized(image, size):
    planes = torch.from_numpy(np.moveaxis(image, -1, 0).copy())
    return np.moveaxis(imresize(planes, size=size).clamp(0, 1).numpy(), 0, -1)


def test_a_result_is_rounded_once_after_it_has_its_size(twice):
    image = smooth_image(9, 8)
    whole = twice(image)
    found = restored(twice, Loaded([image]), Size(factor=1.5), bits=8)
    np.testing.assert_array_equal(found, resized(whole, (14, 12)))
    found = restored(twice, Loaded([image]), bits=8)
    np.testing.assert_array_equal(found, np.round(whole * 255).astype(np.uint8))


def test_alpha_gets_the_size_of_the_result_and_stays_in_range(twice, tmp_path):
    image, alpha = smooth_image(9, 8), np.zeros((9, 8, 1), np.float32)
    alpha[3:6, 2:5] = 1  # bicubic overshoots beside it
    write_image(tmp_path / 'a.png', image)
    (source,) = find_sources([tmp_path / 'a.png'])
    (job,) = plan_jobs([source], tmp_path / 'out', [twice.model], Output(bits=16))
    write(job, twice(image), Loaded([image], alpha=alpha), Output(bits=16))
    found = read_picture(job.target).alpha
    assert found is not None
    np.testing.assert_allclose(found, resized(alpha, (18, 16)), atol=1 / 65535)


def test_what_is_not_plain_data_is_loaded_on_demand_alone(tmp_path):
    path = tmp_path / 'a.pth'
    torch.save({'meta': {'model': BICUBIC, 'seen': PurePath('b')}, 'state_dict': {}}, path)
    with pytest.raises(CheckpointError, match=r'a\.pth: refused.*--unsafe-load'):
        Inferencer(None, path)
    assert Inferencer(None, path, unsafe_load=True).model.scale == 2
