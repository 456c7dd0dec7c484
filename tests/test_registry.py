"""Registries, and a third party's package that nothing here knows."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import pytest
from mmengine.registry import MODELS as MMENGINE_MODELS
from mmengine.registry import DefaultScope
from torch import nn

from restorekit.options import (
    AtLeast1,
    OptionError,
    Positive,
    Width,
    Within,
    check_options,
    fits,
    written,
)
from restorekit.registry import BACKBONES, BLOCKS, LOSSES, MODELS, REGISTRIES, UnknownTypeError
from tests.helpers import process


@pytest.mark.parametrize('name', ['ain', 'AIM', 'AINN'])
def test_unknown_name_gives_registry_and_nearest(name):
    with pytest.raises(
        UnknownTypeError, match=f"'{name}' is not registered in BACKBONES; did you mean 'AIN'"
    ):
        BACKBONES.build({'type': name})


def test_unknown_name_without_a_near_one_lists_what_there_is():
    with pytest.raises(UnknownTypeError, match='LOSSES; accepted: .*CharbonnierLoss'):
        LOSSES.build({'type': 'qqqqqqqqqqqq'})


def test_unknown_option_gives_class_and_nearest():
    with pytest.raises(TypeError, match="AIN has no option 'num_fets'; did you mean 'num_feats'"):
        BACKBONES.build({'type': 'AIN', 'num_fets': 32})


def test_missing_option_gives_class_and_name():
    with pytest.raises(OptionError, match="MultiScaleLoss needs the option 'loss'"):
        LOSSES.build({'type': 'MultiScaleLoss'})
    with pytest.raises(OptionError, match="RFFTBlock needs the option 'channels'"):
        BLOCKS.build({'type': 'RFFTBlock'})


def takes(
    count: int = 1,
    gain: float = 1.0,
    sizes: Sequence[int] = (),
    pair: tuple[int, str] | None = None,
    norm: str | dict | None = None,
    plain: bool = False,
    thing: nn.Module | None = None,
):
    """Stands for a constructor of ours."""


takes.__module__ = 'restorekit.takes'


@pytest.mark.parametrize(
    'options',
    [
        {'count': 2, 'gain': 2, 'sizes': [1, 2], 'norm': 'batch', 'plain': True},
        {'sizes': (), 'pair': [1, 'a'], 'norm': {'type': 'BN'}, 'thing': {'type': 'A'}},
        {'pair': None, 'norm': None, 'gain': 1e-3, 'thing': None},
        {'count': 1_000_000, 'sizes': range(3), 'plain': 1, 'gain': np.float32(1)},
        {'count': float('inf'), 'gain': np.ones(3), 'norm': Path('a'), 'thing': object()},
    ],
)
def test_values_that_fit_their_annotations(options):
    check_options(takes, options)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({'count': 2.5}, 'count must be int, got 2.5'),
        ({'count': 8.0}, 'count must be int, got 8.0'),
        ({'sizes': [1, 2.0]}, r'got \[1, 2.0\]'),
        ({'count': True}, 'count must be int, got True'),
        ({'gain': '2'}, "gain must be float, got '2'"),
        ({'sizes': 3}, r'sizes must be .*Sequence\[int\], got 3'),
        ({'sizes': [1, 'b']}, r"got \[1, 'b'\]"),
        ({'norm': 1}, r'norm must be str \| dict \| None, got 1'),
        ({'plain': 2}, 'plain must be bool, got 2'),
        ({'thing': 5}, r'thing must be .*Module \| None, got 5'),
        ({'count': None}, 'count must be int, got None'),
    ],
)
def test_values_that_do_not(options, message):
    with pytest.raises(OptionError, match=message):
        check_options(takes, options)


@pytest.mark.parametrize(
    ('value', 'hint', 'expected'),
    [
        ([1, 2], tuple[int, int], True),
        ([1, 2, 3], tuple[int, int], False),
        ((1,), tuple[int, int], False),
        ([1, 'a'], tuple[int, int], False),
        ([1, 2, 3], tuple[int, ...], True),
        ([1, 'a'], tuple[int, ...], False),
        (1, AtLeast1, True),
        (0, AtLeast1, False),
        (float('inf'), AtLeast1, False),
        (float('nan'), Positive, False),
        (0.0, Positive, False),
        (16_384, Width, True),
        (16_385, Width, False),
        (3, Annotated[int, Within(3, odd=True)], True),
        (4, Annotated[int, Within(3, odd=True)], False),
        ([1, 0], Sequence[AtLeast1], False),
    ],
)
def test_lengths_and_bounds(value, hint, expected):
    assert fits(value, hint) is expected


def test_bounds_in_words():
    assert written(AtLeast1 | None) == 'int of 1 or more | None'
    assert written(list[Positive]) == 'list[float above 0]'
    assert written(Annotated[int, Within(3, 99, odd=True)]) == 'odd int of 3 to 99'
    assert written(tuple[int, ...]) == 'tuple[int, ...]'


@pytest.mark.parametrize(
    ('registry', 'kind', 'options', 'message'),
    [
        ('BACKBONES', 'AIN', {'num_blocks': -2}, 'num_blocks must be int of 1 to 10000, got -2'),
        ('BACKBONES', 'AIN', {'num_feats': 0}, 'num_feats must be int of 1 to 16384, got 0'),
        ('BACKBONES', 'AHDRNet', {'num_exposures': 1}, 'must be odd int of 3 to 99, got 1'),
        ('BACKBONES', 'AHDRNet', {'num_exposures': 4}, 'must be odd int of 3 to 99, got 4'),
        ('BACKBONES', 'StackedNet', {'num_frames': 0}, 'num_frames must be .*, got 0'),
        ('BACKBONES', 'StackedNet', {'num_layers': 0}, 'num_layers must be .*, got 0'),
        ('BACKBONES', 'CFNet', {'num_steps': 0}, 'num_steps must be .*, got 0'),
        ('BACKBONES', 'CFNet', {'projection': [1, 2]}, r'projection must be .*, got \[1, 2\]'),
        ('BLOCKS', 'CFB', {'channels': 8, 're_guide': 0}, 're_guide must be .*, got 0'),
        ('BLOCKS', 'SRB', {'channels': 8, 'num_groups': 0}, 'num_groups must be .*, got 0'),
        ('METRICS', 'PSNR', {'color': 'x'}, "color must be .*, got 'x'"),
        ('LOSSES', 'CharbonnierLoss', {'eps': -1}, 'eps must be float above 0, got -1'),
        ('METRICS', 'MEFSSIM', {'color': 'y'}, "MEFSSIM: color must be 'as_is', got 'y'"),
        ('METRICS', 'PSNR', {'crop_border': -1}, 'PSNR: crop_border must be .*, got -1'),
        ('METRICS', 'PSNRMu', {'mu': 0}, 'PSNRMu: mu must be float above 0, got 0'),
        ('HOOKS', 'CheckpointHook', {'max_keep_ckpts': 0}, 'max_keep_ckpts must be .*, got 0'),
        ('HOOKS', 'NonFiniteHook', {'max_in_a_row': 0}, 'max_in_a_row must be .*, got 0'),
        ('TRANSFORMS', 'BicubicDownscale', {'scale': 1}, 'scale must be int of 2 to 16 .*, got 1'),
        ('MODELS', 'ReferenceFrame', {'gamma': 0}, 'gamma must be float above 0, got 0'),
        ('MODELS', 'Restorer', {'backbone': {}, 'pre_upscale': 9999}, 'pre_upscale .*, got 9999'),
        ('DATASETS', 'FolderDataset', {'pipeline': [], 'min_size': 0}, 'min_size .*, got 0'),
    ],
)
def test_configs_and_constructors_are_checked_by_one_rule(registry, kind, options, message):
    with pytest.raises(OptionError, match=message):
        REGISTRIES[registry].build({'type': kind, **options})
    with pytest.raises(OptionError, match=message):
        REGISTRIES[registry].get(kind)(**options)


def test_positional_options_are_checked_too():
    with pytest.raises(OptionError, match='NonLocal: channels must be .*, got 0'):
        BLOCKS.get('NonLocal')(0)


@pytest.mark.parametrize(
    ('entry', 'message'),
    [
        ({'num_feats': 4}, "BACKBONES: the entry needs a 'type', got only num_feats"),
        ({}, "BACKBONES: the entry needs a 'type', got only an empty dict"),
        ({'type': 5}, 'BACKBONES: type must be a name, got 5'),
    ],
)
def test_an_entry_without_the_name_of_a_type(entry, message):
    with pytest.raises(OptionError, match=message):
        BACKBONES.build(entry)


def test_constructors_that_are_inherited_or_missing():
    class Bare:
        """Takes nothing."""

    class Base:
        def __init__(self, size: int = 1):
            self.size = size

    class Open(Base):
        def __init__(self, gain: float = 1.0, **options):
            super().__init__(**options)

    for part in (Bare, Base, Open):
        part.__module__ = 'restorekit.parts'
    check_options(Open, {'gain': 2, 'size': 3})
    with pytest.raises(OptionError, match="Open has no option 'sise'; did you mean 'size'"):
        check_options(Open, {'sise': 3})
    with pytest.raises(OptionError, match="Open: size must be int, got 'a'"):
        check_options(Open, {'size': 'a'})
    with pytest.raises(OptionError, match="Bare has no option 'size'"):
        check_options(Bare, {'size': 3})


def test_annotations_of_others_are_not_held_against_a_value():
    def foreign(count: int = 1):
        """A third party may annotate loosely."""

    check_options(foreign, {'count': 'many'})


def test_a_failed_build_leaves_the_registry_as_it_was():
    before = dict(BLOCKS.module_dict)
    with pytest.raises(UnknownTypeError):
        BLOCKS.build({'type': 'Nothing'})
    with pytest.raises(KeyError, match='already registered'):
        BLOCKS.register_module(name='ResidualBlock')(BLOCKS.get('MSFF'))
    assert BLOCKS.module_dict == before


@pytest.mark.parametrize('scope', [None, 'mmengine', 'restorekit'])
def test_parts_are_found_under_any_default_scope(scope):
    with DefaultScope.overwrite_default_scope(scope):
        assert isinstance(BLOCKS.build({'type': 'ResidualBlock', 'channels': 4}), nn.Module)
        assert isinstance(
            BLOCKS.build({'type': 'restorekit.ResidualBlock', 'channels': 4}), nn.Module
        )
        norm = {'type': 'BN'}
        block = BLOCKS.build({'type': 'AttentiveInception', 'channels': 8, 'norm_cfg': norm})
        assert any(isinstance(module, nn.BatchNorm2d) for module in block.modules())


def test_part_registries_fall_back_to_models_and_mmcv():
    assert BLOCKS.get('Conv2d') is nn.Conv2d
    assert BLOCKS.get('Restorer') is MODELS.get('Restorer')


def test_our_models_resolve_from_mmengine_by_scope():
    assert MMENGINE_MODELS.get('restorekit.Restorer') is MODELS.get('Restorer')


def test_every_registry_has_its_own_name():
    assert all(name == registry.name for name, registry in REGISTRIES.items())


def test_import_is_light_and_listing_imports_first():
    code = """
        import sys, restorekit, restorekit.registry
        heavy = ['cv2', 'scipy', 'matplotlib', 'skimage', 'tensorboard', 'mmcv']
        print([name for name in heavy if name in sys.modules])
        print(*restorekit.registry.BLOCKS)
    """
    imported, listed = process('-c', textwrap.dedent(code)).stdout.splitlines()
    assert imported == '[]'
    assert {'AttentiveInception', 'ResidualBlock'} <= set(listed.split())


PLUGIN = {
    'thirdparty/__init__.py': '',
    'thirdparty/parts.py': """
        from torch import nn
        from restorekit.registry import BLOCKS, LOSSES

        @BLOCKS.register_module()
        class Gain(nn.Conv2d):
            def __init__(self, channels, *, groups=1):
                super().__init__(channels, channels, 1, groups=groups)

        @LOSSES.register_module()
        class CubicLoss(nn.Module):
            def forward(self, pred, target):
                return (pred - target).abs().pow(3).mean()
    """,
    'broken/__init__.py': 'import a_library_that_is_not_there',
    # As pip leaves them.
    'thirdparty-1.dist-info/METADATA': """
        Metadata-Version: 2.1
        Name: thirdparty
        Version: 1
    """,
    'thirdparty-1.dist-info/entry_points.txt': """
        [restorekit.plugins]
        parts = thirdparty.parts
        broken = broken
    """,
}

USE = """
    import torch
    from restorekit.registry import BLOCKS, MODELS
    model = MODELS.build(dict(
        type='Restorer',
        backbone=dict(
            type='ResidualNet', num_feats=4, num_blocks=2, block=dict(type='Gain', groups=2)),
        losses=dict(cubic=dict(type='CubicLoss', weight=2.0))))
    print(type(model.backbone.blocks[0]).__name__, type(model.losses['cubic'].loss).__name__)
    print(model(torch.rand(1, 3, 5, 6)).shape)
    try:
        BLOCKS.build(dict(type='Lost', channels=1))
    except ValueError as error:
        print(error)
"""


def test_third_party_package_is_found_without_an_import(tmp_path: Path):
    for name, text in PLUGIN.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(textwrap.dedent(text).lstrip())
    path = os.pathsep.join([str(tmp_path), os.environ.get('PYTHONPATH', '')])
    result = process('-W', 'ignore', '-c', textwrap.dedent(USE), PYTHONPATH=path)
    lines = result.stdout.splitlines()
    assert lines[0] == 'Gain CubicLoss'
    assert lines[1] == 'torch.Size([1, 3, 5, 6])'
    assert "'Lost' is not registered in BLOCKS" in lines[2]
    assert "plugin broken (broken): ModuleNotFoundError: No module named 'a_library" in lines[2]


def test_looking_into_any_registry_says_nothing(capfd):
    import restorekit.config  # noqa: F401  (makes this package known to mmengine)

    for registry in REGISTRIES.values():
        registry._imported = False
        registry.names()
    assert capfd.readouterr() == ('', '')
