"""Restoring in one call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from restorekit.catalogue import Task
from restorekit.inference.choice import BRACKETS, choose, choose_for_arrays
from restorekit.inference.inferencer import Inferencer
from restorekit.inference.loading import Model
from restorekit.inference.precision import Precision
from restorekit.inference.running import load, restored
from restorekit.inference.sources import find_sources
from restorekit.inference.tiles import Tile


def restore(
    source: str | Path | np.ndarray | Sequence[np.ndarray],
    model: Model | Sequence[Model] = None,
    *,
    exposures: Sequence[float] | None = None,
    task: Task | None = None,
    scale: int | None = None,
    device: str | None = None,
    tile: Tile = 'auto',
    overlap: int | None = None,
    precision: Precision = 'auto',
    ensemble: bool = False,
) -> np.ndarray:
    """Restore one image, or merge one bracket; for many, keep an `Inferencer`.

    Args:
        source: An image file; the folder of a bracket; an image, (H, W, 3) RGB or (H, W, 1), float
            in [0, 1]; a list of such, the frames of a bracket, dark to bright.
        model: The name of a model of the catalogue, or whatever `load_restorer` takes; None takes
            one that suits the source, as `choose` does.
        exposures: EV of the frames of a list, where they are known, or of those in a folder, in the
            order of their names, instead of what the files say.
        task, scale: As for `choose`, where no model is named.
        device, tile, overlap, precision, ensemble: As for `Inferencer`.
    Returns:
        (scale H, scale W, C), float32, in [0, 1]; linear radiance where a bracket becomes HDR.
    Raises:
        ValueError, OSError: If the source cannot be read or restored, or there is no such model.

    >>> restore(np.zeros((8, 9, 3)), 'bicubic-x2').shape
    (16, 18, 3)
    """
    if model is not None and (task is not None or scale is not None):
        raise ValueError('restore: task and scale choose a model; one is named already')
    build = partial(
        Inferencer,
        device=device,
        tile=tile,
        overlap=overlap,
        precision=precision,
        ensemble=ensemble,
    )
    if isinstance(source, str | Path):
        return _from_file(source, model, build, task, scale, exposures)
    if model is None:
        model = choose_for_arrays(source, exposures, task, scale).models
    return build(model)(source, exposures)


def _from_file(
    path: str | Path,
    model: Model | Sequence[Model],
    build: Callable[..., Inferencer],
    task: Task | None,
    scale: int | None,
    exposures: Sequence[float] | None,
) -> np.ndarray:
    named = None if model is None else build(model)
    # Whoever names a method for brackets, or their exposures, says that the folder is one.
    wanted = True if exposures is not None or task in BRACKETS else None
    found = find_sources([path], brackets=wanted if named is None else named.model.takes_bracket)
    if len(found) > 1:
        raise ValueError(f'{path}: holds {len(found)} pictures; restore takes one')
    if exposures is not None and not found[0].is_bracket:
        raise ValueError(f'{path}: exposures are those of a bracket, got {exposures!r}')
    ev = [] if exposures is None else [*exposures]
    run = named or build(choose(found[0], task, scale, ev=ev).models)
    return restored(run, load(found[0], run.model, ev))
