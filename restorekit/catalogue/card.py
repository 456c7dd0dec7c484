"""What people should know of a model before they use it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from restorekit.options import OptionError, check_options

Task = Literal['sr', 'jpeg', 'noise', 'hdr', 'fusion']


@dataclass(frozen=True, kw_only=True)
class Card:
    """The card of a model; the fields are those that OpenModelDB has found to be needed.

    Attributes:
        task: 'sr' (super-resolution), 'jpeg' (artifact removal), 'noise' (denoising), 'hdr'
            (radiance from a bracket) or 'fusion' (a picture from a bracket).
        scale: Output size over input size.
        description: What it is good for, a sentence or two.
        architecture: Of the network, as it is registered.
        parameters: How many it has.
        author: Who trained it.
        licence: Of the weights, as an SPDX expression.
        data: What it was trained on: names, with the terms of each.
        config: The packaged config that it was trained with, and is tested with.
        recipe: The commands that made it, and how long they took.
        figures: What `restorekit test` measured on this file: `dataset`, `metric`, `value`, and
            `input` where the input was scored too.
        protocol: How the figures were measured, a line per metric.
        bfloat16_loss: By how many dB at most one of the figures falls in bfloat16; None where it
            was not measured.
    """

    task: Task
    scale: int
    description: str
    architecture: str = ''
    parameters: int = 0
    author: str = ''
    licence: str = ''
    data: list = field(default_factory=list)
    config: str = ''
    recipe: list = field(default_factory=list)
    figures: list = field(default_factory=list)
    protocol: list = field(default_factory=list)
    bfloat16_loss: float | None = None


def card_from(values: Mapping[str, Any], source: str) -> Card:
    """A card from plain data.

    Args:
        values: By the names of Card's attributes.
        source: Where they come from, for messages.
    Raises:
        ValueError: If a field is missing, unknown or of the wrong kind.
    """
    try:
        check_options(Card, dict(values), complete=True)
    except OptionError as error:
        raise ValueError(f'{source}: the card in it: {error}') from None
    return Card(**values)
