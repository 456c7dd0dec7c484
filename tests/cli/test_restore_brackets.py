"""`restorekit restore` on brackets."""

import numpy as np
import pytest
import torch

from restorekit.functional import hdr_to_ldr
from restorekit.inference import Inferencer
from restorekit.io import read_hdr, read_image, write_image
from restorekit.registry import MODELS
from tests.conftest import smooth_image
from tests.helpers import error_of, restorekit

HDR = {
    'type': 'Restorer',
    'data_preprocessor': {'type': 'ExposurePreprocessor'},
    'backbone': {
        'type': 'AHDRNet',
        'num_feats': 8,
        'num_blocks': 1,
        'fusion_block': {'type': 'RFFTBlock', 'conv_cfg': {'type': 'DOConv2d'}},
    },
}
FUSION = {
    'type': 'Restorer',
    'backbone': {'type': 'CFNet', 'num_feats': 8, 'num_groups': 1, 'num_steps': 1},
}


def save(tmp_path, model, name):
    torch.manual_seed(0)
    (tmp_path / f'{name}.py').write_text(f'model = {model!r}\n')
    torch.save({'state_dict': MODELS.build(model).state_dict()}, tmp_path / f'{name}.pth')
    return ['-m', tmp_path / f'{name}.py', '-w', tmp_path / f'{name}.pth']


@pytest.fixture
def bracket(tmp_path):
    folder = tmp_path / 'scene'
    folder.mkdir()
    light = torch.from_numpy(smooth_image(40, 48) ** 3)
    for index, ev in enumerate((0, -2, 2)):
        write_image(folder / f'{index}.png', hdr_to_ldr(light, ev + 2).numpy(), bits=16)
    (folder / 'exposure.txt').write_text('0\n-2\n2\n')
    return folder


def test_hdr_and_a_picture_of_it(bracket, tmp_path):
    model = save(tmp_path, HDR, 'hdr')
    restorekit('restore', bracket, *model, '-o', tmp_path / 'out', '--tonemap', 'mu')
    radiance = read_hdr(tmp_path / 'out/scene.hdr')
    restore = Inferencer(tmp_path / 'hdr.py', tmp_path / 'hdr.pth')
    frames = [read_image(bracket / f'{i}.png') for i in (1, 0, 2)]
    expected = restore(frames, [0, 2, 4])
    np.testing.assert_allclose(radiance, expected, atol=1e-2)
    picture = read_image(tmp_path / 'out/scene_mu.png')
    compressed = np.log1p(5000 * expected) / np.log(5001)
    np.testing.assert_allclose(picture, compressed, atol=3e-3)
    assert not any('DOConv' in type(m).__name__ for m in restore.model.modules()), 'not folded'


def test_tiles_and_float_files(bracket, tmp_path):
    model = save(tmp_path, {**HDR, 'backbone': {'type': 'AHDRNet', 'num_feats': 4}}, 'hdr')
    for name, options in (('whole', []), ('tiles', ['--tile', '32', '--overlap', '24'])):
        restorekit('restore', bracket, *model, '-o', tmp_path / f'{name}.tif', *options)
    whole, tiles = (read_hdr(tmp_path / f'{name}.tif') for name in ('whole', 'tiles'))
    assert 0 < np.abs(whole - tiles).max() < 0.05


def test_a_pair_is_fused_and_enlarged(bracket, tmp_path):
    (bracket / 'exposure.txt').unlink()  # the order goes by brightness
    (bracket / '0.png').unlink()
    model = save(tmp_path, FUSION, 'fusion')
    restorekit('restore', bracket, *model, '-o', tmp_path / 'fused.png')
    restore = Inferencer(tmp_path / 'fusion.py', tmp_path / 'fusion.pth')
    expected = restore([read_image(bracket / f'{i}.png') for i in (1, 2)])
    assert expected.shape == (80, 96, 3)
    np.testing.assert_allclose(read_image(tmp_path / 'fused.png'), expected, atol=3e-3)


