"""Published weights, under the names of our networks."""

from __future__ import annotations

from pathlib import Path

from restorekit.convert import ahdrnet, cfnet, superres, tables
from restorekit.io import check_writable
from restorekit.io.checkpoint import read_checkpoint, write_checkpoint

__all__ = ['NETWORKS', 'convert_checkpoint']

NETWORKS = {
    'ahdrnet': ahdrnet.convert,
    'cfnet': cfnet.convert,
    **tables.CONVERTERS,
    **superres.CONVERTERS,
}


def convert_checkpoint(network: str, published: Path, ours: Path) -> int:
    """Write a published checkpoint as one of ours, whole or not at all.

    Args:
        network: One of NETWORKS.
        published: The published file.
        ours: The file to write; an older one is replaced.
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
    state = read_checkpoint(published)['state_dict']
    try:
        state = NETWORKS[network](state)
    except ValueError as error:
        raise ValueError(f'{published}: {error}') from None
    check_writable(ours.parent)
    write_checkpoint(
        ours, {'state_dict': {f'backbone.{name}': value for name, value in state.items()}}
    )
    return len(state)
