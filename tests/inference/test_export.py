"""A restorer as one file, from Python and from the command line."""

import functools
import json

import pytest
import torch

from restorekit.blocks import fuse
from restorekit.inference import Inferencer, export
from restorekit.inference.program import _name_sizes
from restorekit.registry import BACKBONES, MODELS
from tests.cli.test_cli import LUMA
from tests.cli.test_restore_brackets import FUSION, HDR, save
from tests.helpers import error_of, restorekit

FORMATS = ['.pt2', '.onnx']
SIZES = {'.pt2': None, '.onnx': (24, 32)}  # ONNX Runtime confuses sizes of transforms of any size
AMMSNET = {
    'type': 'Restorer',
    'backbone': {
        'type': 'AMMSNet',
        'num_feats': 8,
        'num_units': 1,
        'attentions': [{'type': 'NonLocal'}, {'type': 'SOCA', 'reduction': 2}],
    },
}
NETWORKS = {'luma': LUMA, 'ammsnet': AMMSNET, 'fusion': FUSION}
BICUBIC = {'type': 'Restorer', 'backbone': {'type': 'Bicubic', 'scale': 2}}


def run(path, *inputs):
    """What a user without this package does."""
    if path.suffix == '.pt2':
        return torch.export.load(path).module()(*inputs)
    onnxruntime = pytest.importorskip('onnxruntime')
    session = onnxruntime.InferenceSession(path)
    feed = zip(session.get_inputs(), inputs, strict=True)
    return torch.from_numpy(session.run(None, {entry.name: x.numpy() for entry, x in feed})[0])


def facts_of(path):
    if path.suffix == '.onnx':
        return json.loads(
            {p.key: p.value for p in pytest.importorskip('onnx').load(path).metadata_props}[
                'restorekit.json'
            ]
        )
    files = {'restorekit.json': ''}
    torch.export.load(path, extra_files=files)
    return json.loads(files['restorekit.json'])


@pytest.fixture(scope='module')
def exported(tmp_path_factory):
    """Exports for any size: the restorer, the file, and how far they are apart."""

    @functools.cache
    def make(name, suffix):
        if suffix == '.onnx':
            pytest.importorskip('onnxscript')
        restorer = fuse(MODELS.build(NETWORKS[name])).eval()
        path = tmp_path_factory.mktemp('exported') / f'{name}{suffix}'
        return restorer, path, export(restorer, path)

    return make


@pytest.mark.slow
@pytest.mark.parametrize('suffix', FORMATS)
@pytest.mark.parametrize('name', NETWORKS)
def test_any_size(name, suffix, exported):
    restorer, path, difference = exported(name, suffix)
    assert difference <= 1e-4
    for count, height, width in ((1, 30, 37), (3, 52, 41)):
        shape = (2, 3, height, width) if restorer.takes_bracket else (3, height, width)
        images = torch.rand(count, *shape)
        with torch.no_grad():
            expected = restorer.restore(images).clamp(0, 1)
        torch.testing.assert_close(run(path, images), expected, rtol=0, atol=1e-4)
    assert facts_of(path)['scale'] == 2
    assert [entry.name for entry in path.parent.iterdir()] == [path.name], 'something was left over'


@pytest.mark.slow
@pytest.mark.parametrize('suffix', FORMATS)
def test_hdr_from_the_command_line(suffix, tmp_path):
    if suffix == '.onnx':
        pytest.importorskip('onnxscript')
    model = save(tmp_path, HDR, 'hdr')
    path = tmp_path / f'hdr{suffix}'
    size = SIZES[suffix]
    options = ['--size', *size] if size else []
    output = restorekit('export', *model, '-o', path, *options).stdout
    assert f'{path}: differs from the network by at most' in output
    frames, exposures = torch.rand(1, 3, 3, *(size or (37, 30))), torch.tensor([[-2.0, 0.0, 2.0]])
    restore = Inferencer(tmp_path / 'hdr.py', tmp_path / 'hdr.pth')
    expected = restore(list(frames[0].permute(0, 2, 3, 1).numpy()), [-2, 0, 2])
    result = run(path, frames, exposures)[0].permute(1, 2, 0)
    torch.testing.assert_close(result, torch.from_numpy(expected), rtol=0, atol=1e-4)
    facts = facts_of(path)
    assert facts['exposures'] == 'N, K, in EV'
    assert facts['frames'] == 3
    if suffix == '.pt2':
        parameters = torch.export.load(path).state_dict
        assert parameters
        assert not any(name.endswith('depth') for name in parameters), 'not folded'


