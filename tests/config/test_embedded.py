"""Configs inside checkpoints: what they may hold, and what they may not do."""

import numpy as np
import pytest
import torch
from mmengine.config import Config

from restorekit.config import ConfigError, load_config
from restorekit.config.embedded import embedded_config, model_data, parse_literals
from restorekit.inference import Inferencer, load_restorer
from restorekit.registry import MODELS

MODEL = """
model = dict(
    backbone=dict(num_feats=4, num_blocks=1, type='ResidualNet'),
    data_preprocessor=dict(mean=[0.1, 0.2, -0.3], type='ImagePreprocessor'),
    type='Restorer')
"""


def checkpoint(text):
    return {'meta': {'cfg': text}, 'state_dict': {}}


def test_the_model_is_read_as_data():
    text = f"'''A docstring.'''\nwork_dir = 'x'\nlimit = inf\n{MODEL}"
    config = embedded_config(checkpoint(text), 'a.pth')
    assert list(config) == ['model']
    assert config.model.backbone.num_feats == 4
    assert config.model.data_preprocessor.mean == [0.1, 0.2, -0.3]


def test_it_stands_as_plain_data_and_the_text_does_not_count():
    model = parse_literals(MODEL, 'a.pth')['model']
    assert model_data(Config({'model': model, 'work_dir': 'x'})) == model
    config = embedded_config({'meta': {'model': model, 'cfg': 'import os'}}, 'a.pth')
    assert config.model.to_dict() == model


def test_plain_data_is_copied_as_such():
    model = {'a': (1, {'b': np.float64(2)}), 'c': {True}, 'type': 'Restorer'}
    preprocessor = {'type': 'ImagePreprocessor'}
    data = model_data(Config({'model': model, 'data_preprocessor': preprocessor}))
    assert data == {'a': [1, {'b': 2}], 'c': [True], 'type': 'Restorer'} | {
        'data_preprocessor': preprocessor
    }
    assert type(data['a'][1]['b']) is float
    assert type(data['data_preprocessor']) is dict
    assert model_data(Config({'model': {'type': Inferencer}})) is None
    assert model_data(Config({})) is None


def endless():
    model = {'type': 'Restorer'}
    model['backbone'] = model
    return model


def doubled():
    """2^40 values out of 40 lists."""
    value = []
    for _ in range(40):
        value = [value, value]
    return {'type': 'Restorer', 'backbone': value}


@pytest.mark.parametrize(
    ('model', 'message'),
    [
        ({'a': [torch.ones(1)]}, r'model\.a\.0 must be plain data .* got Tensor'),
        ({'a': {1: 2}}, r'model\.a must be plain data .* got dict'),
        (endless(), 'more than 10000 values or 50 levels'),
        (doubled(), 'more than 10000 values or 50 levels'),
    ],
)
def test_other_data_is_refused(model, message):
    with pytest.raises(ConfigError, match=rf'a\.pth: the config in it is refused: .*{message}'):
        embedded_config({'meta': {'model': model}}, 'a.pth')


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({'type': 5}, 'model: type must be a name, got 5'),
        ({'pre_upscale': 10**6}, 'pre_upscale must be int of 1 to 16, got 1000000'),
        ({'backbone': {'type': 'AIN', 'num_blocks': 10**8}}, 'num_blocks must be .* got 100000000'),
    ],
)
def test_senseless_values_are_refused(options, message):
    model = {'type': 'Restorer', 'backbone': {'type': 'AIN'}, **options}
    with pytest.raises(ConfigError, match=rf'a\.pth: the config in it:\n.*{message}'):
        embedded_config({'meta': {'model': model}}, 'a.pth')


def test_literals_of_every_kind():
    text = "a = {'b': (1, -2.5, None), 'c': {True}}\nd = dict(e=[nan], f='g')"
    values = parse_literals(text, 'a.pth')
    assert values['a'] == {'b': (1, -2.5, None), 'c': {True}}
    assert np.isnan(values['d']['e'][0])


