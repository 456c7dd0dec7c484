"""Every loss in half precision; a new one is tested by being registered."""

import pytest
import torch
from torch.nn import functional as F

from restorekit.registry import LOSSES
from tests.losses.test_losses import NEEDS_LOSS, target_for

HALF = [torch.bfloat16, torch.float16]
# Wrappers hold the one that suffers most.
INNER = {'type': 'SSIMLoss', 'window': 5}


@pytest.fixture(params=list(LOSSES))
def loss(request):
    inner = {'loss': INNER} if request.param in NEEDS_LOSS else {}
    return LOSSES.build({'type': request.param, **inner})


def pair(loss):
    """A smooth image, and the same with the noise of a network half trained."""
    image = F.interpolate(torch.rand(2, 3, 6, 7), size=(32, 36), mode='bicubic') * 0.9
    return image + 0.02 * torch.randn_like(image), target_for(type(loss).__name__, image)


def value_and_gradient(loss, pred, target):
    pred = pred.detach().clone().requires_grad_()
    value = loss(pred, target)
    return value, *torch.autograd.grad(value, pred)


def check(result, expected):
    value, gradient = result
    assert value.item() == pytest.approx(expected[0].item(), rel=0.01)
    similarity = F.cosine_similarity(gradient.double().flatten(), expected[1].flatten(), dim=0)
    assert similarity > 0.999


@pytest.mark.parametrize('dtype', HALF)
def test_under_autocast(loss, dtype):
    pred, target = pair(loss)
    expected = value_and_gradient(loss, pred, target)
    with torch.autocast('cpu', dtype=dtype):
        result = value_and_gradient(loss, pred, target)
    assert result[0].dtype == torch.float32
    check(result, expected)


@pytest.mark.parametrize('dtype', HALF)
def test_of_tensors_in_half_precision(loss, dtype):
    pred, target = pair(loss)
    expected = value_and_gradient(loss, pred.to(dtype).float(), target)
    with torch.autocast('cpu', dtype=dtype):  # what a network under autocast gives
        check(value_and_gradient(loss, pred.to(dtype), target), expected)
    expected = value_and_gradient(loss, pred.to(dtype).float(), target.to(dtype).float())
    loss.to(dtype)  # as a part of a model that is wholly in half precision
    check(value_and_gradient(loss, pred.to(dtype), target.to(dtype)), expected)


@pytest.mark.slow
def test_compiled_under_autocast(loss):
    pred, target = pair(loss)
    expected = loss(pred, target)
    torch._dynamo.reset()  # it compiles one function eight times at most, that around all losses
    compiled = torch.compile(loss, backend='aot_eager', fullgraph=True)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        torch.testing.assert_close(compiled(pred, target), expected)
