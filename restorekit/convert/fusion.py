"""Tables of networks of exposure fusion; see tables.py."""

from __future__ import annotations

import torch
from torch import Tensor

from restorekit.convert.names import highest
from restorekit.convert.tables import Table, by_table


def mefnet(names: list[str]) -> Table:
    """Of makedede's MEF-Net."""
    last = max(highest(r'lr\.(\d+)\.', names), 3)
    table: Table = {f'lr.{last}.*': f'layers.{last // 3}.*'}
    for place in range(last // 3):
        ours = f'layers.{place}'
        table |= {
            f'lr.{3 * place}.weight': f'{ours}.0.weight',
            f'lr.{3 * place + 1}.w_0': f'{ours}.1.weight',
            f'lr.{3 * place + 1}.w_1': None,
            f'lr.{3 * place + 1}.in_norm.*': f'{ours}.1.norm.*',
        }
    return table


def convert_mefnet(published: dict[str, Tensor]) -> dict[str, Tensor]:
    """The state dict of `MEFNet`: the weight in front of each norm becomes a part of it.

    Raises:
        ValueError: Listing the names that are unknown or missing.
    """
    weights = {name.removeprefix('module.'): value for name, value in published.items()}
    for name, value in list(weights.items()):
        front = f'{name.partition(".in_norm.")[0]}.w_1'
        if '.in_norm.' in name and front in weights:
            weights[name] = value * weights[front]
    return by_table(mefnet, 'MEF-Net')(weights)


def u2fusion(names: list[str]) -> Table:
    """Of ytZhang99's U2Fusion."""
    layers = max(highest(r'dense_layers\.(\d+)\.', names), 0) + 1
    last = max(highest(r'sub\.(\d+)\.', names), 1)
    return {
        'conv_1.0.*': 'head.0.*',
        **{f'dense_layers.{i}.conv.0.*': f'layers.{i}.0.*' for i in range(layers)},
        **{f'sub.{i}.0.*': f'tail.{i}.0.*' for i in range(last)},
        f'sub.{last}.*': f'tail.{last}.*',
    }


def ifcnn(_: list[str]) -> Table:
    """Of uzeful's IFCNN, its first convolution included."""
    table: Table = {'conv1.weight': 'encode.0.weight', 'conv4.*': 'tail.3.*'}
    for theirs, ours, place in (('conv2', 'encode', 1), ('conv3', 'tail', 0)):
        table[f'{theirs}.conv.weight'] = f'{ours}.{place}.weight'
        for part in ('weight', 'bias', 'running_mean', 'running_var'):
            table[f'{theirs}.bn.{part}'] = f'{ours}.{place + 1}.{part}'
        table[f'{theirs}.bn.num_batches_tracked'] = None
    return table


def convert_ifcnn(published: dict[str, Tensor]) -> dict[str, Tensor]:
    """The state dict of `IFCNN`, with the norms' counters, which its published file lacks.

    Raises:
        ValueError: Listing the names that are unknown or missing.
    """
    counters = (f'{place}.num_batches_tracked' for place in ('encode.2', 'tail.1'))
    return by_table(ifcnn, 'IFCNN')(published) | {name: torch.tensor(0) for name in counters}


def deepfuse(_: list[str]) -> Table:
    """Of KRamPrabhakar's DeepFuse, by the order of its layers."""
    places = ('encode.0', 'encode.2', 'tail.0', 'tail.2', 'tail.4', 'tail.6')
    return {f'arr_{i}': f'{place}.weight' for i, place in enumerate(places)}


def convert_deepfuse(published: dict[str, Tensor]) -> dict[str, Tensor]:
    """The state dict of `DeepFuse`, whose published kernels are turned by half a turn.

    Raises:
        ValueError: Listing the names that are unknown or missing.
    """
    ours = by_table(deepfuse, 'DeepFuse')(published)
    return {name: kernel.flip(2, 3) for name, kernel in ours.items()}


CONVERTERS = {
    'deepfuse': convert_deepfuse,
    'ifcnn': convert_ifcnn,
    'mefnet': convert_mefnet,
    'u2fusion': by_table(u2fusion, 'U2Fusion'),
}
