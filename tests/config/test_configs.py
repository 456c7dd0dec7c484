"""Every config in the repository: it loads, it builds, its name says what it is."""

from __future__ import annotations

import copy
import re
from pathlib import Path

import pytest
from mmengine.config import Config

from restorekit.config import ConfigError, check_config, config_folder, find_config, load_config
from restorekit.io import write_hdr, write_image
from restorekit.registry import DATASETS, METRICS, MODELS, TRANSFORMS
from tests.conftest import smooth_image

CONFIGS = [
    path.relative_to(config_folder()).as_posix()
    for path in sorted(config_folder().rglob('*.py'))
    if '_base_' not in path.parts
]
KINDS = ('FolderDataset', 'SamplePhotos', 'ExposurePairDataset')


def entries(node: object, kind: str) -> list[dict]:
    """All dicts below a node whose type is `kind`."""
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else []
    found = [node] if isinstance(node, dict) and node.get('type') == kind else []
    return found + [entry for child in children for entry in entries(child, kind)]


@pytest.mark.parametrize('name', CONFIGS)
def test_model_metrics_and_name(name):
    config = load_config(name)
    model = MODELS.build(config.model)
    for metric in config.test_evaluator:
        METRICS.build(metric)
    stem = Path(name).stem
    scale = re.search(r'_x(\d)', stem)
    quality = re.search(r'-q(\d\d)', stem)
    assert model.scale == (int(scale[1]) if scale else 1)
    wanted = {'scale': int(scale[1])} if scale else {}
    wanted |= {'quality': int(quality[1])} if quality else {}
    sigma = re.search(r'_sigma(\d\d)', stem)
    wanted |= {'sigma': int(sigma[1])} if sigma else {}
    degradations = [
        entry['degradation']
        for loader in ('train_dataloader', 'val_dataloader', 'test_dataloader')
        for kind in KINDS
        for entry in entries(config.get(loader), kind)
        if 'degradation' in entry
    ]
    degradations += [
        config[loader].dataset.shared.degradation
        for loader in ('train_dataloader', 'val_dataloader', 'test_dataloader')
        if 'degradation' in config.get(loader, {}).get('dataset', {}).get('shared', {})
    ]
    if re.search('_jpeg(-color)?_', stem):  # any quality: each test set has its own
        assert not wanted
        assert [entry['quality'] for entry in degradations][-5:] == [10, 20, 30, 40, 90]
    else:
        assert bool(degradations) == bool(wanted)
        assert all(degradation == wanted for degradation in degradations)
    if 'train_cfg' in config:
        schedule, dataset = stem.split('_')[-2:]
        steps = int(schedule.removesuffix('k')) * 1000
        assert config.train_cfg.max_iters == steps
        schedulers = config.get('param_scheduler', [])
        for scheduler in schedulers if isinstance(schedulers, list) else [schedulers]:
            assert scheduler.get('T_max', steps) == steps
        source = config.train_dataloader.dataset
        parts = source.get('datasets', [source])
        folders = [part.get('gt_dir') or part.get('root') for part in parts]
        folders = [folder for folder in folders if folder]
        named = [folder.lower() for folder in folders or [source.type]]
        assert all(any(part in folder for folder in named) for part in dataset.split('-'))
        assert all(any(part in folder for part in dataset.split('-')) for folder in named)
    modules = re.search(r'-(\d)modules', stem)
    if modules:
        assert len(model.backbone.blocks) == int(modules[1])


@pytest.fixture(scope='session')
def data_of_all(tmp_path_factory):
    """An image, or a scene, for every config."""
    root = tmp_path_factory.mktemp('data')
    training = ('sr/T91', 'sr/BSD200', 'sr/General100', 'CLIC2025', 'DIV2K/DIV2K_train_HR_tiles')
    for folder in (*training, 'sr/Set5/HR', 'sr/BSD100/HR', 'jpeg/Classic5'):
        (root / folder).mkdir(parents=True)
        write_image(root / folder / 'a.png', smooth_image(192, 216))
    make_brackets(root)
    return root


@pytest.mark.parametrize('name', CONFIGS)
def test_datasets_build_and_give_a_sample(name, data_of_all, monkeypatch):
    monkeypatch.setenv('RESTOREKIT_DATA', str(data_of_all))
    monkeypatch.setenv('RESTOREKIT_PREPARED', str(data_of_all))
    config = load_config(name)
    scale = MODELS.build(config.model).scale
    for loader in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
        if loader in config:
            sample = DATASETS.build(config[loader].dataset)[0]
            lq, gt = sample['inputs'], sample['data_samples'].get('gt')
            if gt is None:  # a bracket without a reference
                assert lq.ndim == 4
                continue
            assert (lq.shape[-2] * scale, lq.shape[-1] * scale) == gt.shape[1:]


