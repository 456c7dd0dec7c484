"""Checkpoints: tensors and plain data only, written whole or not at all."""

from __future__ import annotations

import pickle
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.logging import HistoryBuffer
from mmengine.utils import digit_version
from torch import Tensor

from restorekit.io.files import whole_file
from restorekit.io.weights import SUFFIX, CheckpointError, read_weights

MAX_LISTED = 5


def read_checkpoint(
    path: str | Path, *, map_location: str | Callable = 'cpu', unsafe: bool = False
) -> dict:
    """Read a checkpoint file, verified, without running any code that it may hold.

    Args:
        path: A file on disk; `.safetensors` is read as `restorekit.io.weights` does.
        map_location: As in torch.load.
        unsafe: Unpickle whatever is in the file. Only for files whose origin you trust as you trust
            a program.
    Returns:
        The checkpoint; a bare state dict comes as `dict(state_dict=…)`.
    Raises:
        FileNotFoundError: If there is no such file.
        CheckpointError: If the file is damaged, holds more than tensors and plain data, or is no
            checkpoint.
    """
    if not Path(path).is_file():
        is_there = Path(path).exists()
        raise FileNotFoundError(f'{path}: {"is no file" if is_there else "no such checkpoint"}')
    if Path(path).suffix == SUFFIX:
        return read_weights(path)
    if zipfile.is_zipfile(path):
        verify_checkpoint(Path(path))  # torch.load does not look at the CRC-32 that it carries
    try:
        with _allowed():
            checkpoint = torch.load(path, map_location=map_location, weights_only=not unsafe)
    except pickle.UnpicklingError as error:
        code = re.search(r'(?:GLOBAL|global|class) ([\w.]+)', str(error))
        if not code:
            raise CheckpointError(f'{path}: damaged or no checkpoint') from None
        raise CheckpointError(
            f'{path}: refused, it holds more than tensors and plain data ({code[1]}); '
            'if you trust its origin, load it with --unsafe-load'
        ) from None
    except (MemoryError, PermissionError, torch.OutOfMemoryError):
        raise
    except Exception as error:  # damaged files raise whatever the unpickler stumbles over
        raise CheckpointError(
            f'{path}: damaged or no checkpoint ({str(error).partition(chr(10))[0] or "empty"})'
        ) from None
    return _with_state_dict(checkpoint, path)


def _with_state_dict(loaded: object, path: str | Path) -> dict:
    """What a file holds as a checkpoint; CheckpointError where it is not one."""
    if not isinstance(loaded, dict) or not loaded:
        raise CheckpointError(
            f'{path}: expected a checkpoint (a dict with state_dict), got {type(loaded).__name__}'
        )
    weights = loaded.get('state_dict')
    if weights is None and _is_state_dict(loaded):
        return _with_state_dict({'state_dict': loaded}, path)
    if weights is None:
        held = ', '.join(map(str, list(loaded)[:MAX_LISTED]))
        raise CheckpointError(f'{path}: no state_dict in it; it holds {held}')
    if not _is_state_dict(weights):
        raise CheckpointError(f'{path}: its state_dict is not a dict of tensors by name')
    if loaded.get('meta', {}) is None:
        del loaded['meta']
    if not isinstance(loaded.get('meta', {}), dict):
        raise CheckpointError(f'{path}: its meta is not a dict, but {loaded["meta"]!r:.40}')
    for name, tensor in weights.items():
        if tensor.layout is not torch.strided:
            raise CheckpointError(f'{path}: {name} must be dense, got {tensor.layout}')
    return loaded


def _is_state_dict(value: object) -> bool:
    return isinstance(value, dict) and all(
        isinstance(name, str) and isinstance(tensor, Tensor) for name, tensor in value.items()
    )


