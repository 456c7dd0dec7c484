"""Turn a published AHDRNet checkpoint into ours.

Usage: python tools/model_converters/ahdrnet.py PUBLISHED.pt OURS.pth
"""

from __future__ import annotations

import argparse
import re

from torch import Tensor

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
        ValueError: If a name is not the published network's.
    """
    return {_rename(name.removeprefix('module.')): value for name, value in published.items()}


def _rename(name: str) -> str:
    for pattern, ours in NAMES:
        renamed, count = re.subn(rf'^{pattern}(?=\.(weight|bias)$)', ours, name)
        if count:
            return renamed
    raise ValueError(f'{name!r} is no parameter of the published AHDRNet')


def main() -> None:
    from restorekit.io.checkpoint import read_checkpoint, write_checkpoint

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('published')
    parser.add_argument('ours')
    args = parser.parse_args()
    state = convert(read_checkpoint(args.published)['state_dict'])
    state = {f'backbone.{name}': value for name, value in state.items()}
    write_checkpoint(args.ours, {'state_dict': state})


if __name__ == '__main__':
    main()
