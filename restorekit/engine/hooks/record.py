"""What it takes to repeat a run."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

from mmengine.dataset import BaseDataset, ConcatDataset
from mmengine.dist import master_only
from mmengine.hooks import Hook
from mmengine.runner import Runner

from restorekit.datasets.base import sample_files
from restorekit.datasets.wrappers import leaf_datasets
from restorekit.io import write_whole
from restorekit.registry import HOOKS
from restorekit.version import versions


@HOOKS.register_module()
class RecordHook(Hook):
    """Writes `run.json` into the work dir; the resolved config is beside it, written by the Runner.

    It holds the command, folder, git commit, versions, seed, number of processes and, for each
    dataset, the number of its samples and a hash of their files' names and sizes.
    """

    @master_only
    def before_train(self, runner: Runner) -> None:
        record = {
            'command': sys.argv,
            'folder': os.getcwd(),
            'commit': git_commit(Path(__file__).parent),
            'versions': {'python': platform.python_version(), **versions()},
            'seed': runner.seed,
            'processes': runner.world_size,
            'data': {'train': fingerprint(runner.train_dataloader.dataset)},
        }
        if runner.val_loop is not None:
            record['data']['val'] = fingerprint(runner.val_dataloader.dataset)
        write_whole(Path(runner.work_dir) / 'run.json', json.dumps(record, indent=1).encode())


def git_commit(folder: Path) -> str | None:
    """Commit of the checkout around a folder, with '+' if files are changed; None without one."""

    def git(*command: str) -> str:
        return subprocess.run(
            ['git', '-C', str(folder), *command],
            check=True,
            capture_output=True,
            text=True,
            timeout=10,
        ).stdout.strip()

    try:
        return git('rev-parse', 'HEAD') + ('+' if git('status', '--porcelain', '-uno') else '')
    except (OSError, subprocess.SubprocessError):
        return None


def fingerprint(dataset: BaseDataset | ConcatDataset) -> dict[str, Any]:
    """Number of samples, and SHA-256 of the names and sizes of their files, in order."""
    digest = hashlib.sha256()
    for part in leaf_datasets(dataset):
        pack = getattr(part, 'pack', None)
        for index in range(len(part)):
            for _, file in sample_files(part.get_data_info(index)):
                path = Path(file)
                size = pack.source_bytes(file) if pack else path.stat().st_size
                digest.update(f'{path.name} {size}\n'.encode())
    return {'samples': len(dataset), 'names_and_sizes': digest.hexdigest()}
