"""A run of a few seconds."""

from __future__ import annotations

from pathlib import Path

import pytest
from mmengine.config import Config
from mmengine.runner import Runner

from restorekit.config import config_folder
from restorekit.registry import RUNNERS
from tests.conftest import write_photos


def tiny_config(photos: Path, work_dir: Path, **options) -> Config:
    """Twelve steps of a small network on a folder of small images."""
    load = {'type': 'LoadImages', 'color': 'y'}
    jpeg = {'type': 'JPEGCompress'}
    folder = {'type': 'FolderDataset', 'gt_dir': str(photos), 'degradation': {'quality': 20}}
    sequential = {'type': 'DefaultSampler', 'shuffle': False}
    metrics = [{'type': 'PSNR', 'baseline': True}, {'type': 'SSIM'}]
    config = Config.fromfile(str(config_folder() / '_base_/default_runtime.py'))
    config.merge_from_dict(
        {
            'work_dir': str(work_dir),
            'model': {
                'type': 'Restorer',
                'data_preprocessor': {'type': 'ImagePreprocessor', 'color': 'y'},
                'backbone': {'type': 'AIN', 'num_feats': 8, 'num_blocks': 2},
                'losses': {'l1': {'type': 'L1Loss'}},
            },
            'train_dataloader': {
                'batch_size': 2,
                'num_workers': 0,
                'sampler': {'type': 'ResumableSampler'},
                'dataset': {
                    **folder,
                    'pipeline': [
                        load,
                        {'type': 'PairedRandomCrop', 'size': 16},
                        jpeg,
                        {'type': 'RandomFlipRotate'},
                        {'type': 'PackInputs'},
                    ],
                },
            },
            'optim_wrapper': {'type': 'OptimWrapper', 'optimizer': {'type': 'Adam', 'lr': 1e-3}},
            'param_scheduler': {'type': 'CosineAnnealingLR', 'by_epoch': False, 'T_max': 12},
            'train_cfg': {'type': 'IterBasedTrainLoop', 'max_iters': 12, 'val_interval': 6},
            'val_dataloader': {
                'batch_size': 1,
                'num_workers': 0,
                'sampler': sequential,
                'dataset': {**folder, 'pipeline': [load, jpeg, {'type': 'PackInputs'}]},
            },
            'val_evaluator': metrics,
            'default_hooks': {
                'logger': {'interval': 1},
                'checkpoint': {'interval': 4, 'max_keep_ckpts': 5},
            },
            **options,
        }
    )
    config.test_dataloader = config.val_dataloader
    config.test_evaluator = config.val_evaluator
    return config


def run(config: Config, name: str) -> Runner:
    """Train; the name tells runs of one process apart."""
    config.experiment_name = name
    runner = RUNNERS.build(config)
    runner.train()
    return runner


def losses_of(runner: Runner) -> list[float]:
    return runner.message_hub.get_scalar('train/loss').data[0]


@pytest.fixture(scope='session')
def plain_run(tmp_path_factory: pytest.TempPathFactory) -> Runner:
    """A finished run of `tiny_config` as it is; for tests that look at what it left."""
    folder = tmp_path_factory.mktemp('plain')
    return run(tiny_config(write_photos(folder / 'photos'), folder / 'run'), 'plain-run')


@pytest.fixture
def config(photo_folder: Path, tmp_path: Path) -> Config:
    return tiny_config(photo_folder, tmp_path / 'run')
