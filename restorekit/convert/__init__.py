"""Published weights, under the names of our networks."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from restorekit.convert import ahdrnet, cfnet, fusion, superres, tables
from restorekit.io import check_writable
from restorekit.io.checkpoint import read_checkpoint, write_checkpoint

__all__ = ['NETWORKS', 'convert_checkpoint']

NETWORKS = {
    'ahdrnet': ahdrnet.convert,
    'cfnet': cfnet.convert,
    **tables.CONVERTERS,
    **superres.CONVERTERS,
    **fusion.CONVERTERS,
}


def convert_checkpoint(network: str, published: Path, ours: Path, *, unsafe: bool = False) -> int:
    """Write a published checkpoint as one of ours, whole or not at all.

    Args:
        network: One of NETWORKS.
        published: The published file.
        ours: The file to write; an older one is replaced.
        unsafe: Unpickle whatever is in the published file; see `read_checkpoint`.
    Returns:
        The number of its parameters' tensors.
    Raises:
        ValueError: If the network is unknown, or the file is not one of its checkpoints.
        OSError: If the file is missing, or the other cannot be written.
    """
    if network not in NETWORKS:
        raise ValueError(f'network must be one of {", ".join(NETWORKS)}, got {network!r}')
    if ours.resolve() == published.resolve():
        raise ValueError(f'{published}: would be overwritten by its own result; name another file')
    if published.suffix == '.npz':
        state = _arrays(published)
    else:
        state = read_checkpoint(published, unsafe=unsafe)['state_dict']
    try:
        state = NETWORKS[network](state)
    except ValueError as error:
        raise ValueError(f'{published}: {error}') from None
    check_writable(ours.parent)
    write_checkpoint(
        ours, {'state_dict': {f'backbone.{name}': value for name, value in state.items()}}
    )
    return len(state)


def _arrays(path: Path) -> dict[str, Tensor]:
    """The arrays of a numpy archive; nothing else is read from it."""
    if not path.is_file():
        raise FileNotFoundError(f'{path}: no such checkpoint')
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: torch.from_numpy(archive[name]) for name in archive}
    except (OSError, EOFError, TypeError, ValueError, zipfile.BadZipFile) as error:
        raise ValueError(f'{path}: damaged or no archive of arrays ({error})') from None
