"""Published networks whose weights are renamed by a table: what theirs is called, what ours.

A table is made for the sizes that are in the file (layers, blocks); what it lists and the file does
not have is missing, what the file has beyond it unknown.
"""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from restorekit.convert.names import highest, rename_all

# By full names, or a place and `.*` for its weight and bias; None is a tensor that may be there and
# is of no use.
Table = dict[str, str | None]


def by_table(make: Callable[[list[str]], Table], network: str) -> Callable[[dict], dict]:
    """The converter of a network: a function from its state dict to ours.

    Args:
        make: The table for the names that are there.
        network: What it is called, for messages.
    """

    def convert(published: dict[str, Tensor]) -> dict[str, Tensor]:
        weights = {name.removeprefix('module.'): value for name, value in published.items()}
        table = spelled(make(list(weights)))
        used = {name: ours for name, ours in table.items() if ours is not None}

        def rename(name: str) -> str:
            if name not in used:
                raise ValueError(name)
            return used[name]

        needed = {name: value for name, value in weights.items() if table.get(name, '') is not None}
        return rename_all(needed, rename, lambda _: used, network)

    return convert


def spelled(table: Table) -> Table:
    """A table with `a.*` as `a.weight` and `a.bias`."""
    full: Table = {}
    for theirs, ours in table.items():
        place = theirs.removesuffix('.*')
        if place == theirs:
            full[theirs] = ours
            continue
        for kind in ('weight', 'bias'):
            full[f'{place}.{kind}'] = ours and f'{ours.removesuffix(".*")}.{kind}'
    return full


def vdsr(names: list[str]) -> Table:
    """Of twtygqyy's VDSR, without biases."""
    layers = max(highest(r'residual_layer\.(\d+)\.', names), 0) + 1
    inner = {f'residual_layer.{i}.conv.weight': f'body.{i + 1}.0.weight' for i in range(layers)}
    return {'input.weight': 'body.0.0.weight', **inner, 'output.weight': 'tail.weight'}


def dncnn(names: list[str]) -> Table:
    """Of cszn's DnCNN: `convs.0` and so on, or KAIR's `model.0`, `model.2`, perhaps batch norm."""
    stem, step, first = 'model', 2, 0
    if any(name.startswith('convs.') for name in names):
        stem, step = 'convs', 1
    elif any(name.endswith('.running_mean') for name in names):
        step, first = 3, -1
    last = max((highest(rf'{stem}\.(\d+)\.', names) - first) // step, 1)
    table: Table = {f'{stem}.0.*': 'body.0.0.*'}
    for layer in range(1, last):
        place = layer * step + first
        table[f'{stem}.{place}.*'] = f'body.{layer}.0.*'
        if first:
            ours = f'body.{layer}.1'
            table[f'{stem}.{place + 1}.*'] = f'{ours}.*'
            for buffer in ('running_mean', 'running_var', 'num_batches_tracked'):
                table[f'{stem}.{place + 1}.{buffer}'] = f'{ours}.{buffer}'
    return {**table, f'{stem}.{last * step + first}.*': 'tail.*'}


def lapsrn(names: list[str]) -> Table:
    """Of twtygqyy's LapSRN, without biases."""
    table: Table = {'conv_input.weight': 'head.0.weight'}
    for stage in range(max(highest(r'convt_I(\d+)\.', names), 1)):
        body, ours = f'convt_F{stage + 1}.0.cov_block', f'stages.{stage}'
        layers = max(highest(rf'{body}\.(\d+)\.', names), 0)
        table[f'convt_I{stage + 1}.weight'] = f'{ours}.enlarge.weight'
        table[f'convt_R{stage + 1}.weight'] = f'{ours}.residual.weight'
        for layer in range(0, layers + 1, 2):
            table[f'{body}.{layer}.weight'] = f'{ours}.features.{layer}.weight'
    return table


def fsrcnn(names: list[str]) -> Table:
    """Of Nhat-Thanh's FSRCNN, three channels, one PReLU behind the last mapping alone."""
    mappings = max(highest(r'map_(\d+)\.', names), 1)
    return {
        'feature_extract.*': 'extract.0.*',
        'activation_1.weight': 'extract.1.weight',
        'shrink.*': 'shrink.0.*',
        'activation_2.weight': 'shrink.1.weight',
        **{f'map_{i + 1}.*': f'mappings.{i}.*' for i in range(mappings)},
        'activation_3.weight': f'mappings.{mappings}.weight',
        'expand.*': 'expand.0.*',
        'activation_4.weight': 'expand.1.weight',
        'deconv.*': 'enlarge.*',
    }


def imdn(names: list[str]) -> Table:
    """Of Zheng222's IMDN."""
    table: Table = {'fea_conv.*': 'head.*'}
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
