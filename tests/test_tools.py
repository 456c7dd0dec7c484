"""The tools that are no doors to a command."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import torch

from restorekit.datasets import KalantariDataset
from restorekit.functional import hdr_to_ldr, imresize
from restorekit.io import read_image, to_integers, write_image
from restorekit.registry import BACKBONES
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
    write_image(tmp_path / 'in/a.jpg', image)
    refused = subprocess.run(command, check=False, capture_output=True, text=True)
    assert 'tiles of a.jpg, a.png would have one name' in refused.stderr


def make_bracket(folder, seed=0):
    """Five exposures of one scene, two stops apart, by a camera whose curve is no gamma."""
    folder.mkdir(parents=True)
    radiance = 2.0 ** (9 * smooth_image(96, 128, seed=seed) - 6)
    for number in range(5):
        light = radiance * 2.0 ** (2 * number - 4)
        frame = np.clip(1 - np.exp(-light), 0, 1) ** 0.6
        write_image(folder / f'{number + 1}.png', frame)
    (folder / 'exposure.txt').write_text('-4\n-2\n0\n2\n4\n')
    return radiance


def run(*command):
    return subprocess.run(
        [sys.executable, *map(str, command)], check=True, capture_output=True, text=True
    )


def test_moving_scenes_from_static_brackets(tmp_path):
    radiance = {name: make_bracket(tmp_path / f'in/{name}', i) for i, name in enumerate('ab')}
    tool = TOOLS / 'dataset_converters/brackets_to_kalantari.py'
    for out in ('out', 'again'):
        run(tool, tmp_path / 'in', tmp_path / out, '--variants', '2')
    dataset = KalantariDataset(
        str(tmp_path / 'out'), pipeline=[{'type': 'LoadImages'}, {'type': 'PackInputs'}]
    )
    assert [dataset[i]['data_samples'].name for i in range(4)] == ['a_0', 'a_1', 'b_0', 'b_1']
    for index in range(4):
        sample = dataset[index]
        frames, data = sample['inputs'], sample['data_samples']
        assert data.exposures.tolist() == [0, 2, 4]
        # The middle frame is the truth, exposed: nothing has moved between them.
        shown = hdr_to_ldr(data.gt, 2.0)
        assert (shown - frames[1]).abs().mean() < 2e-3
        for outer, exposure in ((0, 0.0), (2, 4.0)):
            assert (hdr_to_ldr(data.gt, exposure) - frames[outer]).abs().mean() > 5e-3
        # The radiance is the scene's, up to its scale and the objects in it.
        ratio = data.gt.permute(1, 2, 0).numpy() / radiance[data.name[0]]
        inside = data.gt.permute(1, 2, 0).numpy() > 0.01
        spread = np.quantile(ratio[inside], [0.25, 0.75])
        assert spread[1] / spread[0] < 1.3
    for path in sorted((tmp_path / 'out').rglob('*.*')):
        twin = tmp_path / 'again' / path.relative_to(tmp_path / 'out')
        assert path.read_bytes() == twin.read_bytes()
    assert dataset[0]['inputs'].sub(dataset[1]['inputs']).abs().mean() > 1e-3


def test_pairs_from_brackets(tmp_path):
    make_bracket(tmp_path / 'in/a')
    tool = TOOLS / 'dataset_converters/exposure_pairs.py'
    run(tool, 'brackets', tmp_path / 'in', tmp_path / 'out')
    means = [read_image(tmp_path / f'out/{f}/a.png').mean() for f in ('hr_under', 'hr', 'hr_over')]
    assert means == sorted(means)
    under = read_image(tmp_path / 'out/hr_under/a.png')
    np.testing.assert_array_equal(under, read_image(tmp_path / 'in/a/1.png'))


def test_sice_is_reduced_once(tmp_path):
    make_bracket(tmp_path / 'in/1')
    (tmp_path / 'in/1/exposure.txt').unlink()
    (tmp_path / 'in/Label').mkdir()
    write_image(tmp_path / 'in/Label/1.png', read_image(tmp_path / 'in/1/3.png'))
    tool = TOOLS / 'dataset_converters/exposure_pairs.py'
    run(tool, 'sice', tmp_path / 'in', tmp_path / 'out', '--max-side', '64')
    assert read_image(tmp_path / 'out/hr/1.png').shape == (48, 64, 3)
    pixels = to_integers(read_image(tmp_path / 'in/Label/1.png'))
    expected = imresize(torch.from_numpy(pixels).permute(2, 0, 1), 0.5).permute(1, 2, 0)
    np.testing.assert_array_equal(
        to_integers(read_image(tmp_path / 'out/hr/1.png')), expected.numpy()
    )


def test_published_weights_are_converted(tmp_path):
    net = BACKBONES.build({'type': 'AHDRNet', 'num_feats': 4, 'fusion_block': {'type': 'DRDB'}})
    theirs = {'module.conv1.weight': torch.rand(4, 6, 3, 3), 'RDB2.conv_1x1.bias': torch.rand(4)}
    torch.save(theirs, tmp_path / 'theirs.pth')
    tool = TOOLS / 'model_converters/ahdrnet.py'
    run(tool, tmp_path / 'theirs.pth', tmp_path / 'ours.pth')
    ours = torch.load(tmp_path / 'ours.pth', weights_only=True)['state_dict']
    assert set(ours) == {'backbone.encode.weight', 'backbone.blocks.1.fuse_layers.bias'}
    assert {name.removeprefix('backbone.') for name in ours} < set(net.state_dict())
    torch.save({'conv9.weight': torch.rand(1)}, tmp_path / 'theirs.pth')
    result = subprocess.run(
        [sys.executable, tool, tmp_path / 'theirs.pth', tmp_path / 'x.pth'],
        capture_output=True,
        text=True,
    )
    assert "'conv9.weight' is no parameter of the published AHDRNet" in result.stderr
    assert not (tmp_path / 'x.pth').exists()
