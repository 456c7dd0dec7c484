"""Cases of `restorekit restore`: images, brackets, networks, command lines."""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import Any

import numpy as np

from tests.fuzz import world
from tests.fuzz.case import Case, Source, Verdict
from tests.fuzz.pictures import change_picture, decode, draw, encode, new_picture
from tests.fuzz.weights import change_weights


def restore_images(case: Case) -> None:
    """Some images through a network for images."""
    rng, inputs = case.rng, case.folder / 'in'
    inputs.mkdir()
    name = rng.choice([*world.IMAGE_MODELS])
    case.sources = []
    for _ in range(rng.choice((1, 1, 2, 3))):
        case.sources.append(new_picture(case, inputs))
    _compose(case, name)
    for source in case.sources:
        if rng.random() < 0.5:
            change_picture(case, source)


def restore_brackets(case: Case) -> None:
    """A bracket through a method or network for brackets."""
    name = case.rng.choice([*world.BRACKET_MODELS])
    case.sources = [_new_bracket(case, frames=3)]
    _compose(case, name)
    if case.rng.random() < 0.7:
        _change_bracket(case, case.sources[0], needs_exposures=world.model(name).needs_exposures)


def _new_bracket(case: Case, *, frames: int) -> Source:
    folder, rng = case.folder / 'scene', case.rng
    folder.mkdir()
    scene = draw(case, low=8).astype(np.float64)
    scene = np.repeat(scene, 3, 2) if scene.shape[2] == 1 else scene
    radiance = 0.02 + 0.96 * scene / max(scene.max(), 1)
    exposures = [2.0 * index for index in range(frames)]
    pictures = []
    places = rng.sample(range(frames), frames)  # the order of the files is not that of the light
    for place, ev in zip(places, exposures, strict=True):
        frame = np.clip(radiance * 2.0 ** (ev - exposures[-1]) * 1.5, 0, 1) ** (1 / 2.2)
        path = folder / f'{place}.png'
        encode(path, np.round(frame * 255).astype(np.uint8))
        pictures.append(decode(path))
    lines = [f'{exposures[places.index(place)] - 2}' for place in range(frames)]
    (folder / 'exposure.txt').write_text('\n'.join(lines))
    return Source(folder, np.stack(pictures), exposures, names=['scene'])


PICTURES = 'bicubic/bicubic_x3.py'  # which takes one


def _change_bracket(case: Case, source: Source, *, needs_exposures: bool) -> None:
    folder, rng = source.path, case.rng
    listing, kind = folder / 'exposure.txt', rng.choice(sorted(BRACKETS))
    change, verdict = BRACKETS[kind]
    needed = {'listed': 'bad' if needs_exposures else 'open'}
    if callable(change):
        change(case, folder)
    else:
        lines = listing.read_text().splitlines()
        listing.write_text(change if isinstance(change, str) else '\n'.join(change[0](lines)))
    case.changes.append(f'scene: {kind}')
    if PICTURES in case.words:  # what is no bracket may well be pictures
        verdict = 'open'
    source.change(needed.get(verdict, verdict), 'scene', *(f'{n}.png' for n in range(3)))


def _cut_frame(case: Case, folder: Path) -> None:
    path = folder / f'{case.rng.randrange(3)}.png'
    path.write_bytes(path.read_bytes()[:60])


def _other_size(case: Case, folder: Path) -> None:
    encode(folder / f'{case.rng.randrange(3)}.png', np.zeros((5, 6, 3), np.uint8))


def _only_one(case: Case, folder: Path) -> None:
    for number in (1, 2):
        (folder / f'{number}.png').unlink()


