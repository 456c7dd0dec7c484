"""Renaming the parameters of a published network, all or none."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from torch import Tensor

SHOWN = 6


def rename_all(
    published: dict[str, Tensor],
    rename: Callable[[str], str],
    expected: Callable[[list[str]], Iterable[str]],
    network: str,
) -> dict[str, Tensor]:
    """A published state dict under our names; the `module.` of parallel training is dropped.

    Args:
        published: Its parameters.
        rename: Our name of one parameter; raises ValueError where it is not the network's.
        expected: The names that must be there, from those that are: these tell the network's size.
        network: What it is called, for messages.
    Raises:
        ValueError: Listing what is unknown and what is missing.
    """
    weights = {name.removeprefix('module.'): value for name, value in published.items()}
    ours, unknown = {}, []
    for name, value in weights.items():
        try:
            ours[rename(name)] = value
        except ValueError:
            unknown.append(name)
    missing = [name for name in expected(list(weights)) if name not in weights]
    if unknown or missing:
        found = (('unknown', unknown), ('missing', missing))
        texts = [f'{what} are {_listed(names)}' for what, names in found if names]
        raise ValueError(f'not the weights of the published {network}: ' + '; '.join(texts))
    return ours


def highest(pattern: str, names: list[str]) -> int:
    """The highest number that `pattern`'s group finds at the beginning of a name; -1 for none."""
    return max((int(m[1]) for name in names if (m := re.match(pattern, name))), default=-1)


def _listed(names: list[str]) -> str:
    more = f' and {len(names) - SHOWN} more' if len(names) > SHOWN else ''
    return ', '.join(names[:SHOWN]) + more
