"""Models by name."""

import hashlib
import http.server
import json
import os
import threading
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import pytest
import torch

from restorekit.catalogue import (
    DownloadError,
    UnknownModelError,
    card_from,
    catalogue,
    find_model,
    is_model,
)
from restorekit.catalogue.download import fetch
from restorekit.cli.test import evaluate
from restorekit.config import load_config
from restorekit.inference import Inferencer, load_restorer
from restorekit.io.weights import read_weights, write_weights
from tests.conftest import smooth_image
from tests.helpers import error_of, restorekit

CARD = {'task': 'sr', 'scale': 2, 'description': 'For a test.'}
PACKAGED = [name for name, entry in catalogue().items() if entry.path is not None]


@pytest.mark.parametrize('name', PACKAGED)
def test_a_packaged_model_is_small_whole_and_known(name):
    entry = find_model(name)
    assert entry.size < 1.5e6
    model = load_restorer(name)
    assert sum(parameter.numel() for parameter in model.parameters()) == entry.card.parameters
    assert model.scale == entry.card.scale
    assert type(model.backbone).__name__ == entry.card.architecture
    for told in ('author', 'licence', 'data', 'config', 'recipe', 'figures', 'protocol'):
        assert getattr(entry.card, told), told
    image, run = smooth_image(20, 22), Inferencer(name)
    frames = [image / 4, image / 2, image][: model.num_frames]
    restored = run(frames, [0, 1, 2][: model.num_frames]) if model.takes_bracket else run(image)
    assert restored.shape == (20 * model.scale, 22 * model.scale, 3)


def test_the_package_stays_light():
    assert sum(find_model(name).size for name in PACKAGED) < 15e6


def test_methods_need_no_weights():
    assert find_model('mertens').model == {'type': 'MertensFusion'}
    with pytest.raises(ValueError, match='mertens has no weights'):
        find_model('mertens').file()
    assert load_restorer('mertens').takes_bracket
    assert load_restorer(['mertens', 'bicubic-x3']).scale == 3


def test_a_name_that_is_not_there_names_the_nearest():
    with pytest.raises(
        UnknownModelError, match=r"no model or file 'ain-y2'; did you mean 'ain-x2'"
    ):
        load_restorer('ain-y2')
    assert not is_model('a/b')
    assert not is_model('ain.pth')


def test_a_model_has_its_own_weights():
    with pytest.raises(ValueError, match=r'ain-x2 is a model with all it needs, got weights too'):
        load_restorer('ain-x2', 'x.pth')
    with pytest.raises(ValueError, match=r'2 models have their own weights, got x\.pth too'):
        load_restorer(['ain-x2', 'ain-x2'], 'x.pth')


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        ({'taks': 'sr'}, r"a: the card in it: Card has no option 'taks'; did you mean 'task'"),
        ({'task': 'ocr'}, r"task must be 'sr' | 'jpeg' | 'hdr' | 'fusion', got 'ocr'"),
        ({'scale': 'x2'}, r"scale must be int, got 'x2'"),
        ({'figures': 3}, 'figures must be list, got 3'),
    ],
)
def test_a_card_is_checked(change, message):
    with pytest.raises(ValueError, match=message):
        card_from({**CARD, **change}, 'a')


def test_a_card_says_at_least_what_the_model_does():
    with pytest.raises(ValueError, match="a: the card in it: Card needs the option 'scale'"):
        card_from({'task': 'sr', 'description': ''}, 'a')


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of one's own models, and a cache."""
    (tmp_path / 'weights').mkdir()
    monkeypatch.setenv('RESTOREKIT_WEIGHTS', str(tmp_path / 'weights'))
    monkeypatch.setenv('RESTOREKIT_CACHE', str(tmp_path / 'cache'))
    return tmp_path / 'weights'


def tiny_model(path):
    """A file of weights of a tiny network."""
    model = {
        'type': 'Restorer',
        'backbone': {'type': 'AIN', 'in_channels': 3, 'num_feats': 4, 'num_blocks': 1},
        'pre_upscale': 2,
    }
    torch.manual_seed(0)
    from restorekit.registry import MODELS

    write_weights(path, MODELS.build(model).state_dict(), model=model, card=CARD)
    return path


