"""What a config says once, at its top."""

from __future__ import annotations

import pytest

from restorekit.config import ConfigError, config_folder, load_config
from restorekit.registry import MODELS

X2 = 'ain/ain-small_x2_2k_bsd200.py'


def degradations(config):
    loaders = (config.train_dataloader, config.val_dataloader, config.test_dataloader)
    sets = [loader.dataset.get('shared', loader.dataset) for loader in loaders]
    return [dict(entry.degradation) for entry in sets]


def test_a_leaf_of_two_lines(tmp_path):
    (tmp_path / 'x3.py').write_text(f"_base_ = '{config_folder() / X2}'\nscale = 3\n")
    config = load_config(str(tmp_path / 'x3.py'))
    assert degradations(config) == [{'scale': 3}] * 3
    assert config.model.pre_upscale == MODELS.build(config.model).scale == 3


@pytest.mark.parametrize(
    ('name', 'place'),
    [
        (X2, lambda model: model.pre_upscale),
        ('ammsnet/ammsnet_x2_1000k_t91-bsd200.py', lambda model: model.backbone.scale),
        ('cfan/mertens-bicubic_x2_brackets.py', lambda model: model.steps[1].backbone.scale),
    ],
)
def test_an_override_is_enough(name, place):
    config = load_config(name, {'scale': 4})
    assert place(config.model) == MODELS.build(config.model).scale == 4
    loaders = (config.val_dataloader, config.test_dataloader)
    sets = [loader.dataset.get('shared', loader.dataset) for loader in loaders]
    assert [dict(entry.degradation) for entry in sets] == [{'scale': 4}] * 2


def test_quality_reaches_every_loader():
    config = load_config('ain/ain-small_jpeg-q10_2k_bsd200.py', {'quality': 35})
    assert degradations(config) == [{'quality': 35}] * 3
    assert MODELS.build(config.model).scale == 1


def test_a_config_that_was_written_out_says_everything_in_its_place(tmp_path):
    config = load_config(X2, {'scale': 3})
    config.dump(tmp_path / 'dumped.py')
    again = load_config(str(tmp_path / 'dumped.py'))
    assert degradations(again) == [{'scale': 3}] * 3
    assert again.model.pre_upscale == 3
    with pytest.raises(ConfigError, match='scale = 4, but pre_upscale of the model is 3'):
        load_config(str(tmp_path / 'dumped.py'), {'scale': 4})


def test_a_datasets_own_degradation_stays():
    options = {'scale': 3, 'val_dataloader.dataset.shared.degradation': {'scale': 2}}
    assert degradations(load_config(X2, options)) == [{'scale': 3}, {'scale': 2}, {'scale': 3}]


def test_a_setting_that_nothing_goes_by_is_refused():
    with pytest.raises(ConfigError, match='quality = 20: nothing in the config goes by it'):
        load_config(X2, {'quality': 20})


def test_a_misspelt_setting_is_named(tmp_path):
    (tmp_path / 'a.py').write_text(f"_base_ = '{config_folder() / X2}'\nscal = 3\n")
    with pytest.raises(ConfigError, match="'scal': no such key; did you mean 'scale'"):
        load_config(str(tmp_path / 'a.py'))
