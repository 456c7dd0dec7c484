"""The published CF-Net's weights as ours.

They load into `CFNet(re_guide=3, under_first_act=False)` behind a data preprocessor of BGR in
[-1, 1]: `configs/cfan/cfnet-published_x2.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from torch import Tensor

from restorekit.convert.names import highest, rename_all

BRANCHES = {'under': 0, 'over': 1}
NUMBERS = {'1': 'over', '2': 'under'}
CONV = {'0': 'conv', '1': 'act'}
# A projection block's parts: their name, ours.
PARTS = {
    r'compress_in\.(\d)': lambda m: f'compress.{CONV[m[1]]}',
    r'compress_out\.(\d)': lambda m: f'expand.{CONV[m[1]]}',
    r're_guide\.(\d)': lambda m: f're_guide.{CONV[m[1]]}',
    r'uptranBlocks\.(\d+)\.(\d)': lambda m: f'merge_low.{m[1]}.{CONV[m[2]]}',
    r'downtranBlocks\.(\d+)\.(\d)': lambda m: f'merge_high.{m[1]}.{CONV[m[2]]}',
    r'upBlocks\.(\d+)\.(\d)': lambda m: f'up.{m[1]}.{m[2]}',
    r'downBlocks\.(\d+)\.(\d)': lambda m: f'down.{m[1]}.{m[2]}',
}
# The network's parts: branch and place in it.
PLACES = {
    r'conv_in_(over|under)\.(\d)': lambda m: (m[1], f'extract.{m[2]}'),
    r'feat_in_(over|under)\.(\d)': lambda m: (m[1], f'extract.{int(m[2]) + 2}'),
    r'out_(over|under)\.(\d)': lambda m: (m[1], f'reconstructions.0.up.{m[2]}'),
    r'conv_out_(over|under)\.0': lambda m: (m[1], 'reconstructions.0.conv'),
    r'out_([12])\.(\d+)\.(\d)': lambda m: (
        NUMBERS[m[1]],
        f'reconstructions.{int(m[2]) + 1}.up.{m[3]}',
    ),
    r'conv_out_([12])\.(\d+)\.0': lambda m: (
        NUMBERS[m[1]],
        f'reconstructions.{int(m[2]) + 1}.conv',
    ),
}


def convert(published: dict[str, Tensor]) -> dict[str, Tensor]:
    """The state dict of `CFNet` from that of the published network.

    Raises:
        ValueError: Listing the names that are unknown or missing.
    """
    return rename_all(published, rename, _expected, 'CF-Net')


def rename(name: str) -> str:
    """Our name of one parameter.

    Raises:
        ValueError: If the name is not the published network's.
    """
    place, _, kind = name.rpartition('.')
    for pattern, ours in PLACES.items():
        if match := re.fullmatch(pattern, place):
            branch, inside = ours(match)
            return f'branches.{BRANCHES[branch]}.{inside}.{kind}'
    block, _, rest = place.partition('.')
    if match := re.fullmatch(r'srb_([12])', block):
        return f'branches.{BRANCHES[NUMBERS[match[1]]]}.srb.{rename_part(rest)}.{kind}'
    if match := re.fullmatch(r'cfb_(over|under)(\d+)', block):
        return f'branches.{BRANCHES[match[1]]}.cfbs.{match[2]}.{rename_part(rest)}.{kind}'
    raise ValueError(f'{name!r} is not a parameter of the published CF-Net')


def rename_part(place: str) -> str:
    """Our name of a projection block's part."""
    for pattern, ours in PARTS.items():
        if match := re.fullmatch(pattern, place):
            return ours(match)
    raise ValueError(f"{place!r} is not a part of the published CF-Net's blocks")


def _expected(names: list[str]) -> Iterator[str]:
    """A convolution is `.0`; the PReLU after it, `.1`, has one weight."""
    steps = highest(r'cfb_(?:over|under)(\d+)\.', names) + 1
    groups = max(highest(r'\w+\.upBlocks\.(\d+)\.', names), 0) + 1
    parts = ['compress_in', 'compress_out']
    parts += [f'{kind}.{i}' for kind in ('upBlocks', 'downBlocks') for i in range(groups)]
    parts += [f'{k}.{i}' for k in ('uptranBlocks', 'downtranBlocks') for i in range(groups - 1)]
    places, last = [], []
    for branch, number in (('over', '1'), ('under', '2')):
        cfbs = [f'cfb_{branch}{step}' for step in range(max(steps, 1))]
        places += [f'{kind}_{branch}' for kind in ('feat_in', 'out')]
        places += [f'out_{number}.{step}' for step in range(steps)]
        places += [f'{block}.{part}' for block in (f'srb_{number}', *cfbs) for part in parts]
        places += [f'{block}.re_guide' for block in cfbs]
        last += [f'{kind}_{branch}' for kind in ('conv_in', 'conv_out')]
        last += [f'conv_out_{number}.{step}' for step in range(steps)]
    for place in (*places, *last):
        yield from (f'{place}.0.weight', f'{place}.0.bias')
    # The published under branch has no PReLU after its first convolution.
    yield from (f'{place}.1.weight' for place in ('conv_in_over', *places))