def make_brackets(root):
    """A scene for every config of brackets."""
    image = smooth_image(264, 272)
    for folder in (
        'hdr/kalantari/Training',
        'hdr/kalantari/Test',
        'brackets_hdr/train',
        'brackets_hdr/test',
        *(f'hdr_train/brackets-{step}ev' for step in (2, 3)),
        *(f'hdr_train/maps-{step}ev' for step in (1, 2, 3)),
        'hdr_test/brackets',
    ):
        scene = root / folder / 'scene'
        scene.mkdir(parents=True)
        for index in range(3):
            write_image(scene / f'{index}.tif', image / 2 ** (2 - index), bits=16)
        (scene / 'exposure.txt').write_text('-2\n0\n2\n')
        write_hdr(scene / 'HDRImg.hdr', image)
    for folder in (
        'mef/SICE/train',
        'mef/SICE/test',
        'brackets_fusion/train',
        'brackets_fusion/test',
    ):
        for part in ('hr', 'hr_under', 'hr_over'):
            (root / folder / part).mkdir(parents=True)
            write_image(root / folder / part / 'a.png', image)
    for part in ('train', 'test'):
        scene = root / 'SICE' / part / '1'
        scene.mkdir(parents=True)
        for index in range(4):
            write_image(scene / f'{index}.png', image / (4 - index))
        (scene.parent / 'Label').mkdir()
        write_image(scene.parent / 'Label/1.png', image)
    (root / 'mef/pairs/scene').mkdir(parents=True)
    for index in range(2):
        write_image(root / f'mef/pairs/scene/{index}.png', image / (2 - index))


def test_leaves_are_short():
    for name in CONFIGS:
        if not name.startswith('demo/'):  # a whole story in one file
            assert len(find_config(name).read_text().splitlines()) <= 40, name


def check(tmp_path, text, **options):
    (tmp_path / 'a.py').write_text(text)
    return load_config(str(tmp_path / 'a.py'), options)


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        (
            "model = dict(type='Restoror')",
            r"model: 'Restoror' is not registered in MODELS; did you",
        ),
        (
            "model = dict(type='Restorer', backbone=dict(type='AIN', num_fets=3))",
            "model.backbone: AIN has no option 'num_fets'; did you mean 'num_feats'",
        ),
        ("optim_wraper = dict(type='OptimWrapper')", "'optim_wraper': no such key; did you mean"),
        (
            "val_dataloader = dict(dataset=dict(type='TestSets', pipeline=[dict(type='Crop')]))",
            r"val_dataloader.dataset.pipeline.0: 'Crop' is not registered in TRANSFORMS",
        ),
        (
            "model = dict(losses=dict(a=dict(type='L1Loss', wight=1)))",
            "model.losses.a: L1Loss has no option 'wight'",
        ),
        (
            "model = dict(losses=dict(a=dict(type='MultiScaleLoss')))",
            "model.losses.a: MultiScaleLoss needs the option 'loss'",
        ),
        (
            "model = dict(type='Restorer', backbone=dict(type='AIN', num_feats='eight'))",
            "model.backbone: AIN: num_feats must be int of 1 to 16384, got 'eight'",
        ),
        (
            "model = dict(type='Restorer', backbone='AIN')",
            "model: Restorer: backbone must be dict, got 'AIN'",
        ),
        (
            "val_evaluator = [dict(type='PSNRB', colour='y')]",
            "val_evaluator.0: PSNRB has no option 'colour'; did you mean 'color'",
        ),
        (
            "val_evaluator = [dict(type='PSNR', color='rgb')]",
            r"val_evaluator.0: PSNR: color must be 'as_is' \| 'y', got 'rgb'",
        ),
        (
            "val_evaluator = [dict(type='PSNR', crop_border='scala')]",
            r"val_evaluator.0: PSNR: crop_border must be int of 0 or more \| 'scale', got 'scala'",
        ),
        (
            "default_hooks = dict(checkpoint=dict(type='CheckpointHook', rule='more'))",
            r"default_hooks.checkpoint: .*: rule must be 'greater' \| 'less', got 'more'",
        ),
        ("val_evaluator = ['PSNR']", "val_evaluator: each entry must be a dict, got 'PSNR'"),
        ('train_dataloader = 5', r'train_dataloader: must be .*Dict.*, got 5'),
        ('load_from = 5', r'load_from: must be .*str.*, got 5'),
        ('model = dict(', 'cannot be read: SyntaxError'),
        ("_base_ = './nothing.py'", 'nothing.py'),
    ],
)
def test_slips_are_named_with_their_place(tmp_path, text, message):
    with pytest.raises((ConfigError, FileNotFoundError), match=message):
        check(tmp_path, text)


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ("optim_wrapper = dict(type='OptimWrapper', clip_gard=1)", "did you mean 'clip_grad'"),
        ("optim_wrapper = dict(optimizer=dict(type='Adam', lrr=1))", "Adam has no option 'lrr'"),
        ("train_cfg = dict(type='IterBasedTrainLoop', max_iter=1)", "did you mean 'max_iters'"),
        *(
            (f'{name}_dataloader = dict(batch_sizes=1)', rf"{name}_dataloader: no option 'batch_si")
            for name in ('train', 'val', 'test')
        ),
        ("val_evaluator = [dict(type='PSNR'), dict(type='PSNR', color='y')]", 'called PSNR; give'),
        (
            "param_scheduler = dict(type='MultiStepLR', milestones=[1], eta_min=0)",
            "param_scheduler: MultiStepLR has no option 'eta_min'; accepted: .*milestones, gamma",
        ),
        ('env_cfg = dict(cudnn_bench=True)', "env_cfg: no option 'cudnn_bench'; did you mean"),
        ('env_cfg = dict(mp_cfg=5)', 'env_cfg.mp_cfg: must be dict, got 5'),
        (
            "env_cfg = dict(mp_cfg=dict(mp_start_method='x'))",
            "mp_start_method: .* 'spawn' .* got 'x'",
        ),
        ('env_cfg = dict(mp_cfg=dict(threads=1))', "mp_cfg: no option 'threads'; accepted: mp_"),
        ("env_cfg = dict(dist_cfg=dict(timeout='x'))", r"env_cfg\.dist_cfg\.timeout: .*, got 'x'"),
        ("model = dict(type='Restorer'); default_scope = None", 'default_scope: .* str, got None'),
        *(
            (f"model = dict(type='Restorer'); default_scope = {scope!r}", message)
            for scope in ('x', 'mmengine')
            for message in [f"default_scope: '{scope}' has no 'Restorer'; 'restorekit' has it"]
        ),
    ],
)
def test_slips_in_what_others_define(tmp_path, text, message):
    with pytest.raises(ConfigError, match=message):
        check(tmp_path, text)


