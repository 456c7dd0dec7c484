"""Tiles, pairs and moving scenes; and what they refuse."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from restorekit.datasets import KalantariDataset
from restorekit.functional import hdr_to_ldr, imresize
from restorekit.io import read_hdr, read_image, to_integers, write_hdr, write_image
from restorekit.prepare import cut_tiles, exposure_pairs, moving_scenes
from tests.conftest import smooth_image


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


@pytest.fixture
def images(tmp_path):
    """A folder of an image, a smaller one and one of 16 bits."""
    image = np.round(smooth_image(50, 70) * 255) / np.float32(255)
    (tmp_path / 'in').mkdir()
    write_image(tmp_path / 'in/a.png', image)
    write_image(tmp_path / 'in/small.png', image[:20, :20])
    write_image(tmp_path / 'in/deep.png', smooth_image(20, 20), bits=16)
    return tmp_path / 'in'


@pytest.fixture
def sice(tmp_path):
    """One scene as SICE is published."""
    make_bracket(tmp_path / 'in/1')
    (tmp_path / 'in/1/exposure.txt').unlink()
    (tmp_path / 'in/Label').mkdir()
    write_image(tmp_path / 'in/Label/1.png', read_image(tmp_path / 'in/1/3.png'))
    return tmp_path / 'in'


def test_tiles_cover_the_image(images, tmp_path):
    out = tmp_path / 'new/out'
    assert cut_tiles(images, out, size=32, step=16, workers=2) == (3, 14)
    image = read_image(images / 'a.png')
    corners = [(y, x) for y in (0, 16, 18) for x in (0, 16, 32, 38)]
    for number, (y, x) in enumerate(corners, 1):
        tile = read_image(out / f'a_s{number:03d}.png')
        np.testing.assert_array_equal(tile, image[y : y + 32, x : x + 32])
    np.testing.assert_array_equal(read_image(out / 'small_s001.png'), image[:20, :20])
    deep = read_image(out / 'deep_s001.png')
    np.testing.assert_array_equal(deep, read_image(images / 'deep.png'))


def test_tiles_that_are_there_are_kept(images, tmp_path):
    out = tmp_path / 'out'
    cut_tiles(images, out, size=32, step=16, workers=1)
    before = {path: path.stat().st_mtime_ns for path in out.iterdir()}
    lost = out / 'a_s003.png'
    content = lost.read_bytes()
    lost.unlink()
    assert cut_tiles(images, out, size=32, step=16, workers=1) == (3, 14)
    assert lost.read_bytes() == content
    after = {path: path.stat().st_mtime_ns for path in out.iterdir()}
    assert [path for path in after if after[path] != before[path]] == [lost]
    with pytest.raises(ValueError, match=r'a_s001\.png: is there already, in another size'):
        cut_tiles(images, out, size=40, step=20, workers=1)


def test_tiles_refused(images, tmp_path):
    out = tmp_path / 'out'
    for options, message in (
        ({'step': 0}, r'--step must be in 1\.\.480, got 0'),
        ({'size': 10}, r'--step must be in 1\.\.10, got 240'),
        ({'workers': 0}, '--workers must be >= 1, got 0'),
    ):
        with pytest.raises(ValueError, match=message):
            cut_tiles(images, out, **options)
    with pytest.raises(ValueError, match='would be written among their sources'):
        cut_tiles(images, images)
    with pytest.raises(FileNotFoundError, match='nothing: no such folder'):
        cut_tiles(tmp_path / 'nothing', out)
    with pytest.raises(OSError, match=r'a\.png/out: the folder cannot be written'):
        cut_tiles(images, images / 'a.png/out')
    write_image(images / 'a.jpg', smooth_image(9, 9))
    with pytest.raises(ValueError, match=r'tiles of a\.jpg, a\.png would have one name'):
        cut_tiles(images, out)
    (tmp_path / 'empty').mkdir()
    with pytest.raises(FileNotFoundError, match='empty: no images'):
        cut_tiles(tmp_path / 'empty', out)


def test_moving_scenes_from_static_brackets(tmp_path):
    radiance = {name: make_bracket(tmp_path / f'in/{name}', i) for i, name in enumerate('ab')}
    for out in ('out', 'again'):
        done = list(moving_scenes(tmp_path / 'in', tmp_path / out, variants=2))
        assert [path.name for path in done] == ['a_0', 'a_1', 'b_0', 'b_1']
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


def test_moving_scenes_refused(tmp_path):
    make_bracket(tmp_path / 'in/a')
    brackets, out = tmp_path / 'in', tmp_path / 'out'
    before = (brackets / 'a/exposure.txt').read_bytes()
    for options, message in (
        ({'exposures': (0, 1)}, r'--exposures: give an odd number.* got \[0, 1\]'),
        ({'exposures': (0, 1, 1)}, 'all different'),
        ({'variants': 0}, '--variants must be >= 1 and --seed >= 0, got 0 and 0'),
        ({'seed': -1}, 'got 1 and -1'),
    ):
        with pytest.raises(ValueError, match=message):
            list(moving_scenes(brackets, out, **options))
    with pytest.raises(ValueError, match='would be written among their sources'):
        list(moving_scenes(brackets, tmp_path / 'out/../in'))
    with pytest.raises(FileNotFoundError, match='nothing: no such folder'):
        list(moving_scenes(tmp_path / 'nothing', out))
    (tmp_path / 'empty').mkdir()
    with pytest.raises(ValueError, match='empty: expected two or more frames, got 0'):
        list(moving_scenes(tmp_path / 'empty', out))
    assert (brackets / 'a/exposure.txt').read_bytes() == before


def test_pairs_from_brackets(tmp_path):
    make_bracket(tmp_path / 'in/a')
    assert list(exposure_pairs('brackets', tmp_path / 'in', tmp_path / 'out')) == ['a']
    means = [read_image(tmp_path / f'out/{f}/a.png').mean() for f in ('hr_under', 'hr', 'hr_over')]
    assert means == sorted(means)
    under = read_image(tmp_path / 'out/hr_under/a.png')
    np.testing.assert_array_equal(under, read_image(tmp_path / 'in/a/1.png'))


def test_sice_is_reduced_once(sice, tmp_path):
    assert list(exposure_pairs('sice', sice, tmp_path / 'out', max_side=64)) == ['1']
    assert read_image(tmp_path / 'out/hr/1.png').shape == (48, 64, 3)
    pixels = to_integers(read_image(sice / 'Label/1.png'))
    expected = imresize(torch.from_numpy(pixels).permute(2, 0, 1), 0.5).permute(1, 2, 0)
    np.testing.assert_array_equal(
        to_integers(read_image(tmp_path / 'out/hr/1.png')), expected.numpy()
    )


def test_pairs_refused(sice, tmp_path):
    out = tmp_path / 'out'
    with pytest.raises(ValueError, match="layout must be one of brackets, sice, got 'mef'"):
        list(exposure_pairs('mef', sice, out))
    with pytest.raises(ValueError, match='--max-side must be >= 1, got 0'):
        list(exposure_pairs('sice', sice, out, max_side=0))
    with pytest.raises(FileNotFoundError, match='nothing: no such folder'):
        list(exposure_pairs('sice', tmp_path / 'nothing', out))
    (sice / 'Label/1.png').unlink()
    with pytest.raises(ValueError, match='no reference'):
        list(exposure_pairs('sice', sice, out))


@pytest.fixture
def maps(tmp_path):
    """Two files of radiance."""
    (tmp_path / 'maps').mkdir()
    for name, seed in (('a', 0), ('b', 1)):
        write_hdr(tmp_path / f'maps/{name}.hdr', 40 * smooth_image(96, 128, seed=seed) ** 2)
    return tmp_path / 'maps'


def test_scenes_from_maps_of_radiance(maps, tmp_path):
    done = [*moving_scenes(maps, tmp_path / 'out', variants=2)]
    assert [path.name for path in done] == ['a_0', 'a_1', 'b_0', 'b_1']
    sample = KalantariDataset(tmp_path / 'out', pipeline=[]).samples()
    assert len(sample) == 4
    truth = read_hdr(tmp_path / 'out/a_0/HDRImg.hdr')
    assert 0.9 < truth.max() <= 1
    middle = read_image(tmp_path / 'out/a_0/2.tif')
    expected = hdr_to_ldr(torch.from_numpy(truth), 2.0).numpy()
    np.testing.assert_allclose(middle, expected, atol=0.04)


def test_darker_scenes_and_noisy_frames(maps, tmp_path):
    for name, options in {'bright': {}, 'dark': {'darker': 6}, 'noisy': {'noise': 0.2}}.items():
        for _ in moving_scenes(maps, tmp_path / name, **options):
            pass
    bright, dark, noisy = (
        [tmp_path / f'{name}/{scene}' for scene in 'ab'] for name in ('bright', 'dark', 'noisy')
    )
    for lit, unlit, noised in zip(bright, dark, noisy, strict=True):
        truth = read_hdr(lit / 'HDRImg.hdr')
        lowered = read_hdr(unlit / 'HDRImg.hdr').mean() / truth.mean()
        assert 2**-6 < lowered < 0.9
        np.testing.assert_array_equal(read_hdr(noised / 'HDRImg.hdr'), truth)
        spread = np.std(read_image(noised / '2.tif') - read_image(lit / '2.tif'))
        assert 0.002 < spread < 0.2


@pytest.mark.parametrize('options', [{'darker': -1}, {'noise': 1.0}, {'darker': 20}])
def test_light_and_noise_out_of_range(maps, tmp_path, options):
    with pytest.raises(ValueError, match=r'--darker must be in \[0, 20\) EV and --noise'):
        next(moving_scenes(maps, tmp_path / 'out', **options))


def test_a_black_map_is_refused(tmp_path):
    (tmp_path / 'maps').mkdir()
    write_hdr(tmp_path / 'maps/night.hdr', np.zeros((8, 9, 3), np.float32))
    with pytest.raises(ValueError, match=r'night\.hdr: the scene is black'):
        next(moving_scenes(tmp_path / 'maps', tmp_path / 'out'))
