"""`restorekit table`."""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from restorekit.config.tables import PaperTable


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
    from restorekit.cli.rows import measure_row
    from restorekit.config.tables import read_table, table_names
    from restorekit.io import check_writable, write_whole
    from restorekit.metrics.papers import FORMATS, paper_grid
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
    folder = args.weights or _environment()
    if folder is not None and not folder.is_dir():
        raise FileNotFoundError(f'--weights: no folder {folder.absolute()}')
    out = args.out or Path('work_dirs/tables') / table.name
    check_writable(out)
    store = out / 'rows.json'
    measured = read_rows(store)
    sets = args.sets or [*table.sets]

    def keep(key: str, result: dict[str, Any]) -> None:
        measured[key] = result
        write_whole(store, json.dumps(measured, indent=1).encode())

    for row in table.rows:
        print(f'{table.name}: {row.key}', file=sys.stderr, flush=True)
        known = measured.get(row.key, {})
        measure_row(table, row, sets, folder, known, partial(keep, row.key), out)
    shown = replace(table, sets={name: table.sets[name] for name in sets})
    grid, notes = paper_grid(shown, measured), notes_of(shown, measured)
    for ending, write in FORMATS.items():
        write_whole(out / f'{table.name}.{ending}', write(table, grid, notes).encode())
    print((out / f'{table.name}.md').read_text())


def read_rows(store: Path) -> dict[str, Any]:
    """What an earlier run has kept, by the rows' keys.

    Raises:
        ValueError: If the file is damaged.
    """
    if not store.is_file():
        return {}
    try:
        rows = json.loads(store.read_text(encoding='utf-8'))
    except ValueError as error:
        raise ValueError(f'{store}: damaged ({error}); remove it to begin anew') from None
    if not isinstance(rows, dict):
        raise ValueError(f'{store}: not the rows of a table; remove it to begin anew')
    return rows


def notes_of(table: PaperTable, measured: dict[str, Any]) -> list[str]:
    """What stands under a table: its own notes, its rows', and how ours were measured."""
    from restorekit.metrics.papers import protocols

    notes = list(table.notes)
    notes += [f'{row.key}: {row.note}' for row in table.rows if row.note]
    results = {row.key: measured[row.key] for row in table.rows if row.key in measured}
    notes += [f'{key}: {text["reason"]}' for key, text in results.items() if 'reason' in text]
    notes += [f'Protocol {letter}: {text}' for letter, text in protocols(table, measured)]
    if any('gflops' in result for result in results.values()):
        notes.append('GFLOPs: of a result of 480 x 320 pixels; an addition and a product are two')
    places = dict.fromkeys(result['device'] for result in results.values() if 'device' in result)
    if places:
        notes.append(f's/image: the model alone, the mean of the images; on {", ".join(places)}')
    return notes


def _environment() -> Path | None:
    chosen = os.environ.get('RESTOREKIT_WEIGHTS')
    return Path(chosen) if chosen else None