def write_checkpoint(path: str | Path, checkpoint: dict) -> None:
    """Write a checkpoint; the file appears under its name only when it is whole and on the disk.

    Raises:
        CheckpointError: If it holds more than tensors and plain data, or cannot be written (full
            disk, read-only folder); an older file of the name is intact.
    """
    _require_plain(checkpoint, path)
    try:
        # To a file that is open: of a path torch would write the name, a temporary one, into it.
        with whole_file(path) as temporary, temporary.open('wb') as file:
            torch.save(checkpoint, file)
    except (OSError, RuntimeError) as error:  # torch reports a full disk as a RuntimeError
        raise CheckpointError(f'{path}: the checkpoint cannot be written ({error})') from error


def _require_plain(value: object, path: str | Path, place: str = '') -> None:
    """Raise for what could be written but not read."""
    if isinstance(value, dict):
        for key, child in value.items():
            _require_plain(child, path, f'{place}.{key}')
    elif isinstance(value, list | tuple):
        for index, child in enumerate(value):
            _require_plain(child, path, f'{place}.{index}')
    elif not isinstance(value, Tensor | str | int | float | bool | None):
        raise CheckpointError(
            f'{path}: {place[1:]} is a {type(value).__name__}; a checkpoint holds tensors, '
            'numbers, strings, and dicts and lists of them'
        )


def checkpoints_in(folder: Path) -> list[tuple[int, Path]]:
    """The `iter_<n>.pth` of a folder with their numbers, the latest first."""
    found = [
        (re.fullmatch(r'iter_(\d+)\.pth', path.name), path) for path in folder.glob('iter_*.pth')
    ]
    return sorted(((int(match[1]), path) for match, path in found if match), reverse=True)


def verify_checkpoint(path: Path) -> None:
    """Read a checkpoint file through and compare the CRC-32 that it carries for each of its parts.

    Raises:
        CheckpointError: If a part is damaged or missing.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
    except (OSError, zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise CheckpointError(f'{path}: damaged or no checkpoint ({error})') from None
    if damaged is not None:
        raise CheckpointError(f'{path}: damaged (CRC-32 of {damaged})')


def latest_checkpoint(folder: Path) -> tuple[Path | None, list[str]]:
    """The latest whole checkpoint of a folder, and why later ones were passed over.

    The one that `last_checkpoint` names comes first: others may be left from a run before.
    """
    candidates = [path for _, path in checkpoints_in(folder)]
    pointer = folder / 'last_checkpoint'
    if pointer.is_file():
        named = folder / Path(pointer.read_text().strip()).name
        if named in candidates:
            candidates = candidates[candidates.index(named) :]
    passed_over = []
    for path in candidates:
        try:
            verify_checkpoint(path)
        except CheckpointError as error:
            passed_over.append(str(error))
        else:
            return path, passed_over
    return None, passed_over


def _statistics_method(owner: object, name: str) -> Any:
    """Stands in for `getattr` in pickles, where mmengine's histories name their own methods."""
    if owner is HistoryBuffer and name in ('min', 'max', 'current', 'mean'):
        return getattr(owner, name)
    raise pickle.UnpicklingError('GLOBAL builtins.getattr')


@contextmanager
def _allowed() -> Iterator[None]:
    """What mmengine stores besides tensors: the message hub's histories of numpy numbers."""
    arrays = (np._core if hasattr(np, '_core') else np.core).multiarray
    kinds = [arrays._reconstruct, arrays.scalar, np.ndarray, np.dtype, HistoryBuffer]
    kinds += [
        type(np.dtype(name)) for name in ('float64', 'float32', 'int64', 'int32', 'uint32', 'bool')
    ]
    if digit_version(torch.__version__) >= digit_version('2.6'):
        kinds += [(_statistics_method, 'builtins.getattr')]
    if hasattr(torch.serialization, 'safe_globals'):
        with torch.serialization.safe_globals(kinds):
            yield
    else:  # torch 2.4
        torch.serialization.add_safe_globals(kinds)
        yield
