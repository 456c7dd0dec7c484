"""Markdown tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; a cell's line ends become spaces, its bars are escaped."""

    def line(cells: Sequence[str]) -> str:
        plain = [' '.join(cell.split()).replace('|', '\\|') for cell in cells]
        return f'| {" | ".join(plain)} |'

    return '\n'.join([line(head), line(['---'] * len(head)), *map(line, rows)]) + '\n'


def code(text: str) -> str:
    """As code, whatever backticks are in it; nothing for an empty text."""
    if not text:
        return ''
    return f'`` {text} ``' if '`' in text else f'`{text}`'
