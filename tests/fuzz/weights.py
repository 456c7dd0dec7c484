"""Checkpoints, and what may happen to them."""

from __future__ import annotations

import io
import os
import random
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any

import torch

from tests.fuzz.case import Case, Verdict


class Attack:
    """Unpickled as a program it makes a folder."""

    def __reduce__(self) -> tuple:
        return os.mkdir, ('pwned',)


def change_weights(case: Case, path: Path, *, has_config: bool) -> None:
    """One random change to a checkpoint; `has_config` where one is named beside it."""
    table = [*BYTES, *CONTENTS, *([] if has_config else CONFIGS)]
    name, change, verdict = case.rng.choice(table)
    if (name, change, verdict) in BYTES:
        change(path, case.rng)
    else:
        loaded = torch.load(path, weights_only=False)
        torch.save(change(loaded, case.rng), path)
    if verdict == 'config':  # only the config named beside it says what the weights are for
        verdict = 'sound' if has_config else 'bad'
    case.change(f'{path.name}: {name}', verdict, path.name)


def _cut(path: Path, rng: random.Random) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * rng.uniform(0, 0.99))])


def _flip_weight(path: Path, rng: random.Random) -> None:
    """Two bits in the numbers of the largest tensor."""
    with zipfile.ZipFile(path) as archive:
        part = max(
            (item for item in archive.infolist() if '/data/' in item.filename),
            key=lambda item: item.file_size,
        )
        numbers = archive.read(part)
    data = bytearray(path.read_bytes())
    at = data.index(numbers)
    for _ in range(2):
        data[at + rng.randrange(len(numbers))] ^= 1 << rng.randrange(8)
    path.write_bytes(data)


def _other(path: Path, make: Any) -> None:
    path.unlink()
    make(path)


def _edit(**changes: Any) -> Any:
    return lambda loaded, rng: {**loaded, **changes}


def _edit_weights(change: Any) -> Any:
    def edit(loaded: dict, rng: random.Random) -> dict:
        weights = OrderedDict(loaded['state_dict'])
        name = rng.choice([key for key, value in weights.items() if value.ndim > 1])
        change(weights, name)
        return {**loaded, 'state_dict': weights}

    return edit


def _edit_model(key: str, values: tuple) -> Any:
    def edit(loaded: dict, rng: random.Random) -> dict:
        model = {**loaded['meta']['model'], key: rng.choice(values)}
        if key not in model or key in ('num_feats', 'num_blocks'):
            model.pop(key)
            model['backbone'] = {**model['backbone'], key: rng.choice(values)}
        return {**loaded, 'meta': {**loaded['meta'], 'model': model}}

    return edit


BYTES: list[tuple[str, Any, Verdict]] = [
    ('cut', _cut, 'bad'),
    ('two bits of a weight', _flip_weight, 'bad'),
    ('emptied', lambda path, rng: path.write_bytes(b''), 'bad'),
    ('text', lambda path, rng: path.write_text('hello'), 'bad'),
    ('noise', lambda path, rng: path.write_bytes(rng.randbytes(rng.randint(1, 2000))), 'bad'),
    ('deleted', lambda path, rng: path.unlink(), 'bad'),
    ('a folder', lambda path, rng: _other(path, Path.mkdir), 'bad'),
    ('a pipe', lambda path, rng: _other(path, os.mkfifo), 'bad'),
]
CONTENTS: list[tuple[str, Any, Any]] = [
    ('bare weights', lambda loaded, rng: loaded['state_dict'], 'config'),
    ('wrapped', _edit_weights(lambda w, n: w.update({f'module.{n}': w.pop(n)})), 'sound'),
    ('NaN', _edit_weights(lambda w, n: w[n].fill_(torch.nan)), 'bad'),
    ('a weight less', _edit_weights(lambda w, n: w.pop(n)), 'bad'),
    ('a weight more', _edit_weights(lambda w, n: w.update(x=torch.ones(1))), 'bad'),
    ('another shape', _edit_weights(lambda w, n: w.update({n: w[n][None]})), 'bad'),
    ('sparse', _edit_weights(lambda w, n: w.update({n: w[n].to_sparse()})), 'bad'),
    ('integers', _edit_weights(lambda w, n: w.update({n: w[n].int()})), 'open'),
    ('a number', _edit_weights(lambda w, n: w.update({n: 5})), 'bad'),
    ('complex', _edit_weights(lambda w, n: w.update({n: w[n] * 1j})), 'open'),
    ('a number as a name', lambda loaded, rng: {**loaded, 'state_dict': {1: torch.ones(1)}}, 'bad'),
    ('a list', lambda loaded, rng: [loaded], 'bad'),
    ('None', lambda loaded, rng: None, 'bad'),
    ('no weights', _edit(state_dict={}), 'bad'),
    ('weights of a tensor', _edit(state_dict=torch.ones(3)), 'bad'),
    ('a program', _edit(extra=Attack()), 'bad'),
]
CONFIGS: list[tuple[str, Any, Verdict]] = [
    ('no config', _edit(meta={}), 'bad'),
    ('a number as meta', _edit(meta=5), 'bad'),
    ('type', _edit_model('type', (5, None, 'os.mkdir', 'Restorerr', [], 'mmengine.Config')), 'bad'),
    ('backbone', _edit_model('backbone', (5, None, {}, 'AIN', {'type': 5}, {'typ': 'AIN'})), 'bad'),
    ('num_feats', _edit_model('num_feats', (-16, 0, 10**6, 'x', 2.5, None, {1: 2})), 'bad'),
    ('num_blocks', _edit_model('num_blocks', (-2, 10**8, 'x', [1], 10**30)), 'bad'),
    ('loader', _edit_model('init_cfg', ({'type': 'Pretrained', 'checkpoint': 'x.pth'},)), 'bad'),
]


def reloaded(data: bytes) -> Any:
    return torch.load(io.BytesIO(data), weights_only=False)