SENSELESS = {
    'train_cfg.max_iters': [4.5, '4', 0],
    'train_cfg.val_interval': [0, -1],
    'optim_wrapper.optimizer.lr': [1e30, '1e-3', 'abc', float('nan'), -1],
    'param_scheduler.milestones': ['x', [1, -2], 3],
    'model.backbone.num_blocks': [-2, 100_000_000],
    'model.backbone.num_feats': [-16, 0, 8.0, 1_000_000],
    'optim_wrapper.optimizer.amsgrad': ['maybe'],
    'log_level': ['LOUD'],
    'train_dataloader.sampler': [5, 'DefaultSampler'],
    'randomness.seed': ['x', -1, 1.0],
    'train_dataloader.batch_size': [0, '2', 2.0, 10**30],
    'compile': ['max-autotune'],
}


@pytest.fixture(scope='module')
def sensible():
    """A config that is read once, and changed in one place by each test."""
    text = """
model = dict(type='Restorer', backbone=dict(type='AIN'))
train_cfg = dict(type='IterBasedTrainLoop', max_iters=1e3)
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1))
param_scheduler = dict(type='MultiStepLR', milestones=[1, 2])
train_dataloader = dict(
    batch_size=1,
    dataset=dict(type='FolderDataset', gt_dir='x', pipeline=[dict(type='PackInputs')]),
)
"""
    config = Config.fromstring(text, '.py')
    check_config(config, 'a.py')
    return config


@pytest.mark.parametrize(
    ('key', 'value'), [(key, value) for key, values in SENSELESS.items() for value in values]
)
def test_values_that_make_no_sense(sensible, key, value):
    config = copy.deepcopy(sensible)
    config.merge_from_dict({key: value})
    place, _, option = key.rpartition('.')
    where = rf'{place}.*{option}' if place else option
    with pytest.raises(ConfigError, match=rf'{where}:? must be .*, got {re.escape(repr(value))}'):
        check_config(config, 'a.py')


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        ({'type': 'x'}, "'type': no such key; accepted: model"),
        (
            {'model': {'backbone': {'type': 'AIN'}}},
            "model: the entry needs a 'type', got only b",
        ),
        ({'model': {'type': 5}}, 'model: type must be a name, got 5'),
        ({'model': {'type': 'Restorer', 'backbone': {}}}, "needs a 'type', got only an empty dict"),
        ({'optim_wrapper': {'optimizer': {'lr': 1}}}, "optimizer: the entry needs a 'type'"),
        ({'custom_hooks': [{'priority': 1}]}, "custom_hooks.0: the entry needs a 'type'"),
        ({'val_evaluator': [{'name': 'x'}]}, "val_evaluator.0: the entry needs a 'type'"),
        ({'randomness': {'sed': 1}}, "randomness: no option 'sed'; did you mean 'seed'"),
        ({'compile': {'mod': 'x'}}, "compile: no option 'mod'; did you mean 'mode'"),
        (
            {'val_dataloader': {'dataset': {'pipeline': [{'type': 'LoadImages'}]}}},
            'val_dataloader.dataset.pipeline: must end with PackInputs, got LoadImages',
        ),
    ],
)
def test_entries_that_cannot_be_built(sensible, change, message):
    config = Config({**copy.deepcopy(sensible).to_dict(), **change})
    with pytest.raises(ConfigError, match=message):
        check_config(config, 'a.py')


