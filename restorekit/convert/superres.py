"""Tables of large networks of super-resolution; see tables.py."""

from __future__ import annotations

from restorekit.convert.cfnet import rename_part
from restorekit.convert.names import highest
from restorekit.convert.tables import Table, by_table

UNUSED_MEANS: Table = {f'{kind}_mean.*': None for kind in ('sub', 'add')}  # the preprocessor's


def edsr(names: list[str]) -> Table:
    """Of BasicSR's EDSR."""
    blocks = highest(r'body\.(\d+)\.', names) + 1
    table: Table = {'conv_first.*': 'head.*', 'conv_after_body.*': f'blocks.{blocks}.*'}
    for block in range(blocks):
        for theirs, ours in ((1, 0), (2, 2)):
            table[f'body.{block}.conv{theirs}.*'] = f'blocks.{block}.body.{ours}.*'
    return table | _enlarging(names)


def rcan(names: list[str]) -> Table:
    """Of BasicSR's RCAN."""
    groups = max(highest(r'body\.(\d+)\.', names), 0) + 1
    blocks = max(highest(r'body\.\d+\.residual_group\.(\d+)\.', names), 0) + 1
    table: Table = {'conv_first.*': 'head.*', 'conv_after_body.*': f'blocks.{groups}.*'}
    for group in range(groups):
        table[f'body.{group}.conv.*'] = f'blocks.{group}.conv.*'
        for block in range(blocks):
            theirs = f'body.{group}.residual_group.{block}.rcab'
            ours = f'blocks.{group}.blocks.{block}.body'
            table |= {f'{theirs}.{i}.*': f'{ours}.{i}.*' for i in (0, 2)}
            table |= {f'{theirs}.3.attention.{i + 1}.*': f'{ours}.3.gate.{i}.*' for i in (0, 2)}
    return table | _enlarging(names)


def _enlarging(names: list[str]) -> Table:
    """BasicSR's tail: stages of sub-pixel convolution, and a last convolution."""
    stages = range(0, max(highest(r'upsample\.(\d+)\.', names), 0) + 1, 2)
    return {
        **{f'upsample.{i}.*': f'tail.0.{i}.*' for i in stages},
        'conv_last.*': 'tail.1.*',
    }


def san(names: list[str]) -> Table:
    """Of daitao's SAN; what it never uses is left out."""
    groups = max(highest(r'RG\.(\d+)\.', names), 0) + 1
    blocks = max(highest(r'RG\.\d+\.rcab\.(\d+)\.', names), 0) + 1
    table: Table = {'head.0.*': 'head.*', 'gamma': 'share', 'conv_last.*': None, **UNUSED_MEANS}
    for group in range(groups):
        theirs, ours = f'RG.{group}', f'groups.{group}'
        table |= {f'{theirs}.gamma': None, f'{theirs}.conv_last.*': f'{ours}.conv.*'}
        for i in (0, 2):
            table[f'{theirs}.soca.conv_du.{i}.*'] = f'{ours}.attention.gate.{i}.*'
            for block in range(blocks):
                table[f'{theirs}.rcab.{block}.conv_first.{i}.*'] = (
                    f'{ours}.blocks.{block}.body.{i}.*'
                )
    for theirs, part in {'g.0': 'g', 'phi.0': 'phi', 'theta': 'theta', 'W': 'project'}.items():
        table[f'non_local.non_local.{theirs}.*'] = f'non_local.{part}.*'
    table |= {f'non_local.soca.conv_du.{i}.*': None for i in (0, 2)}
    stages = range(0, max(highest(r'tail\.0\.(\d+)\.', names), 0) + 1, 2)
    return table | {f'tail.0.{i}.*': f'tail.0.{i}.*' for i in stages} | {'tail.1.*': 'tail.1.*'}


