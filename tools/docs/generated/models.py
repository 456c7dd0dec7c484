"""The catalogue of weights, made of the cards."""

from __future__ import annotations

from generated.tables import table
from restorekit.catalogue import Entry, catalogue
from restorekit.cli.models import TITLES, card_text


def models_page() -> str:
    """The list of the models, and the card of each, as the command prints it."""
    entries = [*catalogue().values()]
    rows = (
        (
            f'[`{entry.name}`](#{entry.name})',
            TITLES.get(entry.card.task, entry.card.task),
            f'x{entry.card.scale}',
            f'{entry.card.parameters:,}' if entry.card.parameters else '',
            f'{entry.size / 1e6:.2f} MB' if entry.size else 'no weights',
            _first_figure(entry),
        )
        for entry in entries
    )
    head = ('model', 'task', 'scale', 'parameters', 'file', 'first figure (of the input)')
    cards = [
        f'## {entry.name} {{ #{entry.name} }}\n\n```text\n{_card(entry)}\n```\n'
        for entry in entries
    ]
    text = (
        '# Catalogue of weights\n\nWhat `restorekit models` lists, and the card of each, as '
        '`restorekit models NAME` prints it. How to add your own is said in '
        '[restoring photographs](../restore.md#models).\n\n'
    )
    return text + table(head, rows) + '\n' + '\n'.join(cards)


def _card(entry: Entry) -> str:
    """The card, without where this machine keeps the package."""
    text = card_text(entry)
    return text.replace(str(entry.path), f'…/{entry.path.name}') if entry.path else text


def _first_figure(entry: Entry) -> str:
    for figure in entry.card.figures:
        before = f' ({figure["input"]:.2f})' if figure.get('input') is not None else ''
        return f'{figure["metric"]} {figure["value"]:.2f}{before} on {figure["dataset"]}'
    return ''
