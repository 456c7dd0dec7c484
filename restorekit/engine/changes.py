"""What of a resumed run is no longer as it was, in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

# Of a scheduler: how far it is, not where it goes.
PROGRESS = ('last_step', '_global_step', '_last_value', 'verbose')
NAMES = {'base_values': 'starting at'}
COUNTED = ('processes', 'images per batch', 'iterations')


def changed_counts(before: dict[str, int | None], now: dict[str, int]) -> Iterator[str]:
    """One sentence for each number that is another than in the checkpoint.

    Args:
        before, now: By what is counted, of COUNTED.
    """
    for what in COUNTED:
        if before[what] != now[what]:
            yield (
                f'Resumed with another number of {what} ({before[what] or "unknown"} before, '
                f'{now[what]} now): no sample is lost or repeated and the learning rate keeps the '
                "checkpoint's schedule, but the bits cannot be the same"
            )


def schedules(schedulers: dict | list | None) -> list[tuple[str, dict[str, Any]]]:
    """Name and shape of each scheduler, of one optimizer or several."""
    if isinstance(schedulers, dict):
        return [each for group in schedulers.values() for each in schedules(group)]
    return [
        (
            type(scheduler).__name__,
            {
                name: value
                for name, value in scheduler.state_dict().items()
                if name not in PROGRESS and not callable(value)
            },
        )
        for scheduler in schedulers or ()
    ]


def changed_schedules(
    config: list[tuple[str, dict[str, Any]]], checkpoint: list[tuple[str, dict[str, Any]]]
) -> Iterator[str]:
    """One sentence for each scheduler that goes on as the checkpoint says, not the config."""
    for (name, wanted), (_, kept) in zip(config, checkpoint, strict=True):
        differences = [
            f'{NAMES.get(key, key)} {kept[key]} (the config: {value})'
            for key, value in wanted.items()
            if key in kept and kept[key] != value
        ]
        if differences:
            yield (
                f'{name} keeps the schedule of the checkpoint: {", ".join(differences)}; for that '
                'of the config start a new run from its weights (load_from)'
            )
