"""Time and memory of the attention blocks against their published form, in one run.

The published form of second-order pooling multiplies by an (H W) x (H W) centring matrix; that of
the non-local block holds the (H W) x (H W / 4) matrix of weights. Both are written out here. Times
are medians in milliseconds; memory is the growth of the process's peak, in a process of its own.

Usage: python tools/benchmarks/attention.py [--threads 1]
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from pathlib import Path

import torch
from torch import nn

from restorekit.blocks import SOCA, NonLocal
from restorekit.functional import matrix_sqrt


class PublishedSOCA(SOCA):
    """Covariance through the centring matrix of all positions."""

    def forward(self, x):
        flat = x.flatten(2)
        positions = flat.shape[2]
        centring = (
            torch.eye(positions) / positions - torch.ones(positions, positions) / positions**2
        )
        cov = flat @ centring.expand(len(x), -1, -1) @ flat.transpose(1, 2)
        pooled = matrix_sqrt(cov, iterations=self.iterations).mean(1)
        return x * self.gate(pooled[:, :, None, None])


class PublishedNonLocal(NonLocal):
    """Weights of all pairs of positions as one matrix."""

    def _attend(self, x):
        pool = nn.functional.max_pool2d
        query, key, value = self.theta(x), pool(self.phi(x), 2), pool(self.g(x), 2)
        weight = (query.flatten(2).transpose(1, 2) @ key.flatten(2)).softmax(-1)
        return (weight @ value.flatten(2).transpose(1, 2)).transpose(1, 2).reshape(query.shape)


KINDS = {
    'SOCA': SOCA,
    'NonLocal': NonLocal,
    'published SOCA': PublishedSOCA,
    'published NonLocal': PublishedNonLocal,
}
TIMES = [('SOCA', 96), ('NonLocal', 48), ('NonLocal', 96)]
MEMORY = [
    ('NonLocal', 128, True),
    ('published NonLocal', 128, True),
    ('NonLocal', 256, False),
    ('SOCA', 128, True),
]


def step(kind: str, side: int, backward: bool = True):
    """One pass of a block at 1 x 64 x side x side."""
    block = KINDS[kind](64)
    x = torch.rand(1, 64, side, side, requires_grad=backward)

    def run():
        with torch.set_grad_enabled(backward):
            y = block(x)
        if backward:
            y.sum().backward()

    return run


def median_ms(run, repeats: int) -> float:
    run()
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        run()
        times.append((time.perf_counter() - begin) * 1e3)
    return statistics.median(times)


def memory_mib(kind: str, side: int, backward: bool) -> float:
    """Growth of the resident memory's peak during one pass; Linux alone can reset that peak."""

    def status(field: str) -> float:
        line = next(x for x in Path('/proc/self/status').read_text().splitlines() if field in x)
        return int(line.split()[1]) / 1024

    step(kind, 8)()  # what torch takes once is not the block's
    run = step(kind, side, backward)
    Path('/proc/self/clear_refs').write_text('5')
    before = status('VmRSS')
    run()
    return status('VmHWM') - before


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument('--threads', type=int, default=1)
    parser.add_argument(
        '--memory', nargs=3, metavar=('KIND', 'SIDE', 'BACKWARD'), help=argparse.SUPPRESS
    )
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    if args.memory:
        kind, side, backward = args.memory
        print(f'{memory_mib(kind, int(side), backward == "True"):.0f}')
        return
    print(f'torch {torch.__version__}, {args.threads} thread(s), batch 1, 64 channels, float32')
    for kind, side in TIMES:
        ours = median_ms(step(kind, side), 15)
        published = median_ms(step(f'published {kind}', side), 3)
        print(
            f'{kind} at {side} x {side}, forward and backward: {ours:.2f} ms, '
            f'published form {published:.2f} ms, ratio {published / ours:.1f}'
        )
    for kind, side, backward in MEMORY:
        command = [sys.executable, __file__, '--memory', kind, str(side), str(backward)]
        grown = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
        passes = 'forward and backward' if backward else 'forward'
        print(f'{kind} at {side} x {side}, {passes}: {grown} MiB')


if __name__ == '__main__':
    main()
