"""TF32 is what the config says in training."""

from types import SimpleNamespace

import pytest
from mmengine.runner import Runner as MMEngineRunner

from restorekit.engine.runner import Runner
from restorekit.functional import precision, tf32


@pytest.mark.parametrize('chosen', [True, False])
def test_training_computes_as_the_config_says(chosen, monkeypatch):
    monkeypatch.setattr(MMEngineRunner, 'setup_env', lambda self, env_cfg: None)
    runner = object.__new__(Runner)
    runner._train_dataloader, runner._launcher = None, 'none'
    with tf32(not chosen):
        runner.setup_env({'tf32': chosen})
        assert precision(SimpleNamespace(type='cuda')) == ('TF32' if chosen else 'float32')
