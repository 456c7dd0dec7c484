"""`restorekit check`: see that networks, precisions and runs do here what they do elsewhere."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from restorekit.cli.check_resume import same, write_config
from restorekit.functional import tf32
from restorekit.functional.dtypes import is_native
from restorekit.inference.inferencer import device_of
from restorekit.io.checkpoint import read_checkpoint
from restorekit.registry import BACKBONES
from restorekit.version import versions

STEPS = 12
# Relative to the largest value of the result on the CPU.
FLOAT32, HALF = 1e-3, 0.03
HALVES = (torch.bfloat16, torch.float16)
AMP = ('optim_wrapper.type=AmpOptimWrapper', 'optim_wrapper.dtype=')
NO_EMA = ("custom_hooks=[dict(type='NonFiniteHook')]",)
AIN = {'type': 'AIN', 'num_feats': 64, 'num_blocks': 6}
TIMED = (16, 1, 64, 64)


class FailedError(Exception):
    """A check did not give what it should; the message says what came."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where to compute."""
    parser.description = """Try every network, mixed precision, training, resuming, several kinds of
        distribution, export, and speed on this machine, with made-up images. Minutes; prints a line
        for each check, and ends with exit code 1 where one failed."""
    parser.add_argument(
        '--device', metavar='DEVICE', help='cpu, cuda, cuda:1, … (default: a GPU if there is one)'
    )


def run(args: argparse.Namespace) -> None:
    """Check everything; what fails does not keep the others."""
    device = device_of(args.device)
    name = torch.cuda.get_device_name(device) if device.type == 'cuda' else 'processor'
    print(f'{device} ({name}), ' + ', '.join(f'{k} {v}' for k, v in versions().items()))
    failed = 0
    with tempfile.TemporaryDirectory(prefix='restorekit-check-') as folder, tf32(False):
        write_config(Path(folder), STEPS)
        for title, check in checks(device, Path(folder)):
            start = time.perf_counter()
            try:
                state, detail = 'passed', check()
            except Exception as error:  # any failure is what is looked for
                state, detail = 'FAILED', f'{type(error).__name__}: {error}'
                failed += 1
            seconds = time.perf_counter() - start
            print(f'{state}  {title:<34} {seconds:6.1f} s  {detail}', flush=True)
    if failed:
        raise ValueError(f'{failed} checks failed')


def checks(device: torch.device, folder: Path) -> Iterator[tuple[str, Callable[[], str]]]:
    """Title and function of every check; a function returns what is worth saying."""
    for name in BACKBONES.names():
        if _example(name):
            yield f'{name}, float32', partial(_agrees, name, device, None)
            for half in HALVES:
                yield f'{name}, {_title(half)}', partial(_agrees, name, device, half)
    gpu = device.type == 'cuda'
    yield 'training', partial(_train, folder, 'whole', device)
    for half in HALVES:
        options = ('--cfg-options', AMP[0], AMP[1] + _title(half))
        yield f'training, {_title(half)}', partial(_train, folder, _title(half), device, *options)
    yield 'resuming', partial(_resume, folder, device)
    launched = f'training, one rank, {"NCCL" if gpu else "gloo"}'
    yield launched, partial(_train, folder, 'ranks', device, launched=True)
    if gpu:
        sharded = ('--cfg-options', *NO_EMA, 'model_wrapper_cfg.type=MMFullyShardedDataParallel')
        check = partial(_train, folder, 'sharded', device, *sharded, launched=True)
        yield 'training, one rank, FSDP', check
    yield 'export', partial(_export, folder, device)
    for dtype in (torch.float32, *HALVES):
        if is_native(dtype, device):
            yield f'AIN, steps of 16 x 64^2, {_title(dtype)}', partial(_speed, device, dtype)


def _example(name: str) -> dict[str, Any]:
    return getattr(BACKBONES.get(name), 'example', {})