def test_errors_leave_no_file(tmp_path):
    model = save(tmp_path, LUMA, 'luma')
    out = tmp_path / 'out'
    assert 'ends in .pt2 or .onnx' in error_of('export', *model, '-o', out / 'x.pt')
    assert not out.exists()
    message = error_of('export', *model, '-o', out / 'x.pt2', '--size', '0', '8')
    assert 'expected two lengths >= 1, got [0, 8]' in message
    (tmp_path / 'mertens.py').write_text("model = dict(type='MertensFusion')\n")
    message = error_of('export', '-m', tmp_path / 'mertens.py', '-o', out / 'x.pt2')
    assert 'MertensFusion takes any number of frames' in message
    assert not out.exists()
    out.mkdir()
    (out / 'x.pt2').write_text('mine')
    assert 'exists already' in error_of('export', *model, '-o', out / 'x.pt2')
    assert (out / 'x.pt2').read_text() == 'mine'


def test_what_cannot_be_traced_says_so_and_leaves_no_file(tmp_path):
    @BACKBONES.register_module()
    class Sorting(torch.nn.Module):
        scale = 1

        def forward(self, x):
            return x if x.mean() > 0.5 else -x

    try:
        model = MODELS.build({'type': 'Restorer', 'backbone': {'type': 'Sorting'}}).eval()
        with pytest.raises(ValueError, match=r'model.pt2: cannot be traced: .*try one size'):
            export(model, tmp_path / 'model.pt2')
    finally:
        BACKBONES.module_dict.pop('Sorting')
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
@pytest.mark.parametrize('suffix', FORMATS)
def test_networks_that_treat_sizes_differently_are_refused(suffix, tmp_path):
    if suffix == '.onnx':
        pytest.importorskip('onnxscript')

    @BACKBONES.register_module()
    class Padding(torch.nn.Module):
        scale = 1

        def forward(self, x):
            height, width = x.shape[-2:]
            if height % 4 or width % 4:
                x = torch.nn.functional.pad(x, (0, -width % 4, 0, -height % 4))
            coarse = torch.nn.functional.avg_pool2d(x, 4)
            return torch.nn.functional.interpolate(coarse, scale_factor=4)[..., :height, :width]

    try:
        model = MODELS.build({'type': 'Restorer', 'backbone': {'type': 'Padding'}}).eval()
        with pytest.raises(ValueError, match='try one size for all images'):
            export(model, tmp_path / f'any{suffix}')
        assert not list(tmp_path.iterdir())
        assert export(model, tmp_path / f'one{suffix}', size=(33, 46)) <= 1e-4
    finally:
        BACKBONES.module_dict.pop('Padding')


def test_one_size_of_an_enlarging_network_leaves_nothing_behind(tmp_path):
    restorer = MODELS.build(LUMA).eval()
    images = torch.rand(1, 3, 33, 45)
    assert export(restorer, tmp_path / 'one.pt2', size=(33, 45)) <= 1e-4
    with torch.no_grad():
        result = restorer.restore(images)  # no longer in the tracer's hands
    assert type(result) is torch.Tensor
    torch.testing.assert_close(run(tmp_path / 'one.pt2', images), result.clamp(0, 1))


@pytest.mark.parametrize('found', [[0.0, float('nan')], [float('nan'), 0.0]])
def test_a_nan_is_no_agreement_wherever_it_stands(found, tmp_path, monkeypatch):
    monkeypatch.setattr('restorekit.inference.program._differences', lambda *_: iter(found))
    with pytest.raises(ValueError, match=r'model.pt2: the program differs from the model by nan'):
        export(MODELS.build(BICUBIC).eval(), tmp_path / 'model.pt2')
    assert not list(tmp_path.iterdir())


