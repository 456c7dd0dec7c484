"""A paper's table beside what was measured, as Markdown, CSV or LaTeX."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from typing import Any

from restorekit.config.tables import PaperTable, Row

PAPER = '†'  # marks the papers' own figures
LEGEND = f"{PAPER} the paper's own figures; + a row of ours, not the paper's"


def paper_grid(table: PaperTable, measured: Mapping[str, dict]) -> list[list[str]]:
    """The cells of a table: a line of titles, then a line for each row.

    Args:
        table: The paper's.
        measured: By `row_key`: `status`, why there are no figures; `parameters`, `gflops`,
            `seconds` of an image; `figures`, by test set and metric.
    """
    titles = ['system', 'setting', 'parameters', 'GFLOPs', 's/image']
    for dataset, metrics in table.sets.items():
        shown = f'{dataset} {" / ".join(metrics)}'
        titles += [shown, f'{shown} {PAPER}']
    lines = [titles]
    for row in table.rows:
        result = measured.get(row_key(row), {})
        lines.append(
            [
                f'{row.system} +' if row.added else row.system,
                row.setting,
                _cell(result.get('parameters'), '{:,}'),
                _cell(result.get('gflops'), '{:.1f}'),
                _cell(result.get('seconds'), '{:.2f}'),
                *_figures(table, row, result),
            ]
        )
    return lines


def row_key(row: Row) -> str:
    """What a row is called in the file of results."""
    return f'{row.system} {row.setting}'.strip()


def _figures(table: PaperTable, row: Row, result: dict) -> list[str]:
    cells = []
    for dataset, metrics in table.sets.items():
        ours = result.get('figures', {}).get(dataset)
        text = result.get('status', '') or '-'
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
