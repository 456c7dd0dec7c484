"""What `restorekit table` measures of a row."""

from __future__ import annotations

import hashlib
import statistics
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from restorekit.cli.errors import FOR_USERS, one_message

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from restorekit.config.tables import PaperTable, Row

ABSENT = 'not trained here'
UNKNOWN = 'not implemented'
NO_DATA = 'test set not here'
FAILED = 'could not be run'
SUFFIXES = ('.safetensors', '.pth')
# Of one row: too little memory and a shape that does not fit are RuntimeErrors of torch's.
OF_A_ROW = (*FOR_USERS, TypeError, RuntimeError)


def measure_row(
    table: PaperTable,
    row: Row,
    sets: list[str],
    folder: Path | None,
    known: dict[str, Any],
    keep: Callable[[dict[str, Any]], None],
    out: Path,
) -> None:
    """Measure what is not known of a row: its cost, and its figures set by set.

    What cannot be measured is said in a line on stderr, and in the result.

    Args:
        table: The row's.
        row: A system.
        sets: Names of the test sets that are wanted.
        folder: Of weights; then the catalogue's are taken.
        known: What an earlier run has kept.
        keep: Called with all that is known of the row, each time something has come.
        out: The table's folder.
    """
    if not row.config:
        keep({'status': UNKNOWN})
        return
    try:
        files: list[Path | None] | None = [
            find_weights(name, folder) if name else None for name in row.weights
        ]
    except LookupError:
        files = None
    try:
        result = _begun(row, files, known)
        keep(result)
        for dataset in sets if files is not None else ():
            if dataset not in result['figures']:
                _measure_set(table, row, dataset, files or [], result, out)
                keep(result)
    except OF_A_ROW as error:
        keep({'status': FAILED, 'reason': _said(row.key, error)})


def _begun(row: Row, files: list[Path | None] | None, known: dict[str, Any]) -> dict[str, Any]:
    """What does not depend on test sets, and of the figures those of this config and weights."""
    from restorekit.inference.cost import cost
    from restorekit.registry import MODELS

    config = row_config(row)
    origin = [_digest(config.pretty_text.encode())]
    origin += [_digest(file.read_bytes()) for file in files or () if file]
    if known.get('origin') == origin:
        kept = ('origin', 'parameters', 'gflops', 'figures', 'seconds', 'protocol', 'device')
        result = {key: known[key] for key in kept if key in known} | {'statuses': {}}
    else:
        result = {'origin': origin, 'figures': {}, 'seconds': {}, 'protocol': [], 'statuses': {}}
        result |= cost(MODELS.build(config.model))
    if files is None:
        result['status'] = ABSENT
    return result


def _measure_set(
    table: PaperTable,
    row: Row,
    dataset: str,
    files: list[Path | None],
    result: dict[str, Any],
    out: Path,
) -> None:
    """Add the figures of a test set to a result, or why there are none."""
    from restorekit.cli.test import evaluate
    from restorekit.config import load_config
    from restorekit.engine.hooks.clock import ClockHook

    config = row_config(row)
    if dataset in table.tests:
        other = load_config(table.tests[dataset])
        for part in ('test_dataloader', 'test_evaluator'):
            config[part] = other[part]
    config.work_dir, config.log_level = str(out / 'runs'), 'WARNING'
    metrics = table.sets[dataset]
    if not narrow(config, dataset, metrics):
        result['statuses'][dataset] = NO_DATA
        return
    checkpoint = joined(files, out) if row.chain else (files[0] if files else None)
    clock = ClockHook()
    try:
        scored = evaluate(config, None if checkpoint is None else str(checkpoint), hooks=[clock])
    except OF_A_ROW as error:
        reason = _said(f'{row.key} on {dataset}', error)
        if isinstance(error, FileNotFoundError):
            result['statuses'][dataset] = NO_DATA
        else:
            result['statuses'][dataset], result['reason'] = FAILED, reason
        return
    result['figures'][dataset] = {
        metric.title: line['value'] for metric in scored for line in metric.summary()
    }
    result['seconds'][dataset] = statistics.fmean(clock.seconds)
    result['device'] = _device()
    lines = [f'of {_color(config)}', *(metric.protocol for metric in scored)]
    result['protocol'] = list(dict.fromkeys([*result['protocol'], *lines]))


def find_weights(name: str, folder: Path | None) -> Path:
    """The file of weights of a name: in a folder, or the catalogue's.

    Raises:
        LookupError: If there is none.
    """
    from restorekit.catalogue import UnknownModelError, find_model

    for suffix in SUFFIXES:
        if folder is not None and (folder / f'{name}{suffix}').is_file():
            return folder / f'{name}{suffix}'
    try:
        return find_model(name).file()
    except UnknownModelError:
        raise LookupError(name) from None


def row_config(row: Row) -> Any:
    """The config of a row, its model a chain where the row says so."""
    from restorekit.config import load_config

    config = load_config(row.config)
    if row.chain:
        steps = [load_config(name).model for name in row.chain]
        config.model = {'type': 'Chain', 'steps': steps}
    return config


def narrow(config: Any, name: str, metrics: Sequence[str]) -> bool:
    """Leave the named test set and metrics in a config; False where it has no such set."""
    from restorekit.registry import METRICS

    dataset = config.test_dataloader.dataset
    if 'datasets' in dataset:
        dataset.datasets = [part for part in dataset.datasets if part.name == name]
        found = bool(dataset.datasets)
    else:
        found = dataset.name == name
    config.test_evaluator = [
        metric for metric in config.test_evaluator if METRICS.build(metric).title in metrics
    ]
    return found


def joined(files: list[Path | None], out: Path) -> Path | None:
    """The weights of a chain's steps as one file."""
    from restorekit.io.checkpoint import read_checkpoint, write_checkpoint

    state = {
        f'steps.{step}.{name}': value
        for step, file in enumerate(files)
        if file is not None
        for name, value in read_checkpoint(file)['state_dict'].items()
    }
    if not state:
        return None
    write_checkpoint(out / 'chain.pth', {'state_dict': state})
    return out / 'chain.pth'


def _color(config: Any) -> str:
    """What the restorer is given."""
    model = config.model.get('restorer', config.model)
    color = model.get('data_preprocessor', {}).get('color', 'rgb')
    return 'luma' if color == 'y' else 'colour'


def _device() -> str:
    import torch
    from mmengine.device import get_device

    if get_device() == 'cuda':
        return torch.cuda.get_device_name()
    threads = torch.get_num_threads()
    return f'a processor, {threads} thread{"s" if threads > 1 else ""}'


def _said(what: str, error: Exception) -> str:
    reason = ' '.join(one_message(error).split())
    print(f'{what}: {reason}', file=sys.stderr, flush=True)
    return reason


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]
