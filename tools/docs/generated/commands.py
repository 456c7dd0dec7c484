"""The page of the commands, made of their parsers."""

from __future__ import annotations

import argparse

from generated.tables import code, table
from restorekit.cli import COMMANDS, command_parser


def commands_page() -> str:
    """Every command with its usage and its options."""
    parts = [
        '# Commands\n',
        'What `restorekit COMMAND --help` says, of every command.\n',
        table(
            ('command', 'what it does'),
            (
                (f'[`restorekit {name}`](#restorekit-{_place(name)})', COMMANDS[name])
                for name in COMMANDS
            ),
        ),
        *(_section(name, command_parser(name)) for name in COMMANDS),
    ]
    return '\n'.join(parts)


def _place(name: str) -> str:
    return name.replace(' ', '-')


def _section(name: str, parser: argparse.ArgumentParser) -> str:
    actions = [action for action in parser._actions if action.dest != 'help']
    description = ' '.join((parser.description or '').split())
    example = (parser.epilog or '').removeprefix('Example: ')
    usage = parser.format_usage().removeprefix('usage: ')
    return '\n'.join(
        [
            f'## restorekit {name} {{ #restorekit-{_place(name)} }}\n',
            f'{description[:1].upper()}{description[1:].removesuffix(".")}.\n',
            *([f'```bash\n{example}\n```\n'] if example else []),
            f'```text\n{usage}```\n',
            table(
                ('argument', 'meaning'),
                ((_spelt(action), _help(parser, action)) for action in actions),
            ),
        ]
    )


def _spelt(action: argparse.Action) -> str:
    value = _value(action)
    if not action.option_strings:
        return code(value)
    return ', '.join(code(f'{option} {value}'.strip()) for option in action.option_strings)


def _value(action: argparse.Action) -> str:
    if action.nargs == 0:
        return ''
    if action.choices is not None and action.metavar is None:
        return '|'.join(map(str, action.choices))
    value = action.metavar or action.dest.upper()
    text = ' '.join(value) if isinstance(value, tuple) else str(value)
    return {'?': f'[{text}]', '*': f'[{text} …]', '+': f'{text} …'}.get(str(action.nargs), text)


def _help(parser: argparse.ArgumentParser, action: argparse.Action) -> str:
    """The help with its placeholders filled in."""
    return parser._get_formatter()._expand_help(action) if action.help else ''
