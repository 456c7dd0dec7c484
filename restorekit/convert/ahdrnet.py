"""The published AHDRNet's weights as ours."""

from __future__ import annotations

import re
from collections.abc import Iterator

from torch import Tensor

from restorekit.convert.names import highest, rename_all

# Their name, ours; the first that matches.
NAMES = (
    (r'conv1', 'encode'),
    (r'att11', 'attentions.0.0'),
    (r'att12', 'attentions.0.2'),
    (r'att31', 'attentions.1.0'),
    (r'att32', 'attentions.1.2'),
    (r'attConv1', 'unused.0'),
    (r'attConv3', 'unused.1'),
    (r'conv2', 'merge'),
    (r'RDB(\d+)\.dense_layers\.(\d+)\.conv', lambda m: f'blocks.{int(m[1]) - 1}.layers.{m[2]}.0'),
    (r'RDB(\d+)\.conv_1x1', lambda m: f'blocks.{int(m[1]) - 1}.fuse_layers'),
    (r'GFF_1x1', 'fuse_blocks.0'),
    (r'GFF_3x3', 'fuse_blocks.1'),
    (r'conv_up', 'tail.0'),
    (r'conv3', 'tail.1'),
)


def convert(published: dict[str, Tensor]) -> dict[str, Tensor]:
    """The state dict of `AHDRNet` from that of the published network.

    Raises:
        ValueError: Listing the names that are unknown or missing.
    """
    return rename_all(published, rename, _expected, 'AHDRNet')


def rename(name: str) -> str:
    """Our name of one parameter.

    Raises:
        ValueError: If the name is not the published network's.
    """
    for pattern, ours in NAMES:
        renamed, count = re.subn(rf'^{pattern}(?=\.(weight|bias)$)', ours, name)
        if count:
            return renamed
    raise ValueError(f'{name!r} is not a parameter of the published AHDRNet')


def _expected(names: list[str]) -> Iterator[str]:
    """All but attConv1 and attConv3, which are never called."""
    blocks = max(highest(r'RDB(\d+)\.', names), 1)
    layers = max(highest(r'RDB\d+\.dense_layers\.(\d+)\.', names), 0) + 1
    places = ['conv1', 'att11', 'att12', 'att31', 'att32', 'conv2']
    for block in range(1, blocks + 1):
        places += [f'RDB{block}.dense_layers.{layer}.conv' for layer in range(layers)]
        places += [f'RDB{block}.conv_1x1']
    for place in (*places, 'GFF_1x1', 'GFF_3x3', 'conv_up', 'conv3'):
        yield from (f'{place}.weight', f'{place}.bias')
