"""Cases of the Python door: arrays and exposures given to an Inferencer."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import torch
from PIL import Image

from restorekit.inference import Inferencer
from tests.fuzz import world
from tests.fuzz.case import Case, Source


def call(case: Case) -> None:
    """`Inferencer(config, weights)(image, exposures)`."""
    rng, numbers = case.rng, case.numpy
    name = rng.choice([*world.MODELS_BY_NAME])
    config, weights = world.write_model(name, case.folder)
    takes_bracket = world.model(name).takes_bracket
    size = (rng.randint(6, 20), rng.randint(6, 20))
    exposures = [0.0, 2.0, 4.0] if takes_bracket else None
    shape = (3, *size, 3) if takes_bracket else (*size, rng.choice((1, 3)))
    truth = numbers.random(shape, dtype=np.float32)
    case.sources = [Source(case.folder, truth, exposures)]
    case.expected = functools.partial(world.restored, name)
    given: Any = list(truth) if takes_bracket else truth
    options: dict[str, Any] = {}
    kind = rng.random()
    if kind < 0.5:
        what, change, verdict = rng.choice(ARRAYS)
        given = [change(frame) for frame in given] if takes_bracket else change(given)
        case.change(f'image: {what}', verdict, 'Inferencer', 'image', 'frame')
    elif kind < 0.75 and takes_bracket:
        what, exposures, verdict = rng.choice(EXPOSURES)
        if verdict == 'needed':
            verdict = 'bad' if world.model(name).needs_exposures else 'open'
        case.change(f'exposures: {what}', verdict, 'exposure')
    elif kind < 0.9:
        options, verdict = rng.choice(OPTIONS)
        case.change(f'options: {options}', verdict, *options, *map(str, options.values()))
    case.words = ['Inferencer', name, str(getattr(given, 'shape', type(given))), str(exposures)]
    case.call = lambda: Inferencer(config, weights, **options)(given, exposures)


def _with(value: float) -> Any:
    def change(image: np.ndarray) -> np.ndarray:
        image = image.copy()
        image[0, 0, 0] = value
        return image

    return change


ARRAYS: list[tuple[str, Any, Any]] = [
    ('uint8', lambda x: (x * 255).astype(np.uint8), 'bad'),
    ('bool', lambda x: x > 0.5, 'bad'),
    ('float64', lambda x: x.astype(np.float64), 'sound'),
    ('float16', lambda x: x.astype(np.float16), 'open'),
    ('big-endian', lambda x: x.astype('>f4'), 'sound'),
    ('complex', lambda x: x.astype(np.complex64), 'bad'),
    ('objects', lambda x: x.astype(object), 'bad'),
    ('in another order', lambda x: np.asfortranarray(x), 'sound'),
    ('read-only', lambda x: np.frombuffer(x.tobytes(), np.float32).reshape(x.shape), 'sound'),
    ('NaN', _with(np.nan), 'bad'),
    ('infinity', _with(np.inf), 'bad'),
    ('negative', _with(-0.5), 'bad'),
    ('above one', _with(300), 'bad'),
    ('two axes', lambda x: x[..., 0], 'bad'),
    ('two channels', lambda x: x[..., [0, 0]], 'bad'),
    ('four channels', lambda x: x[..., [0, 0, 0, 0]], 'bad'),
    ('channels first', lambda x: np.moveaxis(x, -1, 0)[:, :5], 'bad'),
    ('no rows', lambda x: x[:0], 'bad'),
    ('no columns', lambda x: x[:, :0], 'bad'),
    ('a batch', lambda x: x[None], 'bad'),
    ('a PIL image', lambda x: Image.fromarray((x[..., 0] * 255).astype(np.uint8)), 'bad'),
    ('a tensor', lambda x: torch.from_numpy(x), 'bad'),
    ('lists', lambda x: x.tolist(), 'bad'),
    ('a string', lambda x: 'a.png', 'bad'),
    ('a number', lambda x: 5, 'bad'),
    ('None', lambda x: None, 'bad'),
]
EXPOSURES: list[tuple[str, Any, Any]] = [
    ('none', None, 'needed'),
    ('too few', [0.0, 2.0], 'needed'),
    ('too many', [0.0, 2.0, 4.0, 6.0], 'needed'),
    ('equal', [0.0, 0.0, 0.0], 'needed'),
    ('in another order', [4.0, 2.0, 0.0], 'needed'),
    ('NaN', [0.0, np.nan, 4.0], 'needed'),
    ('absurd', [0.0, 200.0, 4000.0], 'needed'),
    ('strings', ['0', '2', '4'], 'needed'),
    ('a number', 5, 'needed'),
    ('nested', [[0.0], [2.0], [4.0]], 'needed'),
    ('an array', np.array([0.0, 2.0, 4.0]), 'sound'),
    ('a tuple', (0, 2, 4), 'sound'),
]
OPTIONS: list[tuple[dict[str, Any], Any]] = [
    ({'tile': 0}, 'bad'),
    ({'tile': -1}, 'bad'),
    ({'tile': 8, 'overlap': 8}, 'bad'),
    ({'tile': 8, 'overlap': -1}, 'bad'),
    ({'tile': 1000}, 'sound'),
    ({'tile': 2.5, 'overlap': 1}, 'bad'),
    ({'tile': 'x', 'overlap': 1}, 'bad'),
    ({'device': 'cpu'}, 'sound'),
    ({'device': 'meta'}, 'bad'),
    ({'device': 'cuda:50'}, 'bad'),
    ({'device': 5}, 'bad'),
]
