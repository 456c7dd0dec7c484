"""Curves of training runs, drawn from the figures that READMEs and cards print.

python tools/docs/curves.py
"""

from __future__ import annotations

import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
IMAGES = ROOT / 'docs/images'
WIDTH, HEIGHT, LEFT, BOTTOM = 640, 300, 60, 40
COLOURS = ('#00796b', '#b26a00', '#5c6bc0')
STYLE = """  <style>
    text { font: 12px sans-serif; fill: #222; }
    polyline { fill: none; stroke-width: 2; }
    line { stroke: #bbb; stroke-width: 1; }
    @media (prefers-color-scheme: dark) { text { fill: #ddd; } line { stroke: #555; } }
  </style>"""


def lffnet() -> None:
    """The three fusion blocks, from the table in configs/lffnet/README.md."""
    text = (ROOT / 'configs/lffnet/README.md').read_text(encoding='utf-8')
    table = text[text.index('| iteration |') :].partition('\n\n')[0].splitlines()
    cells = [[cell.strip() for cell in row.strip('|').split('|')] for row in table]
    steps = [int(cell) for cell in cells[0][1:] if cell.isdigit()]
    curves = {row[0]: [float(cell) for cell in row[1 : len(steps) + 1]] for row in cells[2:]}
    draw('lffnet_curve', 'PSNR-mu (dB) of six test scenes, by iteration', steps, curves)


def ain() -> None:
    """The packaged ain-x2, from its card."""
    card = json.loads((ROOT / 'configs/ain/cards/ain-x2.json').read_text(encoding='utf-8'))
    line = next(line for line in card['recipe'] if 'Set5 after every' in line)
    every = int(re.findall(r'every (\d+) steps', line)[0])
    values = [float(value) for value in line.partition('steps: ')[2].replace(',', '').split()[:12]]
    steps = [every * (index + 1) for index in range(len(values))]
    draw('ain_curve', 'PSNR (dB) of Set5 x2, by iteration', steps, {'ain-x2': values})


def draw(name: str, title: str, steps: list[int], curves: dict[str, list[float]]) -> None:
    """Curves over common steps, as an SVG that follows the reader's light or dark mode."""
    values = [value for curve in curves.values() for value in curve]
    low, high = min(values), max(values)

    def place(step: float, value: float) -> tuple[float, float]:
        x = LEFT + (WIDTH - LEFT - 20) * step / steps[-1]
        return x, HEIGHT - BOTTOM - (HEIGHT - BOTTOM - 50) * (value - low) / (high - low)

    parts = [f'  <text x="{LEFT}" y="18">{title}</text>']
    for tick in (low + (high - low) * part / 4 for part in range(5)):
        _, y = place(0, tick)
        parts.append(f'  <line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - 20}" y2="{y:.1f}"/>')
        parts.append(f'  <text x="10" y="{y + 4:.1f}">{tick:.2f}</text>')
    for step in (0, steps[-1] // 2, steps[-1]):
        x, _ = place(step, low)
        parts.append(f'  <text x="{x - 22:.1f}" y="{HEIGHT - 18}">{step}</text>')
    for number, ((label, curve), colour) in enumerate(zip(curves.items(), COLOURS, strict=False)):
        points = ' '.join(
            '{:.1f},{:.1f}'.format(*place(step, value))
            for step, value in zip(steps, curve, strict=True)
        )
        parts.append(f'  <polyline points="{points}" stroke="{colour}"/>')
        parts.append(
            f'  <text x="{WIDTH - 220}" y="{HEIGHT - 110 + 18 * number}" '
            f'style="fill: {colour}">{label}</text>'
        )
    size = f'viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
    text = '\n'.join(
        [f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">', STYLE, *parts, '</svg>\n']
    )
    (IMAGES / f'{name}.svg').write_text(text, encoding='utf-8')


if __name__ == '__main__':
    lffnet()
    ain()
