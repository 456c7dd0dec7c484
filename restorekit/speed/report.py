"""Tables of what was measured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

HEADS = ('ms (median)', 'min', 'max', 'a second', 'GFLOP/s', 'of 3x3', 'peak MiB')


def table(report: Mapping[str, Any]) -> str:
    """The report of `restorekit speed` as Markdown, a table for each part."""
    where = ', '.join(f'{key} {value}' for key, value in report['machine'].items())
    lines = [where]
    for part, rows in report['parts'].items():
        lines += ['', f'| {part} | {" | ".join(HEADS)} |', '|---' + '|---:' * len(HEADS) + '|']
        for row in rows:
            ms = row['ms']
            cells = [
                f'{ms["median"]:.2f}',
                f'{ms["min"]:.2f}',
                f'{ms["max"]:.2f}',
                f'{row["per_second"]:.1f}',
                f'{row["gflops"]:.1f}' if 'gflops' in row else '',
                f'{100 * row["share"]:.0f} %' if 'share' in row else '',
                f'{row["peak_mib"]:.0f}' if 'peak_mib' in row else '',
            ]
            lines.append(f'| {row["name"]} | {" | ".join(cells)} |')
    return '\n'.join(lines)


def compared(report: Mapping[str, Any], other: Mapping[str, Any]) -> str:
    """What both have, as Markdown: times, and their ratio with and without the machines' own.

    The last column divides each time by that of the convolution in the same run, so that a slower
    or busier machine is taken out.

    Raises:
        ValueError: If the two have nothing in common.
    """
    lines = []
    for part, rows in report['parts'].items():
        theirs = {row['name']: row['ms']['median'] for row in other['parts'].get(part, ())}
        ours = {row['name']: row['ms']['median'] for row in rows}
        both = [name for name in ours if name in theirs]
        if not both:
            continue
        lines += ['', f'| {part} | ms | other, ms | ratio | by the convolution |']
        lines += ['|---|---:|---:|---:|---:|']
        yardstick = ours[both[0]] / theirs[both[0]]
        for name in both:
            ratio = ours[name] / theirs[name]
            own = f'{ratio / yardstick:.2f}'
            lines.append(
                f'| {name} | {ours[name]:.2f} | {theirs[name]:.2f} | {ratio:.2f} | {own} |'
            )
    if not lines:
        names = ', '.join(other['parts'])
        raise ValueError(f'nothing in common with the other report, which has {names or "nothing"}')
    return '\n'.join(lines[1:])
