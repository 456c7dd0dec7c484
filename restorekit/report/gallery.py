"""The images of one dataset, worst first: crops of some, figures of all."""

from __future__ import annotations

import math
from html import escape

import numpy as np

from restorekit.io.embedded import data_uri
from restorekit.report.crops import Crop
from restorekit.report.figures import Figures, Key


def gallery(figures: Figures, dataset: str) -> str:
    """What is shown of a dataset."""
    keys = figures.datasets[dataset]
    shown = [key for key in keys if any(key in model.crops for model in figures.tested)]
    hint = (
        f'<p class="soft">The worst {len(shown)} of {len(keys)}, where the error is largest; point '
        'at a crop to enlarge all of its row, click for more. Errors are drawn from black (0) over '
        'red and yellow to white (an eighth of the range or more).</p>'
        if shown
        else ''
    )
    cards = ''.join(_card(figures, key, keys.index(key) + 1) for key in shown)
    return (
        f'{hint}{cards}<details{"" if shown else " open"}><summary>All {len(keys)} images</summary>'
        f'{_table(figures, keys)}</details>'
    )


def _card(figures: Figures, key: Key, place: int) -> str:
    """One image: its figures, the whole of it, and the crops of every model side by side."""
    crops = {m.name: m.crops[key] for m in figures.tested if key in m.crops}
    first = next(iter(crops.values()))
    columns: list[list[tuple[str, np.ndarray | None]]] = [
        [('input' if len(first.inputs) == 1 else f'input {number}', image)]
        for number, image in enumerate(first.inputs, 1)
    ]
    # Another size or place is no comparison.
    same = {n: c for n, c in crops.items() if (c.size, c.box) == (first.size, first.box)}
    if first.gt is not None:
        columns.append([('ground truth', first.gt)])
    columns += [[(n, c.restored), (f'error of {n}', c.error)] for n, c in same.items()]
    strip = ''.join(
        f'<div>{"".join(_figure(*pair) for pair in column)}</div>' for column in columns
    )
    return (
        f'<article><h3>{place}. {escape(key[1])}</h3>'
        f'<div class="figures">{_figures(figures, key)}</div>'
        f'<div class="strip">{_whole(first)}{strip}</div></article>\n'
    )


def _figure(title: str, image: np.ndarray | None) -> str:
    if image is None:
        return ''
    text = escape(title)
    return (
        f'<figure><div class="crop"><img alt="{text}" src="{data_uri(image)}"></div>'
        f'<figcaption>{text}</figcaption></figure>'
    )


def _whole(crop: Crop) -> str:
    """The whole image, small, with a frame around the part that is shown."""
    top, left, height, width = crop.box
    sides = (left / crop.size[1], top / crop.size[0], width / crop.size[1], height / crop.size[0])
    style = ';'.join(
        f'{name}:{100 * side:.2f}%'
        for name, side in zip(('left', 'top', 'width', 'height'), sides, strict=True)
    )
    return (
        f'<figure><div class="whole"><img alt="whole image" src="{data_uri(crop.thumbnail)}">'
        f'<i style="{style}"></i></div>'
        f'<figcaption>{crop.size[1]} x {crop.size[0]} pixels</figcaption></figure>'
    )


def _figures(figures: Figures, key: Key) -> str:
    """`PSNR input 30.12, ain-x2 32.40`, of every metric."""
    texts = []
    for title, metric in figures.titles.items():
        columns = [('input', figures.input(title, key))]
        columns += [(m.name, figures.value(m.name, title, key)) for m in figures.tested]
        known = [
            f'{escape(name)} <b>{metric.written(value)}</b>'
            for name, value in columns
            if value is not None
        ]
        if known:
            texts.append(f'{escape(title)} {", ".join(known)}')
    return ' &nbsp;·&nbsp; '.join(texts)


def _table(figures: Figures, keys: list[Key]) -> str:
    """A row for each image, which a click on a heading sorts."""
    heads, columns = ['image'], []
    for title, metric in figures.titles.items():
        scores = [('input', [figures.input(title, key) for key in keys])]
        scores += [
            (m.name, [figures.value(m.name, title, key) for key in keys]) for m in figures.tested
        ]
        for name, values in scores:
            if any(value is not None for value in values):
                heads.append(f'{title} {name}')
                columns.append((metric, values))
    lines = []
    for place, (_, name) in enumerate(keys):
        cells = f'<td class="text">{escape(name)}</td>'
        for metric, values in columns:
            value = values[place]
            known = '–' if value is None else metric.written(value)
            number = -math.inf if value is None else value
            plain = str(number).replace('inf', 'Infinity')  # as JavaScript spells it
            cells += f'<td data-value="{plain}">{known}</td>'
        lines.append(f'<tr>{cells}</tr>')
    head = ''.join(
        f'<th{"" if number else " class=text"}><button>{escape(text)}</button></th>'
        for number, text in enumerate(heads)
    )
    return (
        f'<div class="wide"><table class="sortable"><thead><tr>{head}</tr></thead>'
        f'<tbody>{"".join(lines)}</tbody></table></div>'
    )
