"""Optimizer wrappers where each of two ranks holds a part of the weights."""

import copy

import pytest
import torch
from torch import nn
from torch.distributed.fsdp import FullyShardedDataParallel

from restorekit.engine.amp import AmpOptimWrapper
from restorekit.engine.distributed import load_whole_weights, whole_weights
from restorekit.engine.optim import OptimWrapper


class Network(nn.Module):
    """Two layers, and one that never gets a gradient."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.layers = nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 2))
        self.unused = nn.Linear(2, 2)

    def forward(self, x):
        return self.layers(x)


def start(kind, optimizer=torch.optim.Adam, *, sharded, **options):
    model = Network()
    if sharded:
        device = torch.device('cpu')
        model = FullyShardedDataParallel(model, device_id=device, use_orig_params=True)
    named = list(model.named_parameters())
    weights = [parameter for name, parameter in named if 'weight' in name]
    biases = [parameter for name, parameter in named if 'bias' in name]
    groups = [{'params': weights, 'lr': 0.1}, {'params': biases, 'lr': 0.01}]
    wrapper = kind(optimizer(groups, lr=0.1), **options)
    wrapper.attach(model)
    return model, wrapper


def train(model, wrapper, steps):
    for step in range(steps):
        x = torch.rand(4, 3, generator=torch.Generator().manual_seed(step))
        wrapper.update_params(model(x).square().mean())


def on_two_ranks(function, *arguments, folder):
    arguments = (f'file://{folder}/store', function, arguments)
    torch.multiprocessing.start_processes(_on_rank, arguments, nprocs=2, start_method='forkserver')


def _on_rank(rank, address, function, arguments):
    torch.distributed.init_process_group('gloo', address, rank=rank, world_size=2)
    function(rank, *arguments)
    torch.distributed.destroy_process_group()


def assert_equal_weights(model, other):
    expected = whole_weights(other)
    assert expected.keys() == Network().state_dict().keys()
    for name, value in whole_weights(model).items():
        torch.testing.assert_close(value, expected[name])


def go_on_with_the_other(rank):
    model, wrapper = start(OptimWrapper, sharded=True)
    train(model, wrapper, 3)
    for sharded in (False, True, True, False, False):
        other, other_wrapper = start(OptimWrapper, sharded=sharded)
        load_whole_weights(other, whole_weights(model))
        other_wrapper.load_state_dict(copy.deepcopy(wrapper.state_dict()))  # as from a file
        assert_equal_weights(model, other)
        train(model, wrapper, 2)
        train(other, other_wrapper, 2)
        assert_equal_weights(model, other)
        model, wrapper = other, other_wrapper


def test_numbered_states_stay_as_torch_writes_them():
    model, wrapper = start(OptimWrapper, sharded=False)
    train(model, wrapper, 1)
    assert list(wrapper.state_dict()['state']) == [0, 1, 3, 4]  # 2 and 5 are never used
    assert wrapper.state_dict()['param_groups'] == wrapper.optimizer.state_dict()['param_groups']


def infinite_on_one(rank, fused):
    options = {'dtype': 'float16', 'loss_scale': 2.0**10}

    def optimizer(groups, lr):
        return torch.optim.Adam(groups, lr=lr, fused=fused)

    model, wrapper = start(AmpOptimWrapper, optimizer, sharded=True, **options)
    train(model, wrapper, 1)
    before = {name: value.clone() for name, value in whole_weights(model).items()}
    wrapper.backward(model(torch.ones(4, 3)).mean())
    if rank == 1:
        next(p.grad for p in model.parameters() if p.grad is not None and p.numel()).fill_(
            torch.inf
        )
    wrapper.step()
    scales = [None, None]
    torch.distributed.all_gather_object(scales, wrapper.scaler.get_scale())
    assert scales == [2.0**9] * 2
    after = whole_weights(model)
    assert all(torch.equal(after[name], value) for name, value in before.items())


def all_of_them(rank):
    go_on_with_the_other(rank)
    infinite_on_one(rank, False)
    infinite_on_one(rank, True)


@pytest.mark.slow
def test_two_ranks(tmp_path):
    """A run goes on with or without shards; infinity on one rank is left out by both.

    All in one pair of processes: they take longer to start than to do it.
    """
    on_two_ranks(all_of_them, folder=tmp_path)
