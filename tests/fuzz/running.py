"""Cases of `restorekit train`, `test` and `export`: configs, data, checkpoints, options."""

from __future__ import annotations

import functools
import json
import math
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config

from restorekit.cli.options import parse_overrides
from restorekit.io.checkpoint import read_checkpoint
from tests.engine.conftest import tiny_config
from tests.fuzz import world
from tests.fuzz.case import Case, Source
from tests.fuzz.pictures import change_picture, encode
from tests.fuzz.weights import change_weights

STEPS = 2


def train(case: Case) -> None:
    """A run of two steps."""
    _new_run(case, 'train')
    case.check = functools.partial(_trained, case.work)
    rng = case.rng
    kind = rng.random()
    if kind < 0.55:
        _change_option(case, TRAINING + SETTINGS)
    elif kind < 0.7:
        _change_data(case)
    elif kind < 0.85:
        _resume(case)
    elif kind < 0.95:
        # The first two writes, of what it takes to repeat the run, come before it heeds signals.
        case.fault = (rng.choice(('full', 'ctrl-c', 'sigterm')), rng.randint(3, 12))
    else:
        words, verdict, names = rng.choice(FLAGS)
        case.words[2:2] = words
        case.change(f'words: {" ".join(words)}', verdict, *names)


def test(case: Case) -> None:
    """An evaluation of a checkpoint."""
    _new_run(case, 'test')
    weights = case.folder / 'w.pth'
    weights.write_bytes(_run_checkpoint())
    case.words[2:2] = [str(weights)]
    case.check = functools.partial(_tested, case.work)
    kind = case.rng.random()
    if kind < 0.4:
        change_weights(case, weights, has_config=True)
    elif kind < 0.7:
        _change_option(case, SETTINGS)
    elif kind < 0.9:
        _change_data(case)


def export(case: Case) -> None:
    """A network as a program; most changes keep it from the seconds that tracing takes."""
    config, weights = world.write_model('colour', case.folder)
    assert weights is not None
    case.words = [
        'export',
        '-m',
        str(config),
        '-w',
        str(weights),
        '-o',
        'p.pt2',
        '--size',
        '8',
        '9',
    ]
    case.extra = {case.folder / 'p.pt2'}
    case.check = functools.partial(_exported, case.folder / 'p.pt2')
    if case.rng.random() < 0.6:
        words, names = case.rng.choice(EXPORTS)
        case.words += words
        (case.folder / 'taken.pt2').write_text('mine')
        (case.folder / 'folder.pt2').mkdir()
        case.change(f'words: {" ".join(words)}', 'bad', *names)
    else:
        change_weights(case, weights, has_config=True)


EXPORTS: list[tuple[list[str], list[str]]] = [
    (['-o', 'x.png'], ['x.png']),
    (['-o', 'taken.pt2'], ['taken.pt2']),
    (['-o', 'folder.pt2'], ['folder.pt2']),
    (['-o', 'taken.pt2/a.pt2'], ['taken.pt2']),
    (['--size', '0', '4'], ['--size']),
    (['--size', '4', 'x'], ['--size']),
    (['--size', '-1', '4'], ['--size']),
    (['--device', 'meta'], ['meta']),
    (['--device', 'cuda:7'], ['cuda:7']),
    (['-m', 'no.py'], ['no.py']),
    (['-w', 'no.pth'], ['no.pth']),
]


def _new_run(case: Case, command: str) -> None:
    """Data, a config file and the words."""
    case.work = case.folder / 'w'
    photos = case.folder / 'photos'
    photos.mkdir()
    pixels = case.numpy
    for number in range(3):
        small = pixels.random((4, 5, 3)).repeat(5, 0).repeat(5, 1)
        encode(photos / f'{number}.png', (small * 255).astype('uint8'))
    config = tiny_config(photos, case.work, **{'train_cfg.max_iters': STEPS})
    config.train_cfg.val_interval = STEPS
    config.model.backbone.num_blocks = 1
    config.default_hooks.checkpoint.interval = 1
    # Formatting would take a second.
    Config(config.to_dict(), format_python_code=False).dump(str(case.folder / 'run.py'))
    case.words = [command, str(case.folder / 'run.py')]


