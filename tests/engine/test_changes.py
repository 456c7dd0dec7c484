"""What a resumed run says of what has changed."""

from __future__ import annotations

import pytest

from restorekit.engine.changes import changed_schedules
from restorekit.io.checkpoint import read_checkpoint
from tests.engine.conftest import run, tiny_config


def resumed(photos, folder, checkpoint, **options):
    options.setdefault('train_cfg.max_iters', 13)
    options['resume'] = True
    config = tiny_config(photos, folder, load_from=str(checkpoint))
    config.merge_from_dict(options)
    config.val_dataloader = config.val_cfg = config.val_evaluator = None
    return run(config, folder.name)


def log_of(runner):
    with open(runner.logger.log_file) as file:
        return file.read()


def test_a_longer_run_keeps_the_schedule_and_says_so(plain_run, photo_folder, tmp_path):
    checkpoint = f'{plain_run.work_dir}/iter_12.pth'
    runner = resumed(photo_folder, tmp_path / 'longer', checkpoint, **{'param_scheduler.T_max': 24})
    log = log_of(runner)
    assert 'another number of iterations (12 before, 13 now)' in log
    assert (
        'CosineAnnealingLR keeps the schedule of the checkpoint: T_max 12 (the config: 24), end 12 '
        '(the config: 13); for that of the config start a new run from its weights (load_from)'
    ) in log
    saved = read_checkpoint(tmp_path / 'longer/iter_13.pth')
    assert saved['param_schedulers'][0]['T_max'] == 12


def test_another_learning_rate_is_not_taken_and_that_is_said(plain_run, photo_folder, tmp_path):
    checkpoint = f'{plain_run.work_dir}/iter_8.pth'
    options = {'optim_wrapper.optimizer.lr': 0.5, 'train_cfg.max_iters': 12}
    log = log_of(resumed(photo_folder, tmp_path / 'other', checkpoint, **options))
    assert 'starting at [0.001] (the config: [0.5])' in log
    assert 'another number' not in log


def test_an_unchanged_run_says_nothing(plain_run, photo_folder, tmp_path):
    checkpoint = f'{plain_run.work_dir}/iter_8.pth'
    options = {'train_cfg.max_iters': 12}
    log = log_of(resumed(photo_folder, tmp_path / 'same', checkpoint, **options))
    assert 'WARNING' not in log


@pytest.mark.parametrize(('kept', 'said'), [(3, 0), (4, 1)])
def test_schedulers_are_compared_one_by_one(kept, said):
    config = [('LinearLR', {'end': 3}), ('CosineAnnealingLR', {'end': 9})]
    checkpoint = [('LinearLR', {'end': kept}), ('CosineAnnealingLR', {'end': 9})]
    assert len([*changed_schedules(config, checkpoint)]) == said
