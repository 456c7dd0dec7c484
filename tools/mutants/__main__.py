"""Small faults put into the package one by one, to see whether a test notices: `make mutants`.

    python -m tools.mutants functional metrics/hdr.py --sample 100 --seed 1

Each mutant differs in one operator, number, condition, argument or statement. The tests of the
mirrored folder (`tests/functional` for `restorekit/functional`), without the slow ones, are
collected once, and run once in a fork, which says which of them come by which line. Those run for
each mutant, in a fork in which the functions of its file have the changed code. Where the changed
line is run at import, those that come by its file run in a fork of a process that has torch loaded
and gives the mutant to `import`. No file is changed. (mutmut and cosmic-ray start anew, or run all
tests, for each.)
"""

from __future__ import annotations

import argparse
import importlib
import os
import random
import sys
import tempfile
from collections import defaultdict

from tools.mutants.changes import ROOT, Mutant, mutant, sites
from tools.mutants.forks import run_folder


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument('parts', nargs='+', help='folders or files of the package')
    parser.add_argument('--sample', type=int, metavar='N', help='so many at random (default: all)')
    parser.add_argument('--seed', type=int, default=0, metavar='N', help='of the sample')
    parser.add_argument('--limit', type=int, default=300, metavar='S', help='seconds for one')
    args = parser.parse_args()
    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
    os.environ |= {'OMP_NUM_THREADS': '1', 'HYPOTHESIS_STORAGE_DIRECTORY': tempfile.mkdtemp()}
    for heavy in ('cv2', 'hypothesis', 'mmengine.runner', 'mmcv.transforms', 'torch'):
        importlib.import_module(heavy)  # once, for all

    paths = [ROOT / 'restorekit' / part for part in args.parts]
    files = [f for path in paths for f in ([path] if path.is_file() else path.rglob('*.py'))]
    found = [site for file in sorted(files) for site in sites(file)]
    if args.sample is not None:
        found = random.Random(args.seed).sample(found, min(args.sample, len(found)))
    by_folder: dict[str, list[Mutant]] = defaultdict(list)
    for file, *change in found:
        folder = file.relative_to(ROOT / 'restorekit').parts[0]
        by_folder[folder].append(mutant(file, *change))
    killed = sum(run_folder(folder, some, args.limit) for folder, some in by_folder.items())
    print(f'{killed} of {len(found)} killed ({killed / max(len(found), 1):.0%})')


if __name__ == '__main__':
    main()