@functools.lru_cache
def _run_checkpoint() -> bytes:
    import io

    from restorekit.registry import MODELS

    torch.manual_seed(0)
    config = tiny_config(Path('photos'), Path('w')).model
    config.backbone.num_blocks = 1
    buffer = io.BytesIO()
    torch.save({'meta': {}, 'state_dict': MODELS.build(config).state_dict()}, buffer)
    return buffer.getvalue()


BAD = 'bad'
NASTY: tuple[Any, ...] = (-1, 0, 2.5, 'x', None, [], {}, math.nan, 10**30)
# Keys and values that no run can mean.
SETTINGS: list[tuple[str, tuple[Any, ...]]] = [
    ('model.backbone.num_feats', (-16, 0, 'x', 2.5, [8], 10**9)),
    ('model.backbone.num_blocks', (-2, 'x', 1.5)),
    ('model.backbone.type', ('AINN', 5, None, '', 'os.system')),
    ('model.backbone', (5, 'AIN', [], {'num_fets': 8})),
    ('model.type', (None, 'X', 3)),
    ('model.data_preprocessor.color', ('hsv', 1)),
    ('model.losses', (5, [], {'a': 1}, {'a': {'type': 'L1'}})),
    ('log_level', ('LOUD', -1)),
    ('randomness.seed', ('x', 1.5, [1])),
    ('val_dataloader.batch_size', NASTY),
    ('val_dataloader.num_workers', (-1, 'x', 1.5)),
    ('val_dataloader.dataset.gt_dir', ('nowhere', 5, '')),
    ('val_dataloader.dataset.degradation.quality', (0, 101, 'x', [30, 20])),
    ('val_dataloader.dataset.pipeline', ([], 5, [{'type': 'LoadImages'}], ['x'])),
    ('val_dataloader.sampler.type', ('X', 5)),
    ('val_evaluator', ([{'type': 'PSNRR'}], 5, ['PSNR'], [{'type': 'PSNR', 'crop_border': -1}])),
    ('default_hooks.checkpoint.interval', (0, -1, 'x', 1.5)),
    ('default_hooks.checkpoint.max_keep_ckpts', (0, -2, 'x')),
    ('default_hooks.logger.interval', (0, -1, 'x')),
    ('default_hooks', (5, [])),
    ('custom_hooks', (5, [5], [{'type': 'X'}], [{'type': 'NonFiniteHook', 'max_in_a_row': 'x'}])),
    ('visualizer', (5, {'type': 'X'})),
    ('no.such.key', (1,)),
]
TRAINING: list[tuple[str, tuple[Any, ...]]] = [
    ('optim_wrapper.optimizer.lr', ('abc', '1e-3', -1, math.nan, 1e30, [], {})),
    ('optim_wrapper.optimizer.type', ('Adamm', 5, None)),
    ('optim_wrapper.optimizer', (5, {}, 'Adam')),
    ('optim_wrapper.type', ('X', 5)),
    ('optim_wrapper.accumulative_counts', (0, -1, 'x', 1.5)),
    ('optim_wrapper.clip_grad', (5, {'max_norms': 1}, {'max_norm': 'x'})),
    ('train_cfg.max_iters', (-1, 0, 4.5, '4', 'x', math.nan)),
    ('train_cfg.val_interval', (-1, 0, 1.5, 'x')),
    ('train_cfg.type', ('X', 5)),
    ('train_cfg', (5, {})),
    ('param_scheduler', (5, 'x', {'type': 'X'}, {'type': 'MultiStepLR', 'milestones': 'x'})),
    ('param_scheduler.T_max', (0, -1, 'x')),
    ('train_dataloader.batch_size', NASTY),
    ('train_dataloader.num_workers', (-1, 'x', 1.5)),
    ('train_dataloader.dataset.gt_dir', ('nowhere', 5, '')),
    ('train_dataloader.dataset.type', ('X', 5)),
    ('train_dataloader.dataset.pipeline', ([], 5, [{'type': 'LoadImages'}], ['x'])),
    ('train_dataloader.sampler', (5, 'x', {'type': 'X'}, {})),
    ('default_hooks.checkpoint.save_best', ('PSNR', 5)),
    ('default_hooks.checkpoint.rule', ('more', 5)),
    ('compile', ('max-autotune', 5, {'mode': 'x'}, {'backend': 'x'})),
    ('auto_scale_lr.base_batch_size', (0, -1, 'x')),
]
FLAGS: list[tuple[list[str], Any, list[str]]] = [
    (['--no-validate'], 'sound', []),
    (['--resume'], 'sound', []),
    (['--launcher', 'pytorch'], 'bad', ['RANK']),
    (['--launcher', 'x'], 'bad', ['--launcher']),
    (['--cfg-options', 'model'], 'bad', ['model']),
    (['--cfg-options', '=1'], 'bad', ['=1']),
    (['--cfg-options', 'model.backbone.num_fets=3'], 'bad', ['num_fets']),
    (['--cfg-options', 'model.backbone.num_feats.x=3'], 'bad', ['num_feats']),
    (['--work-dir', 'run.py/x'], 'bad', ['run.py/x']),
    (['--resume', 'no.pth'], 'bad', ['no.pth']),
    (['--resume', 'photos'], 'bad', ['photos']),
    (['--auto-scale-lr'], 'sound', []),
]