def test_ones_own_folder_is_part_of_the_catalogue(folder):
    tiny_model(folder / 'mine.safetensors')
    assert load_restorer('mine').scale == 2
    assert 'mine' in restorekit('models').stdout
    assert load_restorer(None, 'mine').scale == 2


def test_a_folder_that_is_not_there(monkeypatch, tmp_path):
    monkeypatch.setenv('RESTOREKIT_WEIGHTS', str(tmp_path / 'no'))
    assert 'RESTOREKIT_WEIGHTS: no folder' in error_of('models')


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


@pytest.fixture
def server(tmp_path):
    """A server on loopback, and the folder that it serves."""
    (tmp_path / 'served').mkdir()
    handler = partial(Quiet, directory=str(tmp_path / 'served'))
    with http.server.ThreadingHTTPServer(('127.0.0.1', 0), handler) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f'http://127.0.0.1:{running.server_port}', tmp_path / 'served'
        running.shutdown()
        thread.join()


@pytest.fixture
def listed(server, folder):
    """An index of one model that is to be fetched; called with changes to its entry."""
    address, served = server
    file = tiny_model(served / 'far.safetensors')

    def write(**changes):
        entry = {
            'url': f'{address}/far.safetensors',
            'sha256': hashlib.sha256(file.read_bytes()).hexdigest(),
            'size': file.stat().st_size,
            'card': CARD,
        }
        index = {'far': {**entry, **changes}}
        (folder / 'catalogue.json').write_text(json.dumps(index))
        return file

    return write


def test_a_model_is_fetched_once(listed, folder):
    file = listed()
    assert 'far' in restorekit('models').stdout, 'listed without being fetched'
    assert not (folder.parent / 'cache').exists()
    assert load_restorer('far').scale == 2
    (kept,) = (folder.parent / 'cache').glob('*.safetensors')
    assert kept.read_bytes() == file.read_bytes()
    file.unlink()
    assert load_restorer('far').scale == 2


def test_another_file_is_not_kept(listed, folder):
    listed(sha256='0' * 64)
    with pytest.raises(DownloadError, match=r'expected the SHA-256 0{64} .*, got [0-9a-f]{64}'):
        load_restorer('far')
    assert not [path for path in (folder.parent / 'cache').iterdir() if path.suffix != '.lock']


def test_a_file_that_is_longer_than_said_is_not_fetched_whole(listed):
    listed(size=100)
    with pytest.raises(DownloadError, match='expected 100 bytes, more came; nothing is kept'):
        load_restorer('far')


def test_no_such_address(listed, server):
    listed(url=f'{server[0]}/nowhere')
    with pytest.raises(DownloadError, match=r'nowhere: cannot be fetched \(File not found\)'):
        load_restorer('far')


def test_no_network(listed):
    listed(url='http://127.0.0.1:9/far.safetensors')
    with pytest.raises(DownloadError, match=r'far\.safetensors: cannot be fetched \('):
        load_restorer('far')


def test_a_cache_that_cannot_be_written(listed, folder, monkeypatch):
    listed()
    (folder / 'file').touch()
    monkeypatch.setenv('RESTOREKIT_CACHE', str(folder / 'file'))
    with pytest.raises(DownloadError, match=r'cannot be kept in .*/file \(.*RESTOREKIT_CACHE'):
        load_restorer('far')


def test_an_index_is_checked(listed, folder):
    listed(size='1')
    with pytest.raises(ValueError, match=r"catalogue\.json: far: size must be int, got '1'"):
        load_restorer('far')
    (folder / 'catalogue.json').write_text('{')
    with pytest.raises(ValueError, match=r'catalogue\.json: no index of models'):
        catalogue()


def _fetch(arguments):
    url, target, digest, size = arguments
    fetch(url, target, sha256=digest, size=size)
    return os.stat(target).st_ino


def test_two_processes_share_one_file(listed, server, tmp_path):
    file = listed()
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    wanted = (f'{server[0]}/far.safetensors', tmp_path / 'c/x', digest, file.stat().st_size)
    with ProcessPoolExecutor(3) as pool:
        inodes = set(pool.map(_fetch, [wanted] * 6))
    assert len(inodes) == 1, 'fetched by one, and taken by the others'


