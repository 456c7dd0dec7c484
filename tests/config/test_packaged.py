"""Configs that come with packages: found by name, inherited by name."""

from __future__ import annotations

import os
import sys

import pytest
from mmengine.config import Config

from restorekit.config import ConfigError, config_folder, find_config, load_config
from restorekit.registry import BLOCKS, MODELS

LEAF = 'ain/ain-small_x2_2k_bsd200.py'


def by_path(name):
    return f'{config_folder()}/{name}'


def inherited(tmp_path, text):
    (tmp_path / 'mine.py').write_text(text)
    return load_config(str(tmp_path / 'mine.py'))


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package of one's own, whose config inherits one of ours."""
    folder = tmp_path / 'somebodys_kit/configs/deep'
    folder.mkdir(parents=True)
    (tmp_path / 'somebodys_kit/__init__.py').write_text('raise RuntimeError("was imported")')
    (folder / 'theirs.py').write_text(f"_base_ = 'restorekit::{LEAF}'\nbest = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    return folder


@pytest.mark.parametrize('name', ['restorekit::', 'restorekit::configs/', '', 'configs/'])
@pytest.mark.parametrize('end', ['', '.py'])
def test_found_by_name(name, end):
    found = find_config(name + LEAF.removesuffix('.py') + end)
    assert os.path.samefile(found, by_path(LEAF))


@pytest.mark.parametrize(
    'name', [LEAF, 'demo/ain-small_x2_1k_photos.py', 'cfan/cfnet_x4_200k_sice.py']
)
def test_what_is_inherited_is_the_same_as_by_path(tmp_path, name):
    change = '\ntrain_cfg = dict(max_iters=7)\ncopy = {{_base_.model}}\n'
    named = inherited(tmp_path, f"_base_ = 'restorekit::{name}'{change}")
    assert named.train_cfg.max_iters == 7
    assert named.to_dict() == inherited(tmp_path, f"_base_ = '{by_path(name)}'{change}").to_dict()
    assert '_scope_' not in named.pretty_text


def test_several_bases_and_mmengines_own_door(tmp_path):
    names = ['default_runtime.py', 'models/ain_small.py']
    text = f'_base_ = {[f"restorekit::_base_/{name}" for name in names]}'
    config = inherited(tmp_path, text)
    assert config.model.backbone.num_feats == 32
    assert Config.fromfile(str(tmp_path / 'mine.py')).to_dict() == config.to_dict()


def test_packages_of_others(tmp_path, package):
    config = load_config('somebodys_kit::deep/theirs')
    assert config.best == 1
    assert config.model == load_config(LEAF).model
    again = inherited(tmp_path, "_base_ = 'somebodys_kit::deep/theirs.py'\nbest = 2")
    assert again.best == 2
    assert again.model == config.model


@pytest.mark.parametrize(
    ('base', 'message'),
    [
        (
            'restorekit::ain/ain-small_x2_2k_bsd20.py',
            f"mine.py: _base_: restorekit::ain/.*: no such config, in .*; did you mean '{LEAF}'",
        ),
        ('somebodys_kit::nothing.py', 'somebodys_kit::nothing.py: no such config, in .*configs'),
        ('no_such_kit::a/b.py', "no_such_kit::…: no package 'no_such_kit' is installed"),
        ('mmengine::a/b.py', 'mmengine::…: the package has none of .mim/configs, configs'),
    ],
)
def test_bases_that_are_not_there(tmp_path, package, base, message):
    with pytest.raises(FileNotFoundError, match=message):
        inherited(tmp_path, f'_base_ = {base!r}')


def test_packages_that_mmengine_knows_are_its_own_matter(tmp_path):
    with pytest.raises(ConfigError, match='mmrotate is not installed'):
        inherited(tmp_path, "_base_ = 'mmrotate::a/b.py'")


def test_a_name_on_the_command_line_that_is_not_there():
    with pytest.raises(FileNotFoundError, match='neither on disk nor in'):
        find_config('ain/ain-small_x2_2k.py')
    with pytest.raises(FileNotFoundError, match='no such config, in'):
        find_config('restorekit::ain')


def test_modules_that_a_config_imports(tmp_path, monkeypatch):
    (tmp_path / 'my_parts_of_a_test.py').write_text(
        'from torch import nn\n'
        'from restorekit.registry import BLOCKS\n'
        '@BLOCKS.register_module()\n'
        'class PartOfATest(nn.Identity):\n'
        '    def __init__(self, channels, *, strength: int = 1):\n'
        '        super().__init__()\n'
    )
    monkeypatch.syspath_prepend(tmp_path)
    text = (
        "custom_imports = dict(imports=['my_parts_of_a_test'])\n"
        "network = dict(type='ResidualNet', block=dict(type='PartOfATest'))\n"
        "model = dict(type='Restorer', backbone=network)\n"
    )
    try:
        config = inherited(tmp_path, text)
        assert MODELS.build(config.model).backbone
        with pytest.raises(ConfigError, match="has no option 'strenght'; did you mean 'strength'"):
            inherited(tmp_path, text.replace('PartOfATest', "PartOfATest', strenght='x"))
        with pytest.raises(ConfigError, match=r'mine\.py: cannot be read: .*my_parts_of_no_test'):
            inherited(tmp_path, text.replace('my_parts_of_a_test', 'my_parts_of_no_test'))
    finally:
        BLOCKS.module_dict.pop('PartOfATest', None)
        sys.modules.pop('my_parts_of_a_test', None)