def _title(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix('torch.')


def _agrees(name: str, device: torch.device, dtype: torch.dtype | None) -> str:
    """A small instance of a network on the device, against the CPU in float32."""
    torch.manual_seed(0)
    network = BACKBONES.build({'type': name, **_example(name)}).eval()
    channels, frames = network.in_channels or 3, network.num_frames or 3
    side = max(32, network.min_size)
    shape = (
        (1, frames, channels, side, side) if network.takes_bracket else (1, channels, side, side)
    )
    images = torch.rand(shape)
    with torch.inference_mode():
        wanted = network(images)
        network = network.to(device)
        with torch.autocast(device.type, dtype=dtype, enabled=dtype is not None):
            got = network(images.to(device)).float().cpu()
    difference = _relative(got, wanted)
    if not difference < (FLOAT32 if dtype is None else HALF):
        raise FailedError(f'differs from the CPU in float32 by {difference:.1e} of its range')
    return f'differs by {difference:.1e}'


def _relative(got: Tensor, wanted: Tensor) -> float:
    return ((got - wanted).abs().max() / wanted.abs().max().clamp(min=1e-6)).item()


def _command(*words: str, device: torch.device) -> None:
    """A command as a user would start it; FailedError with the end of what it said."""
    hidden = {} if device.type == 'cuda' else {'CUDA_VISIBLE_DEVICES': ''}
    done = subprocess.run(
        [sys.executable, '-m', *words],
        capture_output=True,
        text=True,
        env={**os.environ, **hidden},
        check=False,
    )
    if done.returncode:
        raise FailedError(' '.join((done.stdout + done.stderr).split()[-40:]))


def _train(
    folder: Path, name: str, device: torch.device, *options: str, launched: bool = False
) -> str:
    """A short training, which must end with finite weights."""
    train = ('restorekit', 'train', str(folder / 'config.py'), '--work-dir', str(folder / name))
    launch = ('torch.distributed.run', '--standalone', '--nproc_per_node=1', '-m')
    if launched:
        _command(*launch, *train, '--launcher', 'pytorch', *options, device=device)
    else:
        _command(*train, *options, device=device)
    weights = read_checkpoint(folder / name / f'iter_{STEPS}.pth')['state_dict']
    if not all(tensor.isfinite().all() for tensor in weights.values()):
        raise FailedError('weights are not finite')
    return f'{STEPS} steps'


def _resume(folder: Path, device: torch.device) -> str:
    """A run that goes on from its middle, against the one that was left alone."""
    (folder / 'resumed').mkdir()
    middle = folder / 'whole' / f'iter_{STEPS // 2}.pth'
    _train(folder, 'resumed', device, '--resume', str(middle))
    a, b = (
        read_checkpoint(folder / name / f'iter_{STEPS}.pth')['state_dict']
        for name in ('whole', 'resumed')
    )
    if same(a, b):
        return 'the same bits'
    largest = max(_relative(a[name].float(), b[name].float()) for name in a)
    if device.type == 'cpu' or not largest < FLOAT32:
        raise FailedError(f'weights differ by {largest:.1e}')
    return f'weights differ by {largest:.1e}; deterministic=True was not asked for'


def _export(folder: Path, device: torch.device) -> str:
    from restorekit.inference import export, load_restorer

    model = load_restorer('ain-x2').to(device)
    return f'differs from the network by {export(model, folder / "model.pt2"):.1e}'


def _speed(device: torch.device, dtype: torch.dtype) -> str:
    """Training steps a second of the full AIN, channels-last."""
    network: nn.Module = BACKBONES.build(AIN).to(device, memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-4)
    images = torch.rand(TIMED, device=device)

    def step() -> None:
        with torch.autocast(device.type, dtype=dtype, enabled=dtype != torch.float32):
            loss = (network(images) - images).abs().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    count = 50 if device.type == 'cuda' else 1
    for _ in range(count // 5):
        step()
    _wait(device)
    start = time.perf_counter()
    for _ in range(count):
        step()
    _wait(device)
    return f'{count / (time.perf_counter() - start):.2f} steps/s'


def _wait(device: torch.device) -> None:
    if device.type == 'cuda':
        torch.cuda.synchronize(device)
