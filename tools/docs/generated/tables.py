"""Markdown tables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; a cell's line ends become spaces, its bars are escaped except in code."""

    def line(cells: Sequence[str]) -> str:
        return f'| {" | ".join(map(_plain, cells))} |'

    return '\n'.join([line(head), line(['---'] * len(head)), *map(line, rows)]) + '\n'


def _plain(cell: str) -> str:
    parts = re.split(r'(`[^`]*`)', ' '.join(cell.split()))
    return ''.join(part if part.startswith('`') else part.replace('|', '\\|') for part in parts)


def code(text: str) -> str:
    """As code, whatever backticks are in it; nothing for an empty text."""
    if not text:
        return ''
    return f'`` {text} ``' if '`' in text else f'`{text}`'