def test_third_party_transforms_may_pack(sensible):
    class Packer:
        """Of another package."""

    Packer.__module__ = 'elsewhere'
    TRANSFORMS.register_module(module=Packer)
    try:
        config = copy.deepcopy(sensible)
        config.train_dataloader.dataset.pipeline = [{'type': 'Packer'}]
        check_config(config, 'a.py')
    finally:
        TRANSFORMS._module_dict.pop('Packer')


def test_variables_that_resemble_keys_are_allowed(tmp_path):
    check(tmp_path, 'experiment = launch = train_config = val_loader = 1')


def test_all_slips_at_once(tmp_path):
    with pytest.raises(ConfigError) as error:
        check(
            tmp_path, "modle = 1\nmodel = dict(type='A')\nval_evaluator = dict(type='PSNR', crop=1)"
        )
    assert len(str(error.value).splitlines()) == 4


def test_a_circle_of_bases_is_named_before_anything_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(Config, 'fromfile', lambda *_, **__: pytest.fail('it was read'))
    for name, base in (('a', 'b'), ('b', 'c'), ('c', 'b')):
        (tmp_path / f'{name}.py').write_text(f"_base_ = ['./{base}.py']")
    b, c = tmp_path / 'b.py', tmp_path / 'c.py'
    with pytest.raises(ConfigError, match=rf'a\.py: _base_ goes in a circle: {b} -> {c} -> {b}$'):
        load_config(str(tmp_path / 'a.py'))


def test_one_base_may_be_reached_by_two_ways(tmp_path):
    (tmp_path / 'd.py').write_text('')
    for name in 'bc':
        (tmp_path / f'{name}.py').write_text("_base_ = './d.py'")
    (tmp_path / 'a.py').write_text("_base_ = ['./b.py', './c.py']")
    assert isinstance(load_config(str(tmp_path / 'a.py')), Config)


def test_overrides_are_checked_too(tmp_path):
    text = "model = dict(type='Restorer', backbone=dict(type='AIN'))"
    assert check(tmp_path, text, **{'model.backbone.num_blocks': 2}).model.backbone.num_blocks == 2
    with pytest.raises(ConfigError, match="did you mean 'num_blocks'"):
        check(tmp_path, text, **{'model.backbone.num_block': 2})


def test_a_file_of_another_kind_is_no_config(tmp_path):
    (tmp_path / 'a.pth').write_bytes(b'PK')
    with pytest.raises(ConfigError, match=r'a\.pth: no config; a name that ends with \.py, '):
        load_config(str(tmp_path / 'a.pth'))


def test_free_variables_and_other_packages_parts_are_allowed(tmp_path):
    text = """
my_root = 'x'
my_loss = dict(type='TonemappedLoss')
model = dict(type='Restorer', losses=dict(a=dict(type='L1Loss', weight=2, pred='output')))
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1), paramwise_cfg=dict())
default_hooks = dict(report=dict(type='ReportHook', priority='LOW'))
"""
    assert isinstance(check(tmp_path, text), Config)


def test_packaged_configs_are_found_by_name():
    expected = config_folder() / 'ain/ain_x2_300k_div2k.py'
    for name in (
        'ain/ain_x2_300k_div2k.py',
        'configs/ain/ain_x2_300k_div2k.py',
        'ain/ain_x2_300k_div2k',
    ):
        assert find_config(name).resolve() == expected.resolve()
    with pytest.raises(FileNotFoundError, match="did you mean 'ain/ain_x2_300k_div2k.py'"):
        find_config('ain/ain_x2_300k_divk.py')


@pytest.mark.parametrize(
    ('key', 'value', 'message'),
    [
        (
            'val_evaluator.crop_border',
            4,
            r'--cfg-options: val_evaluator\.crop_border=4: TypeError',
        ),
        ('custom_imports.imports', 'parts_of_no_test', 'custom_imports: .*parts_of_no_test'),
    ],
)
def test_overrides_that_cannot_be_are_named(tmp_path, key, value, message):
    (tmp_path / 'a.py').write_text("val_evaluator = [dict(type='PSNR')]\n")
    with pytest.raises(ConfigError, match=message):
        load_config(str(tmp_path / 'a.py'), {key: value})