def test_publish_counts_and_takes_measured_figures(folder, tmp_path):
    source = tiny_model(tmp_path / 'old.safetensors')
    (tmp_path / 'card.json').write_text(json.dumps({**CARD, 'parameters': 1, 'scale': 4}))
    rows = [{'dataset': 'A_x2', 'input': 30.0, 'value': v} for v in (31.0, 32.0)]
    names = {'PSNR': 0.01, 'PSNR-B': 0.03, 'SSIM': 0.5}  # and what each loses
    results = {name: {'protocol': f'{name}: luma', 'images': rows} for name in names}
    (tmp_path / 'results.json').write_text(json.dumps(results))
    half = {
        name: {
            'protocol': f'{name}: luma; network computed in bfloat16',
            'images': [{**row, 'value': row['value'] - loss} for row in rows],
        }
        for name, loss in names.items()
    }
    (tmp_path / 'half.json').write_text(json.dumps(half))
    restorekit(
        'publish', source, folder / 'new.safetensors', '--card', tmp_path / 'card.json',
        '--results', tmp_path / 'results.json', '--bfloat16-results', tmp_path / 'half.json',
    )  # fmt: skip
    card = find_model('new').card
    assert (card.architecture, card.scale) == ('AIN', 2)
    assert card.parameters == sum(p.numel() for p in load_restorer('new').parameters())
    first = {'dataset': 'A_x2', 'metric': 'PSNR', 'input': 30.0, 'value': 31.5}
    assert card.figures == [{**first, 'metric': name} for name in names]
    assert card.bfloat16_loss == 0.03
    text = restorekit('models', 'new').stdout
    assert 'A_x2  PSNR 31.5000, input 30.0000' in text
    assert hashlib.sha256((folder / 'new.safetensors').read_bytes()).hexdigest() in text
    assert json.loads(restorekit('models', 'new', '--json').stdout)['scale'] == 2
    assert read_weights(folder / 'new.safetensors')['meta']['model']['backbone']['num_feats'] == 4


def test_publish_refuses_in_a_sentence(tmp_path):
    source = tiny_model(tmp_path / 'old.safetensors')
    card = tmp_path / 'card.json'
    card.write_text('[')
    target = tmp_path / 'new.safetensors'
    assert 'card.json: no JSON' in error_of('publish', source, target, '--card', card)
    card.write_text(json.dumps(CARD))
    assert 'NAME.safetensors' in error_of('publish', source, tmp_path / 'n.pth', '--card', card)
    said = error_of('publish', source, target, '--card', card, '--results', card)
    assert 'card.json: no results.json of a test' in said
    results = tmp_path / 'results.json'
    rows = [{'dataset': 'A_x2', 'value': 31.0}]
    results.write_text(json.dumps({'PSNR': {'protocol': 'PSNR: luma', 'images': rows}}))
    said = error_of('publish', source, target, '--card', card, '--bfloat16-results', results)
    assert 'results.json: not of a test in bfloat16 (PSNR: luma)' in said
    results.write_text(json.dumps({'PSNR': {'protocol': 'in bfloat16', 'images': rows}}))
    said = error_of('publish', source, target, '--card', card, '--bfloat16-results', results)
    assert "not of the test of the results: [('A_x2', 'PSNR')], and []" in said
    assert not target.exists()


@pytest.mark.slow
@pytest.mark.parametrize('name', ['ain-x2', 'ain-x4'])
def test_the_figures_of_a_card_are_those_of_its_file(name, data_root, tmp_path):
    config = load_config(find_model(name).card.config)
    config.test_dataloader.dataset.datasets = config.test_dataloader.dataset.datasets[:1]  # Set5
    config.work_dir, config.unsafe_load = str(tmp_path), False
    (psnr, ssim) = evaluate(config, str(find_model(name).file()))
    measured = {metric.title: metric.summary()[0]['value'] for metric in (psnr, ssim)}
    told = {
        f['metric']: f['value'] for f in find_model(name).card.figures if 'Set5' in f['dataset']
    }
    assert measured['PSNR'] == pytest.approx(told['PSNR'], abs=0.005)
    assert measured['SSIM'] == pytest.approx(told['SSIM'], abs=0.0002)
