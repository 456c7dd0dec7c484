"""A bar for commands that take a while."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

Result = TypeVar('Result')


def with_progress(results: Iterable[Result], count: int) -> Iterator[Result]:
    """The same, with a bar on a terminal: how many, how fast, how long still."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn('{task.fields[rate]}'),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    shown = console.is_terminal and count > 1
    with Progress(*columns, console=console, transient=True, disable=not shown) as progress:
        bar = progress.add_task('', total=count, rate='')
        for result in results:
            yield result
            speed = progress.tasks[0].speed
            progress.update(bar, advance=1, rate=f'{speed:.2f} images/s' if speed else '')
