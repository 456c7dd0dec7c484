"""A paper's table beside what was measured, as Markdown, CSV or LaTeX."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from string import ascii_lowercase
from typing import Any

from restorekit.config.tables import PaperTable, Row

PAPER = '†'  # marks the papers' own figures
LEGEND = f"{PAPER} the paper's own figures; + a row of ours, not the paper's; - no figure"


def paper_grid(table: PaperTable, measured: Mapping[str, dict]) -> list[list[str]]:
    """The cells of a table: a line of titles, then a line for each row.

    Args:
        table: The paper's, with the test sets that are shown.
        measured: By `Row.key`: `parameters`, `gflops`; `figures`, by test set and metric, and
            `seconds` of an image, by test set; `protocol`, a list of sentences; why there are no
            figures, `status` of the row and `statuses` by test set.
    """
    letters = {text: letter for letter, text in protocols(table, measured)}
    timed = _timed_set(table, measured)
    titles = [
        'system',
        'setting',
        'parameters',
        'GFLOPs',
        f's/image ({timed})' if timed else 's/image',
    ]
    for dataset, metrics in table.sets.items():
        shown = f'{dataset} {" / ".join(metrics)}'
        titles += [shown, f'{shown} {PAPER}']
    lines = [[*titles, 'protocol']]
    for row in table.rows:
        result = measured.get(row.key, {})
        lines.append(
            [
                f'{row.system} +' if row.added else row.system,
                row.setting,
                _cell(result.get('parameters'), '{:,}'),
                _cell(result.get('gflops'), '{:.1f}'),
                _cell(result.get('seconds', {}).get(timed), '{:.3f}'),
                *_figures(table, row, result),
                letters.get(_protocol(table, result), '-'),
            ]
        )
    return lines


def protocols(table: PaperTable, measured: Mapping[str, dict]) -> list[tuple[str, str]]:
    """How the rows of a table were measured: a letter, and a text, each."""
    texts = [_protocol(table, measured.get(row.key, {})) for row in table.rows]
    return list(zip(ascii_lowercase, dict.fromkeys(filter(None, texts)), strict=False))


def _protocol(table: PaperTable, result: dict) -> str:
    shown = any(dataset in result.get('figures', {}) for dataset in table.sets)
    return '; '.join(result['protocol']) if shown else ''


def _timed_set(table: PaperTable, measured: Mapping[str, dict]) -> str:
    """The first test set of which some row has a time."""
    known = {name for row in table.rows for name in measured.get(row.key, {}).get('seconds', ())}
    return next((dataset for dataset in table.sets if dataset in known), '')


def _figures(table: PaperTable, row: Row, result: dict) -> list[str]:
    cells = []
    for dataset, metrics in table.sets.items():
        ours = result.get('figures', {}).get(dataset)
        text = result.get('status') or result.get('statuses', {}).get(dataset, '-')
        if ours:
            text = ' / '.join(figure_text(metric, ours.get(metric)) for metric in metrics)
        theirs = row.paper.get(dataset)
        paper = ' / '.join(map(figure_text, metrics, theirs)) if theirs else '-'
        cells += [text, paper]
    return cells


def figure_text(metric: str, value: float | None) -> str:
    """A figure with the digits that papers print."""
    return _cell(value, '{:.2f}' if metric.startswith('PSNR') else '{:.4f}')


def _cell(value: Any, pattern: str) -> str:
    return '-' if value is None else pattern.format(value)


def markdown(table: PaperTable, grid: list[list[str]], notes: list[str]) -> str:
    """The table with its title, its legend and its notes."""
    lines = [grid[0], ['---'] * len(grid[0]), *grid[1:]]
    body = '\n'.join('| ' + ' | '.join(line) + ' |' for line in lines)
    listed = '\n'.join(f'- {note}' for note in notes)
    return f'# {table.title}\n\n{body}\n\n{LEGEND}\n\n{listed}\n'


def comma_separated(_: PaperTable, grid: list[list[str]], __: list[str]) -> str:
    """The cells alone."""
    text = io.StringIO()
    csv.writer(text, lineterminator='\n').writerows(grid)
    return text.getvalue()


def latex(table: PaperTable, grid: list[list[str]], notes: list[str]) -> str:
    """A `tabular` of the booktabs package, in a `table` with its caption."""
    lines = [' & '.join(map(_escaped, line)) + r' \\' for line in grid]
    return '\n'.join(
        [
            r'\begin{table}',
            rf'\caption{{{_escaped(table.title)}. {_escaped(LEGEND)}.}}',
            rf'\begin{{tabular}}{{{"l" * len(grid[0])}}}',
            r'\toprule',
            lines[0],
            r'\midrule',
            *lines[1:],
            r'\bottomrule',
            r'\end{tabular}',
            r'\end{table}',
            *(f'% {note}' for note in notes),
            '',
        ]
    )


def _escaped(text: str) -> str:
    for sign in '&%#_':
        text = text.replace(sign, f'\\{sign}')
    return text.replace(PAPER, r'$\dagger$')


FORMATS: dict[str, Callable[[PaperTable, list[list[str]], list[str]], str]] = {
    'md': markdown,
    'csv': comma_separated,
    'tex': latex,
}
