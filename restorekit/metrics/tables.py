"""Tables of results, in Markdown."""

from __future__ import annotations

from restorekit.metrics.base import ImageMetric


def results_table(metrics: list[ImageMetric]) -> str:
    """A Markdown table with one row per dataset, and the metrics' protocols under it."""
    titles = ['dataset', 'images']
    columns: list[dict[str, str]] = []
    images: dict[str, int] = {}
    for metric in metrics:
        heading = f'{metric.title} ({metric.unit})' if metric.unit else metric.title
        kinds = {'input': ' input', 'value': ' restored'} if metric.baseline else {'value': ''}
        summary = metric.summary()
        images |= {row['dataset']: row['images'] for row in summary}
        for kind, suffix in kinds.items():
            titles.append(heading + suffix)
            columns.append({row['dataset']: metric.written(row[kind]) for row in summary})
    lines = [titles, ['---'] * len(titles)]
    for dataset, count in images.items():
        figures = [column.get(dataset, '-') for column in columns]
        lines.append([dataset, str(count), *figures])
    table = '\n'.join('| ' + ' | '.join(line) + ' |' for line in lines)
    return table + '\n\n' + '\n'.join(metric.protocol for metric in metrics)


def benchmark_table(results: list[tuple[str, list]]) -> str:
    """Several models' figures as papers print them: a row per model and setting, a column per set.

    Args:
        results: Name and metrics of each model. If the metrics score the input too, a row for the
            baseline stands above the first model of each setting.
    """
    rows: dict[tuple, dict[str, dict[int, str]]] = {}
    sets: list[str] = []
    protocols: list[str] = []
    for number, (name, metrics) in enumerate(results):
        metrics = [metric for metric in metrics if isinstance(metric, ImageMetric)]
        protocol = tuple(metric.protocol for metric in metrics)
        protocols += protocol
        for place, metric in enumerate(metrics):
            for row in metric.summary():
                setting = row['setting']
                dataset = row['dataset'].removesuffix(f'_{setting}')
                sets.append(dataset)
                # Models that were scored in the same way share the row of their input.
                keys = {'input': (setting, 'input', protocol), 'value': (setting, name, number)}
                for key in ('input', 'value'):
                    if key in row:
                        cells = rows.setdefault(keys[key], {}).setdefault(dataset, {})
                        cells.setdefault(place, metric.written(row[key]))
    columns = list(dict.fromkeys(sets))
    lines = [['model', 'setting', *columns], ['---'] * (2 + len(columns))]
    for (setting, who, _), figures in rows.items():
        texts = [' / '.join(figures[c].values()) if c in figures else '-' for c in columns]
        lines.append([who, setting, *texts])
    table = '\n'.join('| ' + ' | '.join(line) + ' |' for line in lines)
    return table + '\n\n' + '\n'.join(dict.fromkeys(protocols))
