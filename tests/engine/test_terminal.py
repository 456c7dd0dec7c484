"""What a run says on the terminal, and what in its log alone."""

from __future__ import annotations

from pathlib import Path

from tests.engine.conftest import run

LONG = ('System environment:', 'custom_hooks = [', 'before_train_epoch:', 'SyncBatchNorm')


def test_long_descriptions_are_in_the_log_alone(config, capfd):
    config.train_cfg.update(max_iters=2, val_interval=10)
    runner = run(config, 'quiet-terminal')
    shown = capfd.readouterr().out
    log = next(Path(runner.log_dir).glob('*.log')).read_text()
    assert [text for text in LONG if text not in log] == []
    assert [text for text in LONG if text in shown] == []
    assert f'hooks are in the log in {runner.log_dir}' in shown
    assert 'Iter(train) [2/2]' in shown