def _change_option(case: Case, table: list[tuple[str, tuple[Any, ...]]]) -> None:
    """A value that no run can mean, on the command line or in the file."""
    key, values = case.rng.choice(table)
    value = case.rng.choice(values)
    if case.words[0] == 'test':
        key = key.replace('val_', 'test_')
    # A string that would be read as something else is quoted.
    plain = isinstance(value, str) and parse_overrides([f'{key}={value}'])[key] == value
    text = f'{key}={value}' if plain else f'{key}={value!r}'
    case.words += ['--cfg-options', text]
    parts = key.split('.')
    # A refusal names the option, or the part that it belongs to with the value.
    case.change(f'option: {text}', BAD, parts[-1], *([parts[-2]] if len(parts) > 1 else []))


def _change_data(case: Case) -> None:
    """One of the photographs is changed."""
    path = case.folder / 'photos' / f'{case.rng.randrange(3)}.png'
    source = Source(path, names=[path.name])
    change_picture(case, source)
    if source.verdict != 'sound':
        # Of the others there are enough.
        missing = not path.exists()
        case.change('', 'open' if missing or source.verdict == 'open' else 'bad', *source.names)
        case.names.append('photos')
        case.changes.remove('')


def _resume(case: Case) -> None:
    """Weights to start from, changed; or a run to go on with, that is none."""
    weights = case.folder / 'w.pth'
    weights.write_bytes(_run_checkpoint())
    if case.rng.random() < 0.5:
        case.words += ['--cfg-options', f'load_from={weights}']
        # Weights that fit in part are taken, saying so.
        change_weights(case, weights, has_config=True)
        if case.verdict == 'bad' and any(w in case.changes[-1] for w in ('less', 'more', 'shape')):
            case.verdict = 'open'
    else:
        case.words += ['--resume', str(weights)]
        case.change('weights alone to resume', BAD, weights.name)


def _trained(work: Path) -> list[str]:
    """Problems of a run that says that it has ended well."""
    path = work / f'iter_{STEPS}.pth'
    if not path.is_file():
        return [f'no {path.name}']
    weights = read_checkpoint(path)['state_dict']
    finite = all(value.isfinite().all() for value in weights.values() if value.is_floating_point())
    return [] if finite else ['the weights are not finite']


def _tested(work: Path) -> list[str]:
    rows = json.loads((work / 'results.json').read_text())['PSNR']['images']
    finite = all(math.isfinite(row['value']) for row in rows)
    return [] if rows and finite else [f'the figures are {[row["value"] for row in rows]}']


def _exported(path: Path) -> list[str]:
    return [] if path.is_file() else [f'no {path.name}']
