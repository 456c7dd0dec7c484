"""Curves of a training, from what mmengine has logged beside the checkpoint, drawn as SVG."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from html import escape
from pathlib import Path

LOG = '*/vis_data/scalars.json'
POINTS = 300  # of a line; more are averaged
WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 560, 240, 56, 28, 10


@dataclass(frozen=True)
class Curve:
    """A figure over iterations.

    Attributes:
        title: 'loss', or as a validation reports it: 'Set5_x2/PSNR'.
        points: (iteration, value), in order.
    """

    title: str
    points: tuple[tuple[int, float], ...]


def run_curves(folder: Path) -> list[Curve]:
    """The loss and the validation's figures of the run in a work dir; none where it logged none.

    Of a run that was resumed the later log counts where two overlap. Lines that are not whole, as a
    killed run leaves them, are passed over, and so are figures that are not finite.
    """
    found: dict[str, dict[int, float]] = {}
    for log in sorted(folder.glob(LOG)):
        for line in log.read_text(encoding='utf-8', errors='replace').splitlines():
            try:
                entry = json.loads(line)
                step = int(entry['step'])
            except (ValueError, KeyError, TypeError):
                continue
            for name, value in entry.items():
                shown = name == 'loss' or '/' in name
                if shown and isinstance(value, int | float) and math.isfinite(value):
                    found.setdefault(name, {})[step] = float(value)
    return [Curve(name, tuple(sorted(values.items()))) for name, values in found.items()]


def chart(title: str, lines: list[tuple[int, Curve]]) -> str:
    """Curves of one figure as an SVG element.

    Args:
        title: Of the figure; a loss is drawn on a logarithmic scale.
        lines: Each with the number of its colour.
    """
    logarithmic = title == 'loss' and all(y > 0 for _, c in lines for _, y in c.points)
    drawn = [(colour, _thinned(curve.points)) for colour, curve in lines]
    if logarithmic:
        drawn = [(colour, [(x, math.log10(y)) for x, y in points]) for colour, points in drawn]
    xs = [x for _, points in drawn for x, _ in points]
    ys = [y for _, points in drawn for _, y in points]
    left, right, low, high = min(xs), max(xs), min(ys), max(ys)
    right, high = (right if right > left else left + 1), (high if high > low else low + 1e-3)

    def across(x: float) -> float:
        return LEFT + (x - left) / (right - left) * (WIDTH - LEFT - 10)

    def up(y: float) -> float:
        return HEIGHT - BOTTOM - (y - low) / (high - low) * (HEIGHT - BOTTOM - TOP)

    parts = []
    for y in _log_ticks(low, high) if logarithmic else _ticks(low, high):
        text = f'{10**y:.3g}' if logarithmic else f'{y:.6g}'
        parts.append(f'<path class="grid" d="M{LEFT} {up(y):.1f}H{WIDTH - 10}"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{up(y) + 4:.1f}" text-anchor="end">{text}</text>')
    for x in _ticks(left, right):
        text = f'{x / 1000:g}k' if right >= 10_000 else f'{x:g}'
        parts.append(
            f'<text x="{across(x):.1f}" y="{HEIGHT - 8}" text-anchor="middle">{text}</text>'
        )
    for colour, points in drawn:
        path = 'L'.join(f'{across(x):.1f} {up(y):.1f}' for x, y in points)
        parts.append(f'<path class="line c{colour}" d="M{path}"/>')
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">'
        + ''.join(parts)
        + '</svg>'
    )


def _thinned(points: tuple[tuple[int, float], ...]) -> list[tuple[float, float]]:
    """At most POINTS points, each the mean of as many neighbours."""
    size = math.ceil(len(points) / POINTS)
    groups = [points[at : at + size] for at in range(0, len(points), size)]
    return [(sum(x for x, _ in g) / len(g), sum(y for _, y in g) / len(g)) for g in groups]


def _log_ticks(low: float, high: float) -> list[float]:
    """Decimal logarithms of round figures whose logarithms are in [low, high]."""
    powers = range(math.floor(low), math.ceil(high) + 1)
    round_ones = (1,) if high - low > 3 else (1, 2, 5) if high - low > 0.7 else (1, 1.5, 2, 3, 5, 7)
    ticks = [power + math.log10(figure) for power in powers for figure in round_ones]
    return [tick for tick in ticks if low <= tick <= high]


def _ticks(low: float, high: float) -> list[float]:
    """Three to seven round figures in [low, high]."""
    rough = (high - low) / 5
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= rough)
    first = math.ceil(low / step - 1e-9)
    return [n * step for n in range(first, math.floor(high / step + 1e-9) + 1)]
