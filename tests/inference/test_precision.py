"""Figures, files and programs are computed in plain float32."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmengine.config import Config

from restorekit.cli.test import evaluate
from restorekit.functional import precision, tf32
from restorekit.inference import Inferencer, export
from restorekit.registry import MODELS, RUNNERS
from restorekit.restorers import Restorer

BICUBIC = {'type': 'Restorer', 'backbone': {'type': 'Bicubic', 'scale': 2}}
GPU = torch.device('cuda')


@pytest.fixture
def seen(monkeypatch):
    """What GPUs compute in each time when a model restores, in a process that allows TF32."""
    precisions = []
    restore = Restorer.restore

    def recorded(self, *inputs):
        precisions.append(precision(GPU))
        return restore(self, *inputs)

    monkeypatch.setattr(Restorer, 'restore', recorded)
    with tf32(True):
        yield precisions
        assert precision(GPU) == 'TF32', 'it has not come back'


def test_restoring(seen):
    Inferencer(Config({'model': BICUBIC}))(np.zeros((8, 8, 3), np.float32))
    assert seen == ['float32']


@pytest.mark.parametrize('name', ['float32', 'bfloat16', 'float16'])
def test_what_is_asked_for_is_what_the_network_computes_in(name):
    restorer = Inferencer('ain-x2', precision=name, device='cpu')
    dtypes = []
    convolution = next(m for m in restorer.model.modules() if isinstance(m, torch.nn.Conv2d))
    convolution.register_forward_hook(lambda *call: dtypes.append(call[-1].dtype))
    restorer(np.zeros((6, 6, 3), np.float32))
    assert dtypes == [getattr(torch, name)]


def test_exporting(seen, tmp_path):
    export(MODELS.build(BICUBIC).eval(), tmp_path / 'model.pt2', size=(8, 8))
    assert set(seen) == {'float32'}


def test_testing(seen, monkeypatch):
    model = MODELS.build(BICUBIC)
    runner = SimpleNamespace(
        model=model,
        test=lambda: model.restore(torch.zeros(1, 3, 8, 8)),
        test_evaluator=SimpleNamespace(metrics=[]),
    )
    monkeypatch.setattr(RUNNERS, 'build', lambda config: runner)
    config = {'model': BICUBIC, 'test_dataloader': {'batch_size': 1}, 'test_evaluator': [{}]}
    evaluate(Config(config), None)
    assert seen == ['float32']
