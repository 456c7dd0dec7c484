"""What a config asks of the runner, each by itself."""

from __future__ import annotations

from unittest import mock

import pytest
import torch
from mmengine.logging import MessageHub
from mmengine.runner import BaseLoop

from restorekit.engine.hooks import CheckpointHook
from restorekit.engine.runner import Runner
from restorekit.io.checkpoint import read_checkpoint
from restorekit.registry import RUNNERS
from restorekit.restorers import Restorer
from tests.engine.conftest import run


@pytest.mark.parametrize(
    ('rule', 'figures', 'kept'),
    [('greater', [2, 3, 1, 3, 4], [2, 3, 4]), ('less', [2, 3, 1, 1, 0.5], [2, 1, 0.5])],
)
def test_the_best_is_what_the_rule_says(rule, figures, kept):
    saved = []
    runner = mock.Mock(_train_loop=mock.Mock(spec=BaseLoop), message_hub=MessageHub('best'))
    runner.save_checkpoint = lambda *_, **__: saved.append(figure)
    hook = CheckpointHook(save_best='a/PSNR', rule=rule)
    for figure in figures:
        hook.after_val_epoch(runner, {'a/PSNR': figure, 'b/PSNR': -figure})
    assert saved == kept


def test_a_config_in_a_foreign_checkpoint_is_not_run(plain_run, config, tmp_path):
    checkpoint = read_checkpoint(f'{plain_run.work_dir}/iter_8.pth')
    checkpoint['meta']['config'] = f"open({str(tmp_path / 'made')!r}, 'w')"
    torch.save(checkpoint, tmp_path / 'foreign.pth')
    config.train_cfg.max_iters = 9
    config.val_dataloader = config.val_cfg = config.val_evaluator = None
    config.resume, config.load_from = True, str(tmp_path / 'foreign.pth')
    run(config, 'foreign')
    assert (tmp_path / 'run/iter_9.pth').exists()
    assert not (tmp_path / 'made').exists()


def test_the_backbone_alone_is_compiled(config, monkeypatch):
    compiled = []

    def compile_nothing(function, **options):
        compiled.append((function.__self__, function.__name__, options))
        return function

    monkeypatch.setattr(torch, 'compile', compile_nothing)
    config.compile = {'backend': 'eager'}
    config.train_cfg.max_iters = 1
    config.val_dataloader = config.val_cfg = config.val_evaluator = None
    backbone = run(config, 'compiled').model.backbone
    options = {'backend': 'eager'}
    assert compiled == [(backbone, 'forward', options), (backbone, 'forward_train', options)]


def test_the_best_of_no_validation_is_refused(tmp_path):
    hook = CheckpointHook(save_best='a/PSNR')
    runner = mock.Mock(work_dir=str(tmp_path), _val_loop=None)
    with pytest.raises(ValueError, match="save_best='a/PSNR' needs validation: val_dataloader,"):
        hook.before_train(runner)


def test_names_are_ours_where_the_config_says_no_scope(config):
    config.pop('default_scope')
    config.experiment_name = 'no-scope'
    assert isinstance(RUNNERS.build(config).model, Restorer)


def test_what_torch_cannot_compile_with_is_named():
    runner = mock.Mock(cfg={'compile': {'backend': 'x'}})
    with (
        mock.patch('torch.compile', side_effect=RuntimeError("Invalid backend: 'x'\nmore")),
        pytest.raises(ValueError, match="^compile: Invalid backend: 'x'$"),
    ):
        Runner._maybe_compile(runner, 'train_step')
