"""Published networks whose weights are renamed by a table: what theirs is called, what ours.

A table is made for the sizes that are in the file (layers, blocks); what it lists and the file does
not have is missing, what the file has beyond it unknown. It names weights and biases alike: a pair
of places ends in `*` for both.
"""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from restorekit.convert.names import highest, rename_all

Table = dict[str, str]


def by_table(make: Callable[[list[str]], Table], network: str) -> Callable[[dict], dict]:
    """The converter of a network: a function from its state dict to ours.

    Args:
        make: The table for the names that are there.
        network: What it is called, for messages.
    """

    def convert(published: dict[str, Tensor]) -> dict[str, Tensor]:
        names = [name.removeprefix('module.') for name in published]
        table = spelled(make(names))

        def rename(name: str) -> str:
            if name not in table:
                raise ValueError(name)
            return table[name]

        return rename_all(published, rename, lambda _: table, network)

    return convert


def spelled(table: Table) -> Table:
    """`a.*` as `a.weight` and `a.bias`; what does not end so is a weight alone."""
    spelled = {}
    for theirs, ours in table.items():
        for kind in ('weight', 'bias') if theirs.endswith('.*') else ('weight',):
            spelled[f'{theirs.removesuffix(".*")}.{kind}'] = f'{ours.removesuffix(".*")}.{kind}'
    return spelled


def vdsr(names: list[str]) -> Table:
    """Of twtygqyy's VDSR, without biases."""
    layers = max(highest(r'residual_layer\.(\d+)\.', names), 0) + 1
    inner = {f'residual_layer.{i}.conv': f'body.{i + 1}.0' for i in range(layers)}
    return {'input': 'body.0.0', **inner, 'output': 'tail'}


def dncnn(names: list[str]) -> Table:
    """Of cszn's DnCNN: `convs.0` and so on, or KAIR's `model.0`, `model.2`, batch norm folded."""
    step, stem = (1, 'convs') if any(name.startswith('convs.') for name in names) else (2, 'model')
    last = max(highest(rf'{stem}\.(\d+)\.', names), step) // step
    inner = {f'{stem}.{i * step}.*': f'body.{i}.0.*' for i in range(last)}
    return {**inner, f'{stem}.{last * step}.*': 'tail.*'}


def lapsrn(names: list[str]) -> Table:
    """Of twtygqyy's LapSRN, without biases."""
    table = {'conv_input': 'head.0'}
    for stage in range(max(highest(r'convt_I(\d+)\.', names), 1)):
        layers = max(highest(rf'convt_F{stage + 1}\.0\.cov_block\.(\d+)\.', names), 0)
        table |= {
            f'convt_I{stage + 1}': f'stages.{stage}.enlarge',
            f'convt_R{stage + 1}': f'stages.{stage}.residual',
        }
        table |= {
            f'convt_F{stage + 1}.0.cov_block.{i}': f'stages.{stage}.features.{i}'
            for i in range(0, layers + 1, 2)
        }
    return table


def fsrcnn(names: list[str]) -> Table:
    """Of Nhat-Thanh's FSRCNN, three channels, one PReLU behind the last mapping alone."""
    mappings = max(highest(r'map_(\d+)\.', names), 1)
    return {
        'feature_extract.*': 'extract.0.*',
        'activation_1': 'extract.1',
        'shrink.*': 'shrink.0.*',
        'activation_2': 'shrink.1',
        **{f'map_{i + 1}.*': f'mappings.{i}.*' for i in range(mappings)},
        'activation_3': f'mappings.{mappings}',
        'expand.*': 'expand.0.*',
        'activation_4': 'expand.1',
        'deconv.*': 'enlarge.*',
    }


def imdn(names: list[str]) -> Table:
    """Of Zheng222's IMDN."""
    table = {'fea_conv.*': 'head.*'}
    for block in range(max(highest(r'IMDB(\d+)\.', names), 1)):
        theirs, ours = f'IMDB{block + 1}', f'blocks.{block}'
        table |= {f'{theirs}.c{i + 1}.*': f'{ours}.convs.{i}.*' for i in range(3)}
        table |= {f'{theirs}.c4.*': f'{ours}.last.*', f'{theirs}.c5.*': f'{ours}.fuse.*'}
        table |= {f'{theirs}.cca.conv_du.{i}.*': f'{ours}.attention.gate.{i}.*' for i in (0, 2)}
    return table | {'c.0.*': 'fuse.0.*', 'LR_conv.*': 'fuse.2.*', 'upsampler.0.*': 'tail.0.*'}


CONVERTERS = {
    'dncnn': by_table(dncnn, 'DnCNN'),
    'fsrcnn': by_table(fsrcnn, 'FSRCNN'),
    'imdn': by_table(imdn, 'IMDN'),
    'lapsrn': by_table(lapsrn, 'LapSRN'),
    'vdsr': by_table(vdsr, 'VDSR'),
}
