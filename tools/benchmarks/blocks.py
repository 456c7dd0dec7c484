"""Our blocks against their published forms, in turns, in one process.

Usage: python tools/benchmarks/blocks.py [--threads 1] [--turns 9] [NAME ...]

The published forms are written out here from the papers' equations. Prints the median milliseconds
of each and their ratio, and for training steps the memory that is kept for the backward pass.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import time
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from restorekit.blocks import DOConv2d, RFFTBlock
from restorekit.blocks.feedback import _Merge
from restorekit.cli.memory import keep_freed_memory
from restorekit.functional import mef_ssim
from restorekit.registry import BACKBONES


class PublishedRFFT(nn.Module):
    """Two 1x1 convolutions on the concatenated halves, complex() and irfft2."""

    def __init__(self, block: RFFTBlock) -> None:
        super().__init__()
        self.spatial, self.frequency = block.spatial, block.frequency

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[-2:]
        spectrum = torch.fft.rfft2(x, norm='backward')
        halves = self.frequency(torch.cat([spectrum.real, spectrum.imag], dim=1))
        real, imaginary = torch.chunk(halves, 2, dim=1)
        restored = torch.fft.irfft2(torch.complex(real, imaginary), s=(height, width))
        return self.spatial(x) + x + restored


class PublishedMerge(nn.Module):
    """A 1x1 convolution over concatenated maps."""

    def __init__(self, merge: _Merge) -> None:
        super().__init__()
        self.conv, self.act = merge.conv, merge.act

    def forward(self, maps: list[Tensor]) -> Tensor:
        return self.act(self.conv(torch.cat(maps, dim=1)))


def published_cfnet(network: nn.Module) -> nn.Module:
    """The same network with every merge of maps by concatenation."""
    for module in list(network.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, _Merge):
                setattr(module, name, PublishedMerge(child))
    return network


def published_mef_ssim(fused: Tensor, exposures: Tensor) -> Tensor:
    """Two-dimensional windows, a filtering for each of the means. (1, 1, H, W), (K, 1, H, W)."""
    line = torch.arange(11, dtype=fused.dtype) - 5
    line = torch.exp(-line.square() / (2 * (11 / 6) ** 2))
    line = line / line.sum()
    window = torch.outer(line, line)[None, None]

    def mean(image: Tensor) -> Tensor:
        return F.conv2d(image, window, padding=5)

    means = mean(exposures)
    variances = mean(exposures * exposures) - means * means
    index = variances.argmax(dim=0, keepdim=True)
    mean_fused = mean(fused)
    variance = mean(fused * fused) - mean_fused * mean_fused
    covariances = mean(fused.expand_as(exposures) * exposures) - mean_fused * means
    similarities = (2 * covariances + 9e-4) / (variance + variances + 9e-4)
    return similarities.gather(0, index).mean()


def step(network: nn.Module, x: Tensor) -> Callable[[], None]:
    """Forward and backward."""

    def run() -> None:
        for parameter in network.parameters():
            parameter.grad = None
        if hasattr(network, 'forward_train'):
            outputs = network.forward_train(x).values()
            images = [i for o in outputs for i in (o if isinstance(o, list) else [o])]
            sum(image.square().mean() for image in images).backward()
        else:
            network(x).square().mean().backward()

    return run


def forward(network: Callable, *inputs: Tensor) -> Callable[[], None]:
    def run() -> None:
        with torch.no_grad():
            network(*inputs)

    return run


def kept_mib(run: Callable[[], None]) -> float:
    """MiB of tensors that autograd keeps for the backward pass, each storage once."""
    kept: dict[int, int] = {}

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        run()
    return sum(kept.values()) / 2**20


def rfft() -> dict[str, tuple[Callable, Callable]]:
    block = RFFTBlock(64)
    published = PublishedRFFT(block)
    train, large = torch.rand(4, 64, 64, 64, requires_grad=True), torch.rand(1, 64, 256, 256)
    return {
        'RFFTBlock 4x64x64x64 step': (step(block, train), step(published, train)),
        'RFFTBlock 1x64x256x256 forward': (forward(block, large), forward(published, large)),
    }


def doconv() -> dict[str, tuple[Callable, Callable]]:
    layer = DOConv2d(64, 64, 3, padding=1).eval()
    plain, cases = layer.folded().eval(), {}
    for batch, side in ((1, 64), (4, 64), (1, 128)):
        x = torch.rand(batch, 64, side, side)
        title = f'DOConv2d {batch}x64x{side}x{side} forward'
        cases[title] = (forward(layer, x), forward(plain, x))
    return cases


def cfnet() -> dict[str, tuple[Callable, Callable]]:
    options = {'type': 'CFNet', 'under_first_act': False}
    ours, published = BACKBONES.build(options), published_cfnet(BACKBONES.build(options))
    again = BACKBONES.build({**options, 'checkpoint_steps': True})
    x = torch.rand(2, 2, 3, 64, 64)
    return {
        'CF-Net x2, 2x64x64 step': (step(ours, x), step(published, x)),
        'CF-Net x2, 2x64x64 step, recomputed': (step(again, x), step(published, x)),
    }


def mef() -> dict[str, tuple[Callable, Callable]]:
    pair, fused = torch.rand(2, 1, 384, 512).double(), torch.rand(1, 1, 384, 512).double()
    return {
        'MEF-SSIM 2 x 512x384': (
            forward(lambda: mef_ssim(fused, pair[None])),
            forward(lambda: published_mef_ssim(fused, pair)),
        )
    }


BENCHMARKS = {'rfft': rfft, 'doconv': doconv, 'cfnet': cfnet, 'mef': mef}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('names', nargs='*', metavar='NAME', help=', '.join(BENCHMARKS))
    parser.add_argument('--threads', type=int, default=1)
    parser.add_argument('--turns', type=int, default=9)
    args = parser.parse_args()
    keep_freed_memory()  # as the commands do; page faults would drown what is compared
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    for name in args.names or BENCHMARKS:
        for title, (ours, published) in BENCHMARKS[name]().items():
            times: tuple[list[float], list[float]] = ([], [])
            memory = [kept_mib(run) for run in (ours, published)]
            pairs = list(zip(times, (ours, published), strict=True))
            for turn in range(args.turns):
                for taken, run in pairs[:: 1 if turn % 2 else -1]:  # who is first finds cold caches
                    begin = time.perf_counter()
                    run()
                    taken.append((time.perf_counter() - begin) * 1e3)
            a, b = (statistics.median(taken) for taken in times)
            kept = f'; kept {memory[0]:.0f} MiB, published {memory[1]:.0f}' if memory[0] else ''
            print(f'{title}: {a:.2f} ms, published {b:.2f}, ratio {a / b:.3f}{kept}', flush=True)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
    print(f'{args.threads} thread(s), torch {torch.__version__}, process peak {peak:.0f} MiB')


if __name__ == '__main__':
    main()