BRACKETS: dict[str, tuple[Any, Any]] = {
    'no exposures': (lambda case, folder: (folder / 'exposure.txt').unlink(), 'listed'),
    'reversed exposures': ((lambda lines: [str(-float(line)) for line in lines],), 'listed'),
    'absurd exposures': ('0\n200\n4000', 'listed'),
    'equal exposures': ('1\n1\n1', 'listed'),
    'NaN': ('nan\n0\n2', 'listed'),
    'infinity': ('0\n2\ninf', 'listed'),
    'two lines': ('0\n2', 'listed'),
    'words': ('dark\nmiddle\nbright', 'listed'),
    'binary': ('\x00\x01\x02', 'listed'),
    'a frame cut': (_cut_frame, 'bad'),
    'a frame of another size': (_other_size, 'bad'),
    'one frame': (_only_one, 'bad'),
    'emptied': (lambda case, folder: [path.unlink() for path in folder.iterdir()], 'bad'),
    'a frame that cannot be read': (
        lambda case, folder: (folder / '3.CR2').write_bytes(b'raw'),
        'open',
    ),
    'notes': (lambda case, folder: (folder / 'notes.txt').write_text('x'), 'sound'),
    'a hidden image': (lambda case, folder: (folder / '._0.png').write_bytes(b'x'), 'sound'),
    'a folder in it': (lambda case, folder: (folder / 'more').mkdir(), 'sound'),
    'a pipe in it': (lambda case, folder: os.mkfifo(folder / '9.png'), 'open'),
}


def _compose(case: Case, name: str) -> None:
    """The command line for the sources, with a change to it, or to network or weights."""
    rng, network = case.rng, world.model(name)
    config, weights = world.write_model(name, case.folder)
    case.words = ['restore', *(str(source.path) for source in case.sources)]
    has_config = weights is None or rng.random() < 0.5
    case.words += ['-m', str(config)] if has_config else []
    case.words += ['-w', str(weights)] if weights else []
    case.words += ['-o', 'out', *(['--tonemap', 'none'] if network.linear else [])]
    suffix = '.hdr' if network.linear else '.png'
    for source in case.sources:
        keep = source.path.suffix.lower() in ('.png', '.tif', '.tiff', '.bmp')
        file = source.path.name if keep else f'{source.path.stem}{suffix}'
        source.target = case.folder / 'out' / file
    case.expected = functools.partial(world.restored, name)
    kind = rng.random()
    if kind < 0.2:
        _change_words(case, network.linear)
    elif kind < 0.4 and weights:
        change_weights(case, weights, has_config=has_config)
    elif kind < 0.5 and has_config:
        _change_config(case, config)
    elif kind < 0.6:
        case.fault = (rng.choice(('full', 'ctrl-c')), rng.randint(1, 4))


def _change_config(case: Case, config: Path) -> None:
    text, rng = config.read_text(), case.rng
    name, change, verdict, *names = rng.choice(CONFIGS)
    config.write_text(change(text) if callable(change) else change)
    config.with_name('other.py').write_text(f"_base_ = './{config.name}'\n")
    case.change(f'{config.name}: {name}', verdict, config.name, *names)


CONFIGS: list[tuple[Any, ...]] = [
    ('emptied', '', 'bad'),
    ('no Python', 'model = dict(', 'bad'),
    ('zeros', '\x00\x00', 'bad'),
    ('a number', 'model = 5', 'bad', 'model'),
    ('a list', 'model = []', 'bad', 'model'),
    ('no type', lambda text: text.replace("'type'", "'typ'"), 'bad', 'model', 'typ'),
    ('a cycle', lambda text: f"_base_ = './other.py'\n{text}", 'bad', '_base_', 'other.py'),
    ('a base that is not there', lambda text: f"_base_ = 'no.py'\n{text}", 'bad', 'no.py'),
    ('raises', 'raise KeyError("oh")', 'bad', 'oh'),
    ('divides by zero', '1 / 0', 'bad'),
    ('a top-level type', lambda text: f"type = 'x'\n{text}", 'open', 'type'),
    ('a slip', lambda text: f'modle = 1\n{text}', 'bad', 'modle'),
    ('a free variable', lambda text: f'my_root = 1\n{text}', 'sound'),
    ('an option', lambda text: text.replace("{'type'", "{'no_such': 1, 'type'", 1), 'bad', 'no_su'),
]

