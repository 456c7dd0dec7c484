"""The page itself, one HTML file that needs nothing else, and the table of all figures."""

from __future__ import annotations

from html import escape
from pathlib import Path

from restorekit.io import whole_file
from restorekit.metrics import ImageMetric
from restorekit.report.curves import Curve, chart
from restorekit.report.figures import Figures, ModelResult
from restorekit.report.gallery import gallery
from restorekit.report.style import SCRIPT, STYLE
from restorekit.version import __version__

PAGE, TABLE = 'report.html', 'report.csv'
COLOURS = 6
# What is not in the file is not fetched, whatever a name of an image may say.
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"


def write_report(folder: Path, tested: list[ModelResult]) -> None:
    """Write `report.html` and `report.csv`, both or, where something fails, neither.

    Equal figures and pictures give equal bytes: there is no date in them.

    Raises:
        ValueError: If there is no figure at all.
        OSError: If they cannot be written.
    """
    figures = Figures(tested)
    page, table = html_page(figures).encode(), figures.table().encode()
    with whole_file(folder / TABLE) as csv, whole_file(folder / PAGE) as html:
        csv.write_bytes(table)
        html.write_bytes(page)


def html_page(figures: Figures) -> str:
    """The whole page."""
    names = ', '.join(model.name for model in figures.tested)
    title = f'Test of {names}'
    count = sum(map(len, figures.datasets.values()))
    sets = ''.join(f'<a href="#{_id(name)}">{escape(name)}</a>' for name in figures.datasets)
    parts = [
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="color-scheme" content="light dark">',
        f'<title>{escape(title)}</title><style>{STYLE}</style></head><body>',
        f'<h1>{escape(title)}</h1>',
        f'<p class="soft">{count} images, restorekit {__version__}</p><nav>{sets}</nav>',
        '<h2>Scores</h2>',
        _scores(figures),
        ''.join(f'<p class="soft">{escape(text)}</p>' for text in figures.protocols()),
        *(
            f'<h2 id="{_id(name)}">{escape(name)}</h2>{gallery(figures, name)}'
            for name in figures.datasets
        ),
        _curves(figures.tested),
        _origins(figures.tested),
        f'<script>{SCRIPT}</script></body></html>\n',
    ]
    return '\n'.join(parts)


def _scores(figures: Figures) -> str:
    """A row for each dataset and metric, a column for the input and each model."""
    heads = ['images', 'input', *(model.name for model in figures.tested)]
    rows = []
    for dataset in figures.datasets:
        for title, metric in figures.titles.items():
            count, (before, *means) = figures.means(title, dataset)
            known = [mean for mean in means if mean is not None]
            if not known:
                continue
            cells = [f'<td>{count}</td>', f'<td>{_written(before, metric)}</td>']
            cells += [
                f'<td{" class=best" if mean == max(known) and len(known) > 1 else ""}>'
                f'{_written(mean, metric)}{_gain(mean, before, metric)}</td>'
                for mean in means
            ]
            unit = f' ({metric.unit})' if metric.unit else ''
            rows.append(
                f'<tr><td class="text">{escape(dataset)}</td>'
                f'<td class="text">{escape(title + unit)}</td>{"".join(cells)}</tr>'
            )
    head = ''.join(f'<th>{escape(text)}</th>' for text in heads)
    return (
        '<div class="wide"><table><thead><tr><th class="text">dataset</th>'
        f'<th class="text">metric</th>{head}</tr></thead>'
        f'<tbody>{"".join(rows)}</tbody></table></div>'
    )


def _written(value: float | None, metric: ImageMetric) -> str:
    return '–' if value is None else metric.written(value)


def _gain(value: float | None, before: float | None, metric: ImageMetric) -> str:
    if value is None or before is None:
        return ''
    sign = '+' if value >= before else '−'
    return f' <small>{sign}{metric.written(abs(value - before))}</small>'


def _curves(tested: list[ModelResult]) -> str:
    """The runs' curves, those of one figure in one chart."""
    charts: dict[str, list[tuple[int, Curve]]] = {}
    for number, model in enumerate(tested):
        for curve in model.curves:
            charts.setdefault(curve.title, []).append((number % COLOURS, curve))
    if not charts:
        return ''
    legend = ''.join(
        f'<span><svg viewBox="0 0 24 10"><path class="line c{number % COLOURS}" d="M0 5H24"/></svg>'
        f'{escape(model.name)}</span>'
        for number, model in enumerate(tested)
        if model.curves
    )
    drawn = ''.join(
        f'<article><h3>{escape(title)}</h3>{chart(title, lines)}</article>'
        for title, lines in charts.items()
    )
    return (
        '<h2>Training</h2><p class="soft">Over iterations; the loss on a logarithmic scale.</p>'
        f'<div class="legend">{legend}</div><div class="charts">{drawn}</div>'
    )


def _origins(tested: list[ModelResult]) -> str:
    rows = ''.join(
        '<tr>' + ''.join(f'<td class="text">{escape(text)}</td>' for text in texts) + '</tr>'
        for texts in ((m.name, m.config, m.checkpoint or 'no weights') for m in tested)
    )
    return (
        '<h2>Models</h2><div class="wide"><table><thead><tr><th class="text">model</th>'
        '<th class="text">config</th><th class="text">weights</th></tr></thead>'
        f'<tbody>{rows}</tbody></table></div>'
    )


def _id(dataset: str) -> str:
    return 'set-' + ''.join(c if c.isascii() and c.isalnum() else f'-{ord(c):x}-' for c in dataset)
