"""Files of weights to be shipped: safetensors, with the model and its card inside.

The header of a file holds, under `restorekit`, JSON with `model` (the model's config as plain
data), `card` (what people should know of it) and `sha256` (of the tensors' bytes), by which every
read is verified.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from restorekit.io.files import write_whole

SUFFIX = '.safetensors'
KEY = 'restorekit'
MAX_HEADER = 2**24  # bytes; the header of a network of 10,000 tensors takes 1 MB


class CheckpointError(ValueError):
    """A checkpoint or a file of weights cannot be read, is refused, or does not fit the model."""


def write_weights(
    path: str | Path, weights: Mapping[str, Tensor], *, model: dict, card: dict
) -> None:
    """Write weights with their model and card; the file appears under its name once it is whole.

    Args:
        path: `NAME.safetensors`.
        weights: By name.
        model: The model's config as plain data, as in `meta['model']` of a checkpoint.
        card: Plain data.
    Raises:
        OSError: If the file cannot be written.
    """
    from safetensors.torch import save

    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in weights.items()}
    digest = hashlib.sha256(_body(save(tensors))).hexdigest()
    text = json.dumps({'model': model, 'card': card, 'sha256': digest}, sort_keys=True)
    write_whole(path, save(tensors, {KEY: text}))  # more keys would come in any order


def read_weights(path: str | Path) -> dict[str, Any]:
    """Read a file of weights as a checkpoint.

    Returns:
        `state_dict`, and `meta` with `model` and `card` where the file holds them; one that others
        have written holds tensors alone.
    Raises:
        FileNotFoundError: If there is no such file.
        CheckpointError: If the file is damaged.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        data = Path(path).read_bytes()
    except FileNotFoundError:
        raise FileNotFoundError(f'{path}: no such file of weights') from None
    about = _about(_header(data, path), path)
    try:
        tensors = load(data)
    except (SafetensorError, ValueError) as error:
        raise CheckpointError(f'{path}: damaged or no safetensors file ({error})') from None
    if about:
        found = hashlib.sha256(_body(data)).hexdigest()
        if found != about.get('sha256'):
            raise CheckpointError(
                f'{path}: damaged; its tensors should have the SHA-256 {about.get("sha256")}, '
                f'they have {found}'
            )
    return {'state_dict': tensors, 'meta': {k: about[k] for k in ('model', 'card') if k in about}}


def read_card(path: str | Path) -> dict[str, Any]:
    """The card of a file of weights, from its header alone; empty where it has none.

    Raises:
        FileNotFoundError: If there is no such file.
        CheckpointError: If the file is damaged.
    """
    with Path(path).open('rb') as file:
        start = file.read(8)
        size = int.from_bytes(start, 'little')
        start += file.read(min(size, MAX_HEADER))
    return _about(_header(start, path), path).get('card', {})


def _header(data: bytes, path: str | Path) -> dict:
    """The JSON with which a safetensors file begins, behind its length in 8 bytes."""
    size = int.from_bytes(data[:8], 'little')
    try:
        if not 2 <= size <= min(MAX_HEADER, len(data) - 8):
            raise ValueError(f'{len(data)} bytes, of which the header should take {size}')
        header = json.loads(data[8 : 8 + size])
        if not isinstance(header, dict):
            raise ValueError('its header is no JSON object')
    except ValueError as error:
        raise CheckpointError(f'{path}: damaged or no safetensors file ({error})') from None
    return header


def _body(data: bytes) -> bytes:
    return data[8 + int.from_bytes(data[:8], 'little') :]


def _about(header: dict, path: str | Path) -> dict[str, Any]:
    metadata = header.get('__metadata__')
    text = metadata.get(KEY) if isinstance(metadata, dict) else None
    if text is None:
        return {}
    try:
        about = json.loads(text)
        if not isinstance(about, dict) or not isinstance(about.get('card', {}), dict):
            raise ValueError('no JSON object')
    except (TypeError, ValueError) as error:
        raise CheckpointError(f'{path}: damaged; what it says of itself: {error}') from None
    return about