WORDS: list[tuple[list[str], Verdict, list[str]]] = [
    (['--bits', '7'], 'bad', ['--bits']),
    (['--bits', '16'], 'open', ['16']),
    (['--tile', '0'], 'sound', []),
    (['--tile', '-3'], 'bad', ['tile']),
    (['--tile', 'x'], 'bad', ['--tile']),
    (['--tile', '1000000000'], 'sound', []),
    (['--tile', '8', '--overlap', '2'], 'open', ['overlap', 'tile']),
    (['--tile', '8', '--overlap', '-1'], 'bad', ['overlap']),
    (['--tile', '8', '--overlap', '8'], 'bad', ['overlap']),
    (['--device', 'meta'], 'bad', ['meta']),
    (['--device', 'cuda:99'], 'bad', ['cuda:99']),
    (['--device', 'gpu'], 'bad', ['gpu']),
    (['--device', ''], 'bad', ['device']),
    (['--device', 'cpu'], 'sound', []),
    (['--tonemap', 'mu'], 'open', ['tonemap', 'mu']),
    (['--tonemap', 'x'], 'bad', ['--tonemap']),
    (['--overwrite'], 'sound', []),
    (['--no-such'], 'bad', ['--no-such']),
    (['no.png'], 'bad', ['no.png']),
    (['-w', 'no.pth'], 'bad', ['no.pth']),
    (['-m', 'no.py'], 'bad', ['no.py']),
    (['-m', PICTURES], 'open', ['bicubic', '.pth', 'frames', 'image']),
]


def _change_words(case: Case, linear: bool) -> None:
    change = case.rng.choice((_occupy, _change_out, _change_option, _change_option))
    (case.folder / 'taken').write_text('mine')
    change(case)


def _change_option(case: Case) -> None:
    words, verdict, names = case.rng.choice(WORDS)
    at = len(case.words) if words[0].startswith('-') else 1
    case.words[at:at] = words
    case.change(f'words: {" ".join(words)}', verdict, *names)
    for source in case.sources:
        assert source.target is not None
        case.extra.add(source.target.with_name(f'{source.target.stem}_mu.png'))
        if verdict == 'open':
            source.target = None  # wherever it belongs


def _change_out(case: Case) -> None:
    """Another place for the results."""
    source = case.sources[0]
    target, is_scene = source.target, source.path.name == 'scene'
    assert target is not None
    outs: list[tuple[str, Verdict]] = [
        ('taken/x', 'bad'),
        ('x.gif', 'bad'),
        ('/dev/full', 'bad'),
        ('', 'bad'),
        ('new.v2', 'sound'),
        ('deep/er/folder', 'sound'),
        (f'one{target.suffix}', 'sound' if len(case.sources) == 1 else 'bad'),
        ('scene' if is_scene else 'in', 'bad' if is_scene else 'open'),
        ('scene/1.tif', 'bad' if is_scene else 'open'),
    ]
    out, verdict = case.rng.choice(outs)
    case.words += ['-o', out]
    case.change(f'words: -o {out!r}', verdict, out or '-o')
    for other in case.sources:
        assert other.target is not None
        if out.startswith('one'):
            other.target = case.folder / out
        else:
            other.target = None if verdict == 'open' else case.folder / out / other.target.name


def _occupy(case: Case) -> None:
    """A file or folder stands where the result goes."""
    target, rng = case.sources[0].target, case.rng
    assert target is not None
    target.parent.mkdir()
    if rng.random() < 0.3:
        target.mkdir()
        case.change('a folder in the place of the result', 'bad', target.name)
        return
    target.write_bytes(b'mine')
    if rng.random() < 0.5:
        case.words.append('--overwrite')
        case.replaceable.add(target)
        case.change('a file to overwrite')
    else:
        case.change('a file in the place of the result', 'bad', target.name)