@pytest.mark.parametrize(
    'text',
    [
        'import os',
        "a = __import__('os').system('x')",
        "a = open('x', 'w')",
        'a = [b for b in (1, 2)]',
        'a = dict(**dict(b=1))',
        'a = {**{}}',
        'a = b',
        'a.b = 1',
        'a = b = 1',
        'a = f"{1}"',
        'a = -"x"',
        'a = 1 + 1',
        'def f(): pass',
        'a = dict([(1, 2)])',
        'a = {[1]: 2}',
        'a = {(1, 2): 3}',
    ],
)
def test_anything_but_literals_is_refused_unrun(text):
    with pytest.raises(ConfigError, match=r'a\.pth: line 2 of the config in it is not a literal'):
        parse_literals(f'x = 1\n{text}', 'a.pth')


def test_no_config_and_no_python():
    with pytest.raises(ConfigError, match='no config in it; name the config'):
        embedded_config({'state_dict': {}}, 'a.pth')
    with pytest.raises(ConfigError, match='no config in it; name the config'):
        embedded_config({'meta': [1], 'state_dict': {}}, 'a.pth')
    with pytest.raises(ConfigError, match='model must be a dict, got int'):
        embedded_config(checkpoint('model = 3'), 'a.pth')
    with pytest.raises(ConfigError, match=r'is no Python \(line 1\)'):
        embedded_config(checkpoint('model = dict('), 'a.pth')
    with pytest.raises(ConfigError, match='has no model'):
        embedded_config(checkpoint('x = 1'), 'a.pth')


@pytest.mark.parametrize(
    ('entry', 'message'),
    [
        ("dict(type='os.system', command='touch {marker}')", "'os.system' is not registered"),
        ("dict(type='subprocess.run', args='touch {marker}')", "'subprocess.run' is not"),
        ("dict(type='mmengine.os.system', command='touch {marker}')", 'is not registered'),
        ("dict(type='restorekit.Nothing')", "'restorekit.Nothing' is not registered"),
        ("dict(type='L1Loss', _scope_='os')", "_scope_ must be one of .* got 'os'"),
        ("dict(type='Pretrained', checkpoint='http://x')", 'would load another checkpoint'),
        ("dict(type='mmengine.Pretrained', checkpoint='x')", 'would load another checkpoint'),
        ("dict(type='restorekit.Pretrained')", 'would load another checkpoint'),
        ("dict(type='PretrainedInit')", 'would load another checkpoint'),
        ("dict(type='Kaiming', checkpoint='x')", 'would load another checkpoint'),
        ("dict(type='Conv2d', pretrained='x')", 'would load another checkpoint'),
    ],
)
@pytest.mark.parametrize('form', ['cfg', 'model'])
@pytest.mark.parametrize(
    'place', ['backbone=', 'backbone=dict(type="ResidualNet", init_cfg=', 'x=[[']
)
def test_a_type_that_is_not_registered_never_runs(tmp_path, entry, message, place, form):
    entry = entry.format(marker=tmp_path / 'marker')
    close = {'backbone=': '', 'x=[[': ']]'}.get(place, ')')
    text = f'model = dict(type="Restorer", {place}{entry}{close})'
    meta = {'cfg': text} if form == 'cfg' else parse_literals(text, 'a.pth')
    with pytest.raises(ConfigError, match=message):
        embedded_config({'meta': meta}, 'a.pth')
    path = tmp_path / 'a.pth'
    torch.save({'meta': meta, 'state_dict': {}}, path)
    with pytest.raises(ConfigError, match=r'a\.pth: the config in it is refused'):
        Inferencer(None, path)
    assert not (tmp_path / 'marker').exists()


