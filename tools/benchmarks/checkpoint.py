"""What a safe checkpoint costs: write_checkpoint against torch.save and fsync of the same bytes.

Both write a state of N parameters with Adam's two moments, in turns. Prints the median seconds.

Usage: python tools/benchmarks/checkpoint.py [--parameters 10000000] [--turns 15] [--folder DIR]
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

import torch

from restorekit.io.checkpoint import write_checkpoint


def plain(path: Path, checkpoint: dict) -> None:
    with path.open('wb') as file:
        torch.save(checkpoint, file)
        file.flush()
        os.fsync(file.fileno())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--parameters', type=int, default=10_000_000)
    parser.add_argument('--turns', type=int, default=15)
    parser.add_argument('--folder', help='on the disk to be measured')
    args = parser.parse_args()
    layers = {i: torch.randn(args.parameters // 20) for i in range(20)}
    moments = ('exp_avg', 'exp_avg_sq')
    checkpoint = {
        'state_dict': {f'layer{i}': layer for i, layer in layers.items()},
        'optimizer': {
            'state': {i: {k: layer.clone() for k in moments} for i, layer in layers.items()}
        },
    }
    writers = {'torch.save and fsync': plain, 'write_checkpoint': write_checkpoint}
    seconds: dict[str, list[float]] = {name: [] for name in writers}
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        path = Path(folder) / 'iter_1.pth'
        for _ in range(args.turns):
            for name, write in writers.items():
                begin = time.perf_counter()
                write(path, checkpoint)
                seconds[name].append(time.perf_counter() - begin)
        size = path.stat().st_size / 2**20
    first, second = (statistics.median(taken) for taken in seconds.values())
    for name, taken in seconds.items():
        print(f'{name}: {statistics.median(taken):.3f} s for {size:.0f} MiB')
    print(f'ratio {second / first:.2f}')


if __name__ == '__main__':
    main()
