"""Which model a file gets where none is named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np

from restorekit.catalogue import Task, catalogue
from restorekit.inference.sources import Source
from restorekit.io import BracketError, ImageReadError, check_exposures, order_bracket
from restorekit.io.jpeg import is_gray_jpeg, jpeg_quality

BRACKETS: Mapping[Task, str] = {'hdr': 'debevec', 'fusion': 'mertens'}
JPEG, GRAY_JPEG, ENLARGE = 'ain-jpeg-color', 'ain-jpeg', 'ain-x'
# What the network for moving scenes was trained with.
MOVING, MOVING_FRAMES, MOVING_SPAN = 'lffnet', 3, (2.0, 6.5)
# Fuses two exposures and enlarges the result in one; more frames it would leave out.
PAIR, PAIR_SCALE = 'cfan-x2', 2
# Above this quality artifacts are too weak to be worth a second network; see docs/restore.md.
CLEAN_QUALITY = 85


@dataclass(frozen=True)
class Choice:
    """What a file gets, and why.

    Attributes:
        models: Names in the catalogue, in the order in which they are run.
        reason: For the user, half a sentence.
    """

    models: tuple[str, ...]
    reason: str

    def __str__(self) -> str:
        return f'{", then ".join(self.models)} ({self.reason})'


def choose(
    source: Source,
    task: Task | None = None,
    scale: int | None = None,
    *,
    ev: Sequence[float] = (),
) -> Choice:
    """The models for a picture or a bracket.

    A bracket is merged: to HDR where the exposures are known, by a network that lets the scene move
    where it has the frames that the network was trained with; and else to a picture. A picture is
    enlarged twice; a lossy JPEG is cleaned first, since a network for enlarging takes its blocks
    for edges.

    Args:
        source: As `find_sources` gives it.
        task: What is to be done; None goes by the source.
        scale: Output size over input size; None is 2 for pictures and 1 otherwise.
        ev: Exposures of a bracket's frames, whatever its files say.
    Raises:
        ValueError: If the source is of the wrong kind for the task, or there is no model.
    """
    if source.is_bracket:
        return _for_bracket(source, task, scale, ev)
    if task in BRACKETS:
        raise ValueError(
            f'{source}: {task} takes a folder with the exposures of a scene, got a file'
        )
    if task == 'jpeg':
        models = models_for('jpeg', scale, is_gray=is_gray_jpeg(source.path))
        return Choice(models, 'as asked for')
    quality, enlarge = jpeg_quality(source.path), models_for('sr', scale)
    if quality is None or quality > CLEAN_QUALITY:
        kind = 'not a JPEG' if quality is None else f'a JPEG of quality about {quality}'
        return Choice(enlarge, kind)
    clean = models_for('jpeg', is_gray=is_gray_jpeg(source.path))
    return Choice((*clean, *enlarge), f'a JPEG of quality about {quality}, cleaned first')


def choose_for_arrays(
    image: np.ndarray | Sequence[np.ndarray],
    exposures: Sequence[float] | None = None,
    task: Task | None = None,
    scale: int | None = None,
) -> Choice:
    """As `choose`, for a picture or the frames of a bracket in memory.

    Args:
        image: (H, W, C), or a list of such, dark to bright.
        exposures: EV of the frames, where they are known.
        task, scale: As for `choose`.
    Raises:
        ValueError: If the images are of the wrong kind for the task, or there is no model.
    """
    is_bracket = isinstance(image, list | tuple)
    if task not in (None, *get_args(Task)):
        raise ValueError(f'task must be one of {", ".join(get_args(Task))}, got {task!r}')
    if is_bracket and not image:
        raise ValueError('a list of no frames')
    if is_bracket == (task in ('sr', 'jpeg')) and task is not None:
        kinds = ('a list of frames', 'one image')
        wanted, got = kinds if task in BRACKETS else kinds[::-1]
        raise ValueError(f'{task} takes {wanted}, got {got}')
    if not is_bracket:
        is_gray = np.ndim(image) == 3 and np.shape(image)[2] == 1
        models = models_for(task or 'sr', scale, is_gray=is_gray)
        return Choice(models, 'an image without a file')
    if task == 'fusion':
        return Choice(_fusing(len(image), scale), 'as asked for')
    if exposures is None and task is None:
        return Choice(_fusing(len(image), scale), 'no HDR: no exposures')
    known = [*(exposures or ())]
    check_exposures(known, len(image), task or 'hdr')
    return _for_exposures(known, scale)


def models_for(task: Task, scale: int | None = None, *, is_gray: bool = False) -> tuple[str, ...]:
    """The models for a task, in the order in which they are run.

    Args:
        task: What is to be done.
        scale: Output size over input size; None is 2 for 'sr' and 1 otherwise.
        is_gray: Whether the image has one channel.
    Raises:
        ValueError: If there is no model for that scale.
    """
    if task == 'jpeg':
        if scale not in (None, 1):
            raise ValueError(f'artifact removal keeps the size, got scale {scale}')
        return (GRAY_JPEG if is_gray else JPEG,)
    if task == 'sr':
        return (_enlarging(2 if scale is None else scale),)
    return (BRACKETS[task],) if scale in (None, 1) else (BRACKETS[task], _enlarging(scale))


def _for_bracket(
    source: Source, task: Task | None, scale: int | None, ev: Sequence[float]
) -> Choice:
    if task in ('sr', 'jpeg'):
        raise ValueError(f'{source}: {task} takes an image, got a bracket')
    if task == 'fusion':
        return Choice(_fusing(len(source.frames), scale), 'as asked for')
    try:
        exposures = order_bracket(source.frames, name=str(source), ev=ev).exposures
    except (BracketError, ImageReadError, OSError) as error:
        unreadable = not isinstance(error, BracketError)  # which is said when it is read
        if unreadable or (task is None and not ev):
            reason = f'no HDR: {str(error).removeprefix(f"{source}: ")}'
            return Choice(_fusing(len(source.frames), scale), reason)
        raise
    return _for_exposures(exposures, scale)


def _for_exposures(exposures: Sequence[float], scale: int | None) -> Choice:
    """Of a bracket whose exposures, in EV and rising, are known."""
    span = exposures[-1] - exposures[0]
    models = models_for('hdr', scale)
    if len(exposures) == MOVING_FRAMES and MOVING_SPAN[0] <= span <= MOVING_SPAN[1]:
        return Choice((MOVING, *models[1:]), f'three frames {span:g} EV apart, which may move')
    return Choice(models, f'{len(exposures)} frames {span:g} EV apart, which must stand still')


def _fusing(frames: int, scale: int | None) -> tuple[str, ...]:
    """The models that make one picture of so many frames."""
    return (PAIR,) if (frames, scale) == (2, PAIR_SCALE) else models_for('fusion', scale)


def _enlarging(scale: int) -> str:
    """The model that enlarges by `scale`."""
    names = [name for name in catalogue() if name.startswith(ENLARGE)]
    if f'{ENLARGE}{scale}' in names:
        return f'{ENLARGE}{scale}'
    accepted = ', '.join(name.removeprefix(ENLARGE) for name in names)
    raise ValueError(f'no model for scale {scale}; accepted: {accepted}')
