"""The papers' tables as data: `configs/tables/NAME.yml`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from restorekit.config.checking import ConfigError
from restorekit.config.packaged import config_folder
from restorekit.options import OptionError, check_options, nearest

Figures = dict[str, list]


@dataclass(frozen=True, kw_only=True)
class Row:
    """A system in a table.

    Attributes:
        system: What the paper calls it.
        setting: The scale or quality it was tested at: 'x2', 'q10'.
        config: Of the model, and of its test sets; empty where it is not implemented here.
        chain: Configs whose models stand in a chain instead of the config's own.
        weights: Names of weights, none where the system has no parameters; one for each step of a
            chain, '' for a step without.
        paper: The paper's figures by test set, in the order of the set's metrics.
        note: Printed under the table.
        added: Whether the row is ours and not the paper's.
    """

    system: str
    setting: str = ''
    config: str = ''
    chain: list = field(default_factory=list)
    weights: list = field(default_factory=list)
    paper: dict = field(default_factory=dict)
    note: str = ''
    added: bool = False

    @property
    def key(self) -> str:
        """What the row is called in messages and in the file of results."""
        return f'{self.system} {self.setting}'.strip()


@dataclass(frozen=True, kw_only=True)
class PaperTable:
    """A table of a paper.

    Attributes:
        name: Of its file.
        title: What the paper calls it.
        sets: The metrics that are shown of each test set, by their titles.
        rows: The systems.
        notes: What a reader of the paper should know.
        tests: Of a test set that the rows' own configs do not have, the config that has it, with
            its metrics.
    """

    name: str
    title: str
    sets: dict
    rows: list
    notes: list = field(default_factory=list)
    tests: dict = field(default_factory=dict)


def table_names() -> list[str]:
    """The tables there are."""
    return sorted(path.stem for path in (config_folder() / 'tables').glob('*.yml'))


def read_table(name: str) -> PaperTable:
    """A table by name, or by the path of its file.

    Raises:
        ValueError: If there is no such table, or something in it is missing, unknown or of the
            wrong kind.
    """
    path = Path(name)
    if path.suffix != '.yml':
        path = config_folder() / 'tables' / f'{name}.yml'
        if name not in table_names():
            raise ValueError(f'no table {name!r}; {nearest(name, table_names())}')
    if not path.is_file():
        raise FileNotFoundError(f'{path}: no such table')
    try:
        values = yaml.safe_load(path.read_text(encoding='utf-8'))
    except yaml.YAMLError as error:
        raise ConfigError(f'{path}: no YAML ({error})') from None
    if not isinstance(values, dict) or not isinstance(values.get('rows'), list):
        raise ConfigError(f'{path}: expected title, sets and rows, got {values!r}')
    rows = [_row(row, f'{path}: row {place}') for place, row in enumerate(values['rows'])]
    table = _checked(PaperTable, {**values, 'name': path.stem, 'rows': rows}, str(path))
    _check_agreement(table, path)
    return table


def _check_agreement(table: PaperTable, path: Path) -> None:
    """Of the rows with each other and with the test sets."""
    for dataset in table.tests:
        if dataset not in table.sets:
            raise ConfigError(f'{path}: tests: no test set {dataset!r} among {[*table.sets]}')
    keys = [(row.system, row.setting) for row in table.rows]
    for row in table.rows:
        if keys.count((row.system, row.setting)) > 1:
            raise ConfigError(f'{path}: {row.system} {row.setting}: there are two such rows')
        for dataset, figures in row.paper.items():
            wanted = len(table.sets.get(dataset, ()))
            if not isinstance(figures, list) or len(figures) != wanted:
                raise ConfigError(
                    f'{path}: {row.system} {row.setting}: {dataset} needs {wanted} figures, '
                    f'got {figures!r}'
                )


def _row(values: Any, source: str) -> Row:
    if not isinstance(values, dict):
        raise ConfigError(f'{source}: expected a dict, got {values!r}')
    row = _checked(Row, values, source)
    if row.chain and row.weights and len(row.chain) != len(row.weights):
        raise ConfigError(
            f'{source}: weights must be one for each of {len(row.chain)} steps, got {row.weights}'
        )
    return row


def _checked(cls: type, values: dict, source: str) -> Any:
    try:
        check_options(cls, values, complete=True)
    except OptionError as error:
        raise ConfigError(f'{source}: {error}') from None
    return cls(**values)