def test_more_frames_than_the_network_takes(bracket, tmp_path):
    model = save(tmp_path, FUSION, 'fusion')
    output = restorekit('restore', bracket, *model, '-o', tmp_path / 'fused.png').stdout
    assert 'fused.png (of its frames 1.png, 2.png)' in output


def test_methods_without_a_network(bracket, tmp_path):
    (tmp_path / 'debevec.py').write_text("model = dict(type='DebevecMerge')\n")
    restorekit('restore', bracket, '-m', tmp_path / 'debevec.py', '-o', tmp_path / 'out.hdr')
    assert read_hdr(tmp_path / 'out.hdr').shape == (40, 48, 3)


def test_errors_name_the_scene(bracket, tmp_path):
    hdr = save(tmp_path, HDR, 'hdr')
    out = ['-o', tmp_path / 'out']
    photo = bracket / '0.png'
    assert 'this network takes folders of exposures' in error_of('restore', photo, *hdr, *out)
    message = error_of('restore', bracket, *hdr, '-o', tmp_path / 'x.png')
    assert 'this network gives .hdr, .exr' in message
    message = error_of('restore', bracket, *hdr, *out, '--tile', '16', '--overlap', '32')
    assert 'overlap must be in [0, tile), got 32 of 16' in message
    (bracket / 'exposure.txt').write_text('0\n0\n2\n')
    assert 'scene: 0.png and 1.png have equal exposure' in error_of('restore', bracket, *hdr, *out)
    (bracket / 'exposure.txt').unlink()
    assert 'scene: no exposure.txt' in error_of('restore', bracket, *hdr, *out)
    assert not list((tmp_path / 'out').glob('*'))
    with pytest.raises(ValueError, match='this model takes a bracket'):
        Inferencer(tmp_path / 'hdr.py', tmp_path / 'hdr.pth')(np.zeros((8, 8, 3), np.float32))


def scene_of(folder, count=3):
    folder.mkdir(parents=True)
    for index in range(count):
        write_image(folder / f'{index}.png', smooth_image(20, 24) / 2 ** (count - 1 - index))
    (folder / 'exposure.txt').write_text('\n'.join(str(index) for index in range(count)))
    return folder


def test_too_few_frames_are_counted(tmp_path):
    scene = scene_of(tmp_path / 'scene', 2)
    error = error_of('restore', scene, '-m', 'lffnet', '-o', tmp_path / 'out')
    assert f'{scene}: this network takes 3 frames, got 2' in error


def test_a_frame_that_cannot_be_read_is_the_fault_of_its_scene(tmp_path):
    scene_of(tmp_path / 'in/whole')
    broken = scene_of(tmp_path / 'in/broken') / '1.png'
    broken.write_bytes(broken.read_bytes()[:50])
    done = restorekit('restore', tmp_path / 'in', '-o', tmp_path / 'out', expect=1)
    assert f'{broken}: truncated or empty image' in done.stderr
    assert '1 of 2 images restored' in done.stderr
    assert (tmp_path / 'out/whole.hdr').exists()


@pytest.mark.parametrize(
    ('words', 'text'),
    [
        (('in', '-o', ''), "-o: expected a name, got ''"),
        (('', '-o', 'out'), "one of the names of what is to be restored is ''"),
        (('in', '-o', 'out', '-m', ''), "-m: expected a name, got ''"),
        (('in', '-o', 'out', '-w', ''), "-w: expected a name, got ''"),
        (('in', '-o', 'out', '-w', 'in'), 'in: is no file'),
        (('in', '-o', 'out', '-m', 'x.pth'), 'x.pth: no such checkpoint'),
    ],
)
def test_a_name_that_stands_for_nothing(tmp_path, monkeypatch, words, text):
    monkeypatch.chdir(tmp_path)
    scene_of(tmp_path / 'in/scene')
    before = sorted(tmp_path.rglob('*'))
    assert text in error_of('restore', *words)
    assert sorted(tmp_path.rglob('*')) == before