def srfbn(names: list[str]) -> Table:
    """Of Paper99's SRFBN, whose feedback block has the parts of CF-Net's."""
    groups = max(highest(r'block\.upBlocks\.(\d+)\.', names), 0) + 1
    places = ['compress_in', 'compress_out']
    places += [f'{kind}.{i}' for kind in ('upBlocks', 'downBlocks') for i in range(groups)]
    places += [f'{k}.{i}' for k in ('uptranBlocks', 'downtranBlocks') for i in range(groups - 1)]
    table: Table = {**UNUSED_MEANS, 'conv_out.0.*': 'reconstruction.conv.*'}
    convolutions = {'conv_in': 'extract', 'feat_in': 'extract', 'out': 'reconstruction.up'}
    for (theirs, ours), first in zip(convolutions.items(), (0, 2, 0), strict=True):
        table[f'{theirs}.0.*'] = f'{ours}.{first}.*'
        table[f'{theirs}.1.weight'] = f'{ours}.{first + 1}.weight'
    for place in places:
        table[f'block.{place}.0.*'] = f'block.projections.{rename_part(f"{place}.0")}.*'
        table[f'block.{place}.1.weight'] = f'block.projections.{rename_part(f"{place}.1")}.weight'
    return table


def dbpn(names: list[str]) -> Table:
    """Of alterzero's DBPN."""
    stages = max(highest(r'up(\d+)\.', names), 1)
    table: Table = {'output_conv.conv.*': 'tail.*'}
    for place, first in (('feat0', 0), ('feat1', 2)):
        table[f'{place}.conv.*'] = f'head.{first}.*'
        table[f'{place}.act.weight'] = f'head.{first + 1}.weight'
    blocks = [('up', i) for i in range(stages)] + [('down', i) for i in range(stages - 1)]
    for way, stage in blocks:
        theirs, ours = f'{way}{stage + 1}', f'{way}.{stage}'
        kinds = ('deconv', 'conv') if way == 'up' else ('conv', 'deconv')
        parts = [('project', kinds[0]), ('back', kinds[1]), ('correct', kinds[0])]
        for number, (part, kind) in enumerate(parts, 1):
            table[f'{theirs}.{way}_conv{number}.{kind}.*'] = f'{ours}.{part}.0.*'
            table[f'{theirs}.{way}_conv{number}.act.weight'] = f'{ours}.{part}.1.weight'
        if stage > (1 if way == 'up' else 0):
            table[f'{theirs}.conv.conv.*'] = f'{ours}.compress.0.*'
            table[f'{theirs}.conv.act.weight'] = f'{ours}.compress.1.weight'
    return table


def swinir(names: list[str]) -> Table:
    """Of JingyunLiang's SwinIR: classical, light, and at scale 1, with one convolution a group."""
    groups = max(highest(r'layers\.(\d+)\.', names), 0) + 1
    blocks = max(highest(r'layers\.\d+\.residual_group\.blocks\.(\d+)\.', names), 0) + 1
    table: Table = {
        'conv_first.*': 'head.*',
        'patch_embed.norm.*': 'norm_first.*',
        'norm.*': 'norm_last.*',
        'conv_after_body.*': 'conv.*',
    }
    parts = {'norm1': 'norm_attention', 'attn.qkv': 'qkv', 'attn.proj': 'project'}
    parts |= {'norm2': 'norm_mlp', 'mlp.fc1': 'mlp.0', 'mlp.fc2': 'mlp.2'}
    for group in range(groups):
        table[f'layers.{group}.conv.*'] = f'groups.{group}.conv.*'
        for block in range(blocks):
            theirs = f'layers.{group}.residual_group.blocks.{block}'
            ours = f'groups.{group}.blocks.{block}'
            table |= {f'{theirs}.{part}.*': f'{ours}.{name}.*' for part, name in parts.items()}
            table[f'{theirs}.attn.relative_position_bias_table'] = f'{ours}.position_bias'
            table[f'{theirs}.attn.relative_position_index'] = None
            table[f'{theirs}.attn_mask'] = None
    if not any(name.startswith('upsample.') for name in names):
        return table | {'conv_last.*': 'tail.*'}
    if not any(name.startswith('conv_last.') for name in names):
        return table | {'upsample.0.*': 'tail.0.*'}
    stages = range(0, highest(r'upsample\.(\d+)\.', names) + 1, 2)
    table |= {f'upsample.{i}.*': f'tail.2.{i}.*' for i in stages}
    return table | {'conv_before_upsample.0.*': 'tail.0.*', 'conv_last.*': 'tail.3.*'}


CONVERTERS = {
    'dbpn': by_table(dbpn, 'DBPN'),
    'edsr': by_table(edsr, 'EDSR'),
    'rcan': by_table(rcan, 'RCAN'),
    'san': by_table(san, 'SAN'),
    'srfbn': by_table(srfbn, 'SRFBN'),
    'swinir': by_table(swinir, 'SwinIR'),
}
