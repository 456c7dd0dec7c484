"""What parts refuse, each with the text that a user sees."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from restorekit.config import ConfigError, load_config
from restorekit.config.embedded import parse_literals
from restorekit.datasets import BracketDataset, FolderDataset, SICEDataset, sample_photo
from restorekit.io import write_image
from restorekit.registry import REGISTRIES
from restorekit.restorers import AverageFusion
from restorekit.transforms import BicubicDownscale, LoadImages, PairedRandomCrop
from tests.conftest import smooth_image

NET = {'type': 'ResidualNet', 'num_feats': 4, 'num_blocks': 1}


@pytest.mark.parametrize(
    ('registry', 'entry', 'message'),
    [
        ('BLOCKS', {'type': 'AttentionUnit', 'channels': 8, 'branches': []}, 'at least one branch'),
        (
            'BLOCKS',
            {'type': 'ChannelGate', 'channels': 8},
            'channels must be at least reduction=16, got 8',
        ),
        (
            'BLOCKS',
            {'type': 'AttentiveInception', 'channels': 8, 'widths': [1, 1]},
            r'must be equally many, got \(1, 2, 3, 5\) and \(1, 1\)',
        ),
        (
            'BACKBONES',
            {**NET, 'block': {'type': 'PixelShuffleUpsampler', 'scale': 2}},
            'this one takes 1 and has scale 2',
        ),
        ('BACKBONES', {**NET, 'block': {'type': 'CFB'}}, 'this one takes 3 and has scale 1'),
        ('MODELS', {'type': 'Chain', 'steps': []}, 'Chain: at least one step is needed'),
        (
            'MODELS',
            {'type': 'Restorer', 'backbone': NET, 'losses': {'a': 'L1Loss'}},
            "each entry of losses must be a dict, got 'L1Loss'",
        ),
        (
            'MODELS',
            {
                'type': 'Restorer',
                'backbone': NET,
                'losses': {'a': {'type': 'L1Loss', 'weight': 'x'}},
            },
            "weight of a loss must be float, got 'x'",
        ),
        (
            'DATASETS',
            {'type': 'FolderDataset', 'gt_dir': 'x', 'pipeline': [], 'degradation': {'blur': 1}},
            r"x: degradation has \['blur'\]; accepted: scale, quality",
        ),
        (
            'DATASETS',
            {'type': 'SICEDataset', 'root': 'x', 'pipeline': [], 'pair': [1]},
            r'pair must be two places, got \[1\]',
        ),
        (
            'DATASETS',
            {'type': 'FolderDataset', 'gt_dir': 'x', 'pipeline': [], 'lq_template': 'x2'},
            "lq_template must hold '{}' once, got 'x2'",
        ),
        ('TRANSFORMS', {'type': 'PairedRandomCrop'}, 'give either size or gt_size'),
        ('TRANSFORMS', {'type': 'PairedRandomCrop', 'size': 4, 'gt_size': 8}, 'give either size'),
    ],
)
def test_parts(registry, entry, message):
    with pytest.raises(ValueError, match=message):
        REGISTRIES[registry].build(entry)


def test_modes_of_a_restorer():
    with pytest.raises(ValueError, match="AverageFusion: mode must be .*, got 'train'"):
        AverageFusion()(torch.rand(1, 2, 3, 4, 4), [], mode='train')


def test_images_that_a_transform_cannot_take(tmp_path):
    image = np.zeros((3, 5, 3), np.float32)
    with pytest.raises(ValueError, match='3 x 5 pixels are too few for scale 4'):
        BicubicDownscale(4)({'gt': image})
    with pytest.raises(ValueError, match=r'a\.png: 3 x 5 pixels are smaller than the crop of 4'):
        PairedRandomCrop(4)({'gt': image, 'files': {'gt': ['a.png']}})
    sizes = {'gt': (4, 4), 'gt_frames': (4, 6)}
    with pytest.raises(ValueError, match='one size, got gt 4 x 4, gt_frames 4 x 6'):
        LoadImages().plan(sizes, {})


def test_problems_of_a_dataset_name_it(tmp_path):
    write_image(tmp_path / 'a.png', smooth_image(6, 6))
    options = {'gt_dir': str(tmp_path), 'pipeline': [PairedRandomCrop(8)], 'name': 'mine'}
    message = r'(?s)mine: 1 problem\(s\) in the data:\n.*6 x 6 pixels are smaller'
    with pytest.raises(ValueError, match=message):
        FolderDataset(**options)[0]


def test_scenes_that_lack_something(tmp_path):
    for folder in ('scene', 'Label'):
        (tmp_path / folder).mkdir()
    for index in range(2):
        write_image(tmp_path / f'scene/{index}.png', smooth_image(6, 6) * (index + 1) / 2)
    (tmp_path / 'scene/exposure.txt').write_text('0\n1\n')
    with pytest.raises(ValueError, match=r'scene: no truth\.hdr'):
        BracketDataset(str(tmp_path / 'scene'), gt_name='truth.hdr', pipeline=[])
    write_image(tmp_path / 'Label/scene.png', smooth_image(6, 6))
    with pytest.raises(ValueError, match=r'scene: has 2 frames, no pair \(0, 5\)'):
        SICEDataset(str(tmp_path), pair=(0, 5), pipeline=[])


def test_a_photograph_that_is_not_there():
    pytest.importorskip('skimage')
    with pytest.raises(FileNotFoundError, match=r'this scikit-image has no .*nothing\.png'):
        sample_photo('nothing.png')


def test_overrides_of_no_key(tmp_path):
    (tmp_path / 'a.py').write_text('x = 1')
    with pytest.raises(ConfigError, match=r"--cfg-options: no key 'modl' in .*; did you mean 'mod"):
        load_config(str(tmp_path / 'a.py'), {'modl.type': 1})


def test_a_base_that_no_package_has(tmp_path):
    (tmp_path / 'a.py').write_text("_base_ = 'restorekit::ain/nothing.py'")
    with pytest.raises(FileNotFoundError, match=r'a\.py: _base_: restorekit::ain/nothing\.py: no'):
        load_config(str(tmp_path / 'a.py'))


def test_literals_nested_too_deeply():
    with pytest.raises(ConfigError, match=r'a\.pth: .*(nested too deeply|is no Python)'):
        parse_literals('a = ' + '-' * 5000 + '1', 'a.pth')


def test_an_empty_dict_that_changes_nothing_is_refused(tmp_path):
    (tmp_path / 'a.py').write_text("model = dict(type='MertensFusion')\n")
    text = r'--cfg-options: model=\{\} changes nothing, for dicts are merged'
    with pytest.raises(ConfigError, match=text):
        load_config(str(tmp_path / 'a.py'), {'model': {}})
