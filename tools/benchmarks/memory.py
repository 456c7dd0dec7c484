"""How much memory networks take for a whole image: the peak of a process of its own for each.

Weights are random, or a model's of the catalogue. The peak is all that the process ever had, so
that Python and torch, about 0.3 GiB, are in it, and what kernels allocate for themselves.

    python tools/benchmarks/memory.py edsr/edsr_x2_300k_div2k.py ain-x2 --size 320x480
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys

# In the child: restores once, says nothing.
RESTORE = """
import sys
import torch
from restorekit.cli.summary import build
from restorekit.inference.measuring import example

torch.set_num_threads(int(sys.argv[4]))
model = build(sys.argv[1])
with torch.no_grad():
    model.restore(*example(model, int(sys.argv[2]), int(sys.argv[3])))
"""


def measure(name: str, height: int, width: int, threads: int) -> tuple[float, float]:
    """Peak in GiB, and processor seconds, of a process that restores one image or bracket.

    Args:
        name: A model, config or checkpoint, as for `restorekit summary`.
        height, width: Of the input, in pixels.
        threads: Of the processor.
    Raises:
        RuntimeError: If the process fails.
    """
    words = [sys.executable, '-c', RESTORE, name, str(height), str(width), str(threads)]
    process = subprocess.Popen(words)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f'{name}: the process ended with {process.returncode}')
    return usage.ru_maxrss / 2**20, usage.ru_utime + usage.ru_stime


def main() -> None:
    """Measure one network after another, and print a table's lines."""
    from restorekit.cli.speed import parse_size

    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument('models', nargs='+', metavar='MODEL')
    parser.add_argument('--size', default='320x480', metavar='HxW', help='(default: 320x480)')
    parser.add_argument('--threads', type=int, default=1, metavar='N', help='(default: 1)')
    args = parser.parse_args()
    height, width = parse_size(args.size)
    print('| network | peak (GiB) | processor (s) |\n| --- | --- | --- |', flush=True)
    for name in args.models:
        try:
            peak, seconds = measure(name, height, width, args.threads)
            print(f'| {name} | {peak:.1f} | {seconds:.0f} |', flush=True)
        except RuntimeError as error:  # the others are measured
            print(error, file=sys.stderr, flush=True)


if __name__ == '__main__':
    main()
