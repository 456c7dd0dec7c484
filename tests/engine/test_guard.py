"""Steps that are left out, with and without a gradient scale."""

from __future__ import annotations

import copy
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from restorekit.engine.hooks import NonFiniteHook
from restorekit.registry import OPTIM_WRAPPERS


def build(kind, parameter, **options):
    optimizer = torch.optim.SGD([parameter], lr=0.5)
    return OPTIM_WRAPPERS.build({'type': kind, 'optimizer': optimizer, **options})


def test_steps_left_out_are_counted_anew_after_one_that_is_taken():
    parameter = nn.Parameter(torch.ones(1))
    wrapper = build('OptimWrapper', parameter)
    counts = []
    for loss in (torch.nan, torch.inf, 1.0, torch.nan):
        wrapper.update_params(parameter.sum() * loss)
        counts.append((wrapper.skipped, wrapper.skipped_in_a_row, parameter.item()))
    assert counts == [(1, 1, 1.0), (2, 2, 1.0), (2, 0, 0.5), (3, 1, 0.5)]


def test_float16_on_one_process_leaves_out_what_is_too_large_and_lowers_the_scale():
    parameter = nn.Parameter(torch.ones(4))
    wrapper = build('AmpOptimWrapper', parameter, dtype='float16', loss_scale=2.0**10)
    with wrapper.optim_context(nn.Identity()):
        product = parameter[None] @ torch.eye(4)
    assert product.dtype == torch.float16
    wrapper.update_params(product.float().sum())
    torch.testing.assert_close(parameter.data, torch.full((4,), 0.5))  # the scale is taken off
    wrapper.update_params(parameter.sum() * torch.inf)
    torch.testing.assert_close(parameter.data, torch.full((4,), 0.5))
    assert wrapper.scaler.get_scale() == 2.0**9
    other = build('AmpOptimWrapper', parameter, dtype='float16')
    other.load_state_dict(copy.deepcopy(wrapper.state_dict()))
    assert other.scaler.get_scale() == 2.0**9


@pytest.mark.parametrize('wrapper', [{}, {'skipped': 1, 'at_step_boundary': False}])
def test_wrappers_that_do_not_count_and_parts_of_steps_are_passed_over(wrapper):
    runner = SimpleNamespace(optim_wrapper=SimpleNamespace(**wrapper))  # nothing else is asked for
    NonFiniteHook().after_train_iter(runner, 0)


@pytest.mark.parametrize('bad', [None, 0, 1, 2, 3])
def test_every_gradient_is_looked_at_and_none_is_changed(bad):
    kinds = (torch.float32, torch.float64, torch.complex64, torch.bfloat16)
    parameters = [nn.Parameter(torch.ones(5, dtype=kind)) for kind in kinds]
    wrapper = OPTIM_WRAPPERS.build(
        {'type': 'OptimWrapper', 'optimizer': torch.optim.SGD(parameters, lr=1.0)}
    )
    given = [torch.full((5,), 1e-40, dtype=kind) for kind in kinds]
    for number, (parameter, gradient) in enumerate(zip(parameters, given, strict=True)):
        gradient[3] = torch.nan if number == bad else 3.3
        parameter.grad = gradient.clone()
    wrapper.step()
    assert wrapper.skipped == (bad is not None)
    for parameter, gradient in zip(parameters, given, strict=True):
        torch.testing.assert_close(parameter.grad, gradient, rtol=0, atol=0, equal_nan=True)
        assert torch.equal(parameter.data, torch.ones_like(parameter)) == (bad is not None)
