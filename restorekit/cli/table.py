"""`restorekit table`."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from restorekit.config.tables import PaperTable, Row

ABSENT = 'not trained here'
UNKNOWN = 'not implemented'
NO_DATA = 'test set not here'
FAILED = 'could not be run'
SUFFIXES = ('.safetensors', '.pth')


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which table, on which sets, with which weights."""
    parser.description = """Run every row of a paper's table that has weights, on the test sets that
        are there, and print the paper's own figures beside ours. A run that was stopped goes on
        with the rows it has."""
    parser.add_argument('name', nargs='?', metavar='NAME', help='a table (default: list all)')
    parser.add_argument(
        '--sets', nargs='+', default=[], metavar='SET', help='test sets (default: all of the table)'
    )
    parser.add_argument(
        '--weights',
        type=Path,
        metavar='DIR',
        help='folder of weights, NAME.pth of `restorekit convert` or NAME.safetensors '
        '(default: the folder that RESTOREKIT_WEIGHTS names; then the models of '
        '`restorekit models`)',
    )
    parser.add_argument(
        '-o', '--out', type=Path, metavar='DIR', help='(default: work_dirs/tables/NAME)'
    )


def run(args: argparse.Namespace) -> None:
    """Fill the table, row by row, and write it in three formats."""
    from restorekit.config.tables import read_table, table_names
    from restorekit.io import check_writable, write_whole
    from restorekit.metrics.papers import FORMATS, paper_grid, row_key
    from restorekit.options import nearest

    if args.name is None:
        print('\n'.join(table_names()))
        return
    table = read_table(args.name)
    for dataset in args.sets:
        if dataset not in table.sets:
            raise ValueError(
                f'{table.name} has no test set {dataset!r}; ' + nearest(dataset, [*table.sets])
            )
    out = args.out or Path('work_dirs/tables') / table.name
    check_writable(out)
    store = out / 'rows.json'
    measured = json.loads(store.read_text()) if store.is_file() else {}
    sets = args.sets or [*table.sets]
    folder = args.weights or _environment()
    for row in table.rows:
        key = row_key(row)
        print(f'{table.name}: {key}', file=sys.stderr, flush=True)
        measured[key] = _measured(table, row, sets, folder, measured.get(key, {}), out)
        write_whole(store, json.dumps(measured, indent=1).encode())
    notes = list(table.notes)
    notes += [f'{row_key(row)}: {row.note}' for row in table.rows if row.note]
    notes += list(
        dict.fromkeys(p for result in measured.values() for p in result.get('protocol', ()))
    )
    grid = paper_grid(table, measured)
    for ending, write in FORMATS.items():
        write_whole(out / f'{table.name}.{ending}', write(table, grid, notes).encode())
    print((out / f'{table.name}.md').read_text())


def _environment() -> Path | None:
    chosen = os.environ.get('RESTOREKIT_WEIGHTS')
    return Path(chosen) if chosen else None


def _measured(
    table: PaperTable, row: Row, sets: list[str], folder: Path | None, known: dict, out: Path
) -> dict:
    """What is known of a row, with the sets that were missing run; or why it cannot be run."""
    if not row.config:
        return {'status': UNKNOWN}
    try:
        files = [find_weights(name, folder) if name else None for name in row.weights]
    except LookupError:
        return {'status': ABSENT}
    origin = [str(file and (file.name, file.stat().st_size)) for file in files]
    if known.get('origin') != origin:
        known = {}
    figures = dict(known.get('figures', {}))
    missing = [dataset for dataset in sets if dataset not in figures]
    if not missing:
        return known
    try:
        return {'origin': origin, **_run_row(table, row, missing, files, known, out)}
    except FileNotFoundError as error:
        status, reason = NO_DATA, str(error)
    except (ValueError, OSError) as error:
        status, reason = FAILED, str(error)
    print(f'{row.system} {row.setting}: {" ".join(reason.split())}', file=sys.stderr)
    return {**known, 'origin': origin, 'status': status}


def _run_row(
    table: PaperTable,
    row: Row,
    sets: list[str],
    files: list[Path | None],
    known: dict,
    out: Path,
) -> dict[str, Any]:
    from restorekit.cli.test import evaluate
    from restorekit.inference.cost import cost
    from restorekit.registry import MODELS

    result: dict[str, Any] = {
        'figures': dict(known.get('figures', {})),
        'protocol': list(known.get('protocol', ())),
    }
    config = row_config(row)
    result |= cost(MODELS.build(config.model))
    only = files[0] if files else None
    checkpoint = joined(files, out) if row.chain else only
    absent: FileNotFoundError | None = None
    for metrics in dict.fromkeys(tuple(table.sets[dataset]) for dataset in sets):
        chosen = [dataset for dataset in sets if tuple(table.sets[dataset]) == metrics]
        config = row_config(row)
        config.work_dir, config.log_level = str(out / 'runs'), 'WARNING'
        if not narrow(config, chosen, metrics):
            continue
        started = time.perf_counter()
        try:
            scored = evaluate(config, None if checkpoint is None else str(checkpoint))
        except FileNotFoundError as error:  # the other sets may be there
            absent = error
            continue
        seconds = time.perf_counter() - started
        for metric in scored:
            result['protocol'].append(metric.protocol)
            for line in metric.summary():
                dataset = line['dataset'].removesuffix(f'_{line["setting"]}')
                result['figures'].setdefault(dataset, {})[metric.title] = line['value']
        images = sum(line['images'] for line in scored[0].summary())
        result['seconds'] = seconds / max(images, 1)
    if absent is not None and not result['figures']:
        raise absent
    return result


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


def narrow(config: Any, sets: list[str], metrics: tuple[str, ...]) -> bool:
    """Leave the named sets and metrics in a config; False where it has none of the sets."""
    from restorekit.registry import METRICS

    dataset = config.test_dataloader.dataset
    if 'datasets' in dataset:
        dataset.datasets = [part for part in dataset.datasets if part.name in sets]
        found = bool(dataset.datasets)
    else:
        found = dataset.name in sets
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