def test_custom_imports_are_dropped(tmp_path, monkeypatch):
    (tmp_path / 'intruder.py').write_text(f'open({str(tmp_path / "marker")!r}, "w")')
    monkeypatch.syspath_prepend(tmp_path)
    text = f"custom_imports = dict(imports=['intruder'])\n{MODEL}"
    embedded_config(checkpoint(text), 'a.pth')
    assert not (tmp_path / 'marker').exists()


def test_misspelt_options_are_named():
    with pytest.raises(
        ConfigError, match=r"(?s)a\.pth: the config in it.*did you mean 'num_feats'"
    ):
        embedded_config(checkpoint(MODEL.replace('num_feats', 'num_fets')), 'a.pth')


def test_restoring_with_the_checkpoint_alone(tmp_path):
    config = embedded_config(checkpoint(MODEL), 'a.pth')
    model = MODELS.build(config.model)
    torch.save({'meta': {'cfg': MODEL}, 'state_dict': model.state_dict()}, tmp_path / 'a.pth')
    image = np.random.default_rng(0).random((8, 9, 3)).astype(np.float32)
    expected = Inferencer(config, tmp_path / 'a.pth')(image)
    np.testing.assert_array_equal(Inferencer(None, tmp_path / 'a.pth')(image), expected)
    with pytest.raises(ValueError, match='name a model, a config, or a checkpoint that holds one'):
        Inferencer(None)


PACKAGED = [
    'ain/ain-small_x2_2k_bsd200.py',
    'ammsnet/ammsnet-small_x2_2k_t91-bsd200.py',
    'bicubic/bicubic_x2.py',
    'cfan/cfan-small_x2_3k_brackets.py',
    'cfan/cfnet-small_x2_3k_brackets.py',
    'lffnet/ahdrnet-small_2k_brackets.py',
    'lffnet/lffnet-small_2k_brackets.py',
    'chain',
]
CHAIN = {
    'type': 'Chain',
    'steps': [
        {'type': 'Restorer', 'backbone': {'type': 'ResidualNet', 'num_feats': 4}},
        {'type': 'Restorer', 'backbone': {'type': 'Bicubic', 'scale': 2}},
    ],
}


def leaves(model):
    return {name: str(part) for name, part in model.named_modules() if not list(part.children())}


@pytest.mark.parametrize('form', ['cfg', 'model'])
@pytest.mark.parametrize('name', PACKAGED)
def test_every_network_is_loaded_from_its_checkpoint_alone(tmp_path, name, form):
    config = Config({'model': CHAIN}) if name == 'chain' else load_config(name)
    weights = MODELS.build(config.model).state_dict()
    meta = {'cfg': config.pretty_text} if form == 'cfg' else {'model': model_data(config)}
    torch.save({'meta': meta, 'state_dict': weights}, tmp_path / 'a.pth')
    loaded = load_restorer(None, tmp_path / 'a.pth')
    expected = load_restorer(config, tmp_path / 'a.pth')
    assert leaves(loaded) == leaves(expected)
    assert loaded.scale == expected.scale
    for key, value in expected.state_dict().items():
        assert torch.equal(loaded.state_dict()[key], value)


def test_a_checkpoint_may_stand_where_a_model_is_named(tmp_path):
    model = {'type': 'Restorer', 'backbone': {'type': 'AIN', 'num_blocks': 1}}
    weights = MODELS.build(Config({'model': model}).model).state_dict()
    torch.save({'meta': {'model': model}, 'state_dict': weights}, tmp_path / 'a.pth')
    found = load_restorer(tmp_path / 'a.pth').state_dict()
    assert all(torch.equal(found[key], value) for key, value in weights.items())
    with pytest.raises(FileNotFoundError, match=r'b\.safetensors: no such checkpoint'):
        load_restorer(str(tmp_path / 'b.safetensors'))
    with pytest.raises(ConfigError, match=r'a\.pth: no config'):
        load_restorer(tmp_path / 'a.pth', tmp_path / 'a.pth')
