"""`restorekit models`."""

from __future__ import annotations

import argparse
import dataclasses
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from restorekit.catalogue import Card, Entry

TITLES = {
    'sr': 'super-resolution',
    'jpeg': 'JPEG artifact removal',
    'noise': 'denoising',
    'hdr': 'HDR from a bracket',
    'fusion': 'exposure fusion',
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which model, and how it is printed."""
    parser.description = """The models that `-m NAME` takes: those that come with the package, and
        those of the folder that RESTOREKIT_WEIGHTS names. Of one model, its card."""
    parser.add_argument('name', nargs='?', metavar='NAME', help='one model (default: list all)')
    parser.add_argument('--json', action='store_true', help='print JSON')


def run(args: argparse.Namespace) -> None:
    """Print the list, or one card."""
    from restorekit.catalogue import catalogue, find_model

    entries = [find_model(args.name)] if args.name else [*catalogue().values()]
    if args.json:
        shown = {entry.name: _plain(entry) for entry in entries}
        print(json.dumps(shown[args.name] if args.name else shown, indent=1))
    elif args.name:
        print(card_text(entries[0]))
    else:
        print(list_text(entries))


def list_text(entries: list[Entry]) -> str:
    """A line for each model, in columns."""
    rows = [('NAME', 'TASK', 'SCALE', 'PARAMETERS', 'SIZE', 'SCORES (restored, of input)')]
    rows += [
        (
            entry.name,
            TITLES[entry.card.task],
            f'x{entry.card.scale}',
            f'{entry.card.parameters:,}' if entry.card.parameters else '-',
            f'{entry.size / 1e6:.2f} MB' if entry.size else '-',
            _scores(entry.card),
        )
        for entry in entries
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        '  '.join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    return '\n'.join(lines) + '\n\n`restorekit models NAME` prints the card, with the protocol.'


def card_text(entry: Entry) -> str:
    """Everything that is known of a model."""
    card = entry.card
    lines = [
        f'{entry.name}: {card.description}',
        f'task          {TITLES[card.task]}, x{card.scale}',
    ]
    if card.architecture:
        lines.append(f'architecture  {card.architecture}, {card.parameters:,} parameters')
    if entry.path or entry.url:
        where = entry.path or f'{entry.url}, fetched when it is first used'
        lines += [f'file          {where} ({entry.size} bytes)', f'sha256        {entry.digest()}']
    lines += [
        f'{title:<13} {text}'
        for title, text in (
            ('author', card.author),
            ('licence', card.licence),
            ('config', card.config),
        )
        if text
    ]
    lines += [f'data          {text}' for text in card.data]
    lines += [f'recipe        {text}' for text in card.recipe]
    if card.figures:
        loss = card.bfloat16_loss
        lines.append(f'bfloat16      {"not measured" if loss is None else f"costs {loss:.3f} dB"}')
        lines += ['', *(_figure(figure) for figure in card.figures), *card.protocol]
    return '\n'.join(lines)


def _scores(card: Card) -> str:
    """The figures of the first metric, in short."""
    first = card.figures[0]['metric'] if card.figures else ''
    return ', '.join(
        f'{figure["dataset"]} {figure["value"]:.2f}'
        + (f' ({figure["input"]:.2f})' if 'input' in figure else '')
        for figure in card.figures
        if figure['metric'] == first
    )


def _figure(figure: dict) -> str:
    before = f', input {figure["input"]:.4f}' if 'input' in figure else ''
    return f'{figure["dataset"]}  {figure["metric"]} {figure["value"]:.4f}{before}'


def _plain(entry: Entry) -> dict:
    return {
        **dataclasses.asdict(entry.card),
        'file': str(entry.path) if entry.path else entry.url,
        'size': entry.size,
        'sha256': entry.digest(),
    }
