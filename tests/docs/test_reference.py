"""The generated reference is complete: every public part, every option of every registered part."""

from __future__ import annotations

import argparse

import pytest
from generated.api import api_pages, public_parts
from generated.commands import commands_page
from generated.models import models_page
from generated.parts import arguments, options, parts_pages, summary
from generated.tables import table

from restorekit.catalogue import catalogue
from restorekit.cli import COMMANDS, command_parser
from restorekit.registry import REGISTRIES

PARTS = [
    (name, part)
    for name, registry in REGISTRIES.items()
    for part in registry.names()
    if registry.get(part).__module__.startswith('restorekit.')  # other tests register theirs
]


@pytest.mark.parametrize(('name', 'part'), PARTS, ids=lambda value: value)
def test_every_part_and_every_option_is_described(name, part):
    found = REGISTRIES[name].get(part)
    assert summary(found), f'{part} has no description'
    undescribed = [option for option, _, _, meaning in options(found) if not meaning]
    assert undescribed == [], f'{part}: not said what they mean'
    page = parts_pages()[f'reference/options/{name.lower()}.md']
    assert f'## {part} {{' in page
    assert all(f'| `{option}` |' in page for option, *_ in options(found))


def test_an_undescribed_option_is_found():
    def part(first, second=1):
        """Does something.

        Args:
            first: Of two, and
                no more.
        """

    assert options(part) == [
        ('first', '', '', 'Of two, and no more.'),
        ('second', '', '1', ''),
    ]


def test_entries_of_descriptions_are_read_in_all_their_forms():
    text = (
        'A part.\n\nArgs:\n    a, b: Both.\n    **c (int, optional): One\n        line more.\n'
        'Returns:\n    d: No.'
    )
    assert arguments(text) == {'a': 'Both.', 'b': 'Both.', 'c': 'One line more.'}


def test_every_command_and_every_argument_is_on_the_page():
    page = commands_page()
    for name in COMMANDS:
        assert f'## restorekit {name} {{' in page
        actions = command_parser(name)._actions
        for action in actions:
            if action.dest != 'help':
                assert action.help not in (None, '', argparse.SUPPRESS), f'{name}: {action.dest}'
                assert all(f'`{option}' in page for option in action.option_strings)


def test_every_model_is_on_the_page():
    page = models_page()
    assert all(f'## {name} {{' in page for name in catalogue())


def test_public_parts_are_those_of_the_packages_and_of_the_registries():
    parts = public_parts()
    assert 'restorekit.blocks.CFB' in parts['restorekit.blocks']
    assert 'restorekit.engine.hooks.panels.PanelHook' in parts['restorekit.engine']
    assert 'restorekit.Inferencer' in parts['restorekit']
    pages = api_pages()
    for module, names in parts.items():
        assert all(f'::: {name}\n' in pages[f'reference/api/{module}.md'] for name in names)


def test_bars_are_escaped_but_not_in_code():
    assert table(('a', 'b'), [('x | y', '`int | None`\nor | so')]) == (
        '| a | b |\n| --- | --- |\n| x \\| y | `int | None` or \\| so |\n'
    )