def test_sizes_of_an_onnx_graph_get_plain_names():
    helper = pytest.importorskip('onnx').helper
    images, inside, restored = (
        helper.make_tensor_value_info(name, 1, shape)
        for name, shape in (
            ('images', ['s3', 3, 's1', 's13']),
            ('x', ['s3', 3, 's1 + s13', 7]),
            ('restored', ['s3', 3, '2*s1', '2*s13']),
        )
    )
    graph = helper.make_graph([], 'g', [images], [restored], value_info=[inside])
    _name_sizes(graph)
    shapes = [
        [dim.dim_param or dim.dim_value for dim in value.type.tensor_type.shape.dim]
        for value in (*graph.input, *graph.value_info, *graph.output)
    ]
    assert shapes == [
        ['batch', 3, 'height', 'width'],
        ['batch', 3, 'height + width', 7],
        ['batch', 3, '2*height', '2*width'],
    ]


@pytest.mark.slow
def test_an_onnx_file_runs_as_chainner_runs_it(exported):
    """One image in and one out, found by their places; BGR turned, a batch of one, float32."""
    onnxruntime = pytest.importorskip('onnxruntime')
    restorer, path, _ = exported('luma', '.onnx')
    session = onnxruntime.InferenceSession(path, providers=['CPUExecutionProvider'])
    (given,), (result,) = session.get_inputs(), session.get_outputs()
    assert (given.name, given.type) == ('images', 'tensor(float)')
    assert given.shape == ['batch', 3, 'height', 'width']
    assert (result.name, result.shape) == ('restored', ['batch', 3, '2*height', '2*width'])
    bgr = torch.rand(31, 40, 3).numpy()
    feed = {given.name: bgr[..., ::-1].transpose(2, 0, 1)[None].copy()}
    output = session.run([result.name], feed)[0]
    output = output.squeeze(0).transpose(1, 2, 0)[..., ::-1]
    images = torch.from_numpy(feed[given.name])
    with torch.no_grad():
        expected = restorer.restore(images).clamp(0, 1)[0].permute(1, 2, 0).numpy()[..., ::-1]
    assert output.shape == (62, 80, 3)
    assert abs(output - expected).max() <= 1e-4


@pytest.mark.slow
def test_a_chain_after_hdr(tmp_path):
    chain = {'type': 'Chain', 'steps': [HDR, BICUBIC]}
    restorer = fuse(MODELS.build(chain)).eval()
    assert export(restorer, tmp_path / 'chain.pt2') <= 1e-4
    assert facts_of(tmp_path / 'chain.pt2')['scale'] == 2


@pytest.mark.slow
def test_a_full_disk_leaves_the_older_file(tmp_path, monkeypatch):
    path = tmp_path / 'model.pt2'
    path.write_bytes(b'mine')

    def full(self, data):
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr('pathlib.Path.write_bytes', full)
    with pytest.raises(OSError, match='model.pt2: cannot be written .No space left'):
        export(MODELS.build(BICUBIC).eval(), path)
    assert path.read_bytes() == b'mine'


def test_a_program_that_differs_is_not_written(tmp_path):
    @BACKBONES.register_module()
    class Counting(torch.nn.Module):
        scale, calls = 1, 0

        def forward(self, x):
            self.calls += 1
            return x * (0.5 if self.calls > 1 else 0.25)  # the program has the first call's

    try:
        model = MODELS.build({'type': 'Restorer', 'backbone': {'type': 'Counting'}}).eval()
        with pytest.raises(ValueError, match=r'model.pt2: the program differs from the model by'):
            export(model, tmp_path / 'model.pt2')
    finally:
        BACKBONES.module_dict.pop('Counting')
    assert not list(tmp_path.iterdir())


def test_an_alignment_is_refused(tmp_path):
    backbone = {'type': 'KalantariNet', 'widths': (4, 4, 4)}
    model = MODELS.build(
        {'type': 'AlignedRestorer', 'restorer': {**HDR, 'backbone': backbone}, 'align': 'flow'}
    ).eval()
    with pytest.raises(ValueError, match=r'x\.pt2: AlignedRestorer aligns frames by OpenCV, which'):
        export(model, tmp_path / 'x.pt2')
    assert not list(tmp_path.iterdir())
