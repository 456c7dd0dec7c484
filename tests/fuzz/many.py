"""Cases of `restorekit restore` on folders, patterns and lists, with options for results."""

from __future__ import annotations

import functools
import glob
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from restorekit.functional import imresize
from tests.fuzz import world
from tests.fuzz.case import Case, Source, Verdict
from tests.fuzz.pictures import change_picture, new_picture

SIXTEEN = ('.png', '.tif', '.tiff')
RATED = ('.jpg', '.jpeg', '.webp', '.avif')


@dataclass
class Wanted:
    """What the options ask for.

    Attributes:
        scale: Of the network.
        factor: Of `--outscale`.
        box: Of `--size`, (width, height).
        suffix: Of `--format`.
        bits: Of `--bits`.
    """

    scale: int = 1
    factor: float | None = None
    box: tuple[int, int] | None = None
    suffix: str | None = None
    bits: int | None = None

    def size(self, height: int, width: int) -> tuple[int, int]:
        factor = self.scale if self.factor is None else self.factor
        if self.box is not None:
            factor = min(self.box[0] / width, self.box[1] / height)
        return max(round(height * factor), 1), max(round(width * factor), 1)


def restore_many(case: Case) -> None:
    """A tree of pictures, named in one way or another, with some options."""
    rng = case.rng
    name = rng.choice([*world.IMAGE_MODELS])
    _make_tree(case)
    config, weights = world.write_model(name, case.folder)
    case.words = ['restore', *_given(case), '-m', str(config), '-o', 'out']
    case.words += ['-w', str(weights)] if weights else []
    wanted = Wanted(scale=world.model(name).scale)
    exact = True
    for words, verdict, names, effect in rng.sample(OPTIONS, rng.choice((0, 1, 1, 2))):
        if any(word.startswith('--') and word in case.words for word in words):
            continue
        case.words += words
        case.change(f'words: {" ".join(words)}', verdict, *names)
        exact = exact and words[0] not in ('--ensemble', '--precision', '--tile')
        for key, value in effect.items():
            setattr(wanted, key, value)
    _check_together(case, wanted)
    _targets(case, wanted)
    for source in [*case.sources]:
        if '--dry-run' not in case.words and source.alpha is None and rng.random() < 0.25:
            change_picture(case, source)
            source.said = source.said and source.depth == 16  # a change may write it anew
            _look_for(case, source)
    case.expected = functools.partial(_expected, name, wanted)
    case.exact = exact
    if '--dry-run' in case.words:
        case.nothing = True
    elif rng.random() < 0.1:
        _done_before(case)


def _make_tree(case: Case) -> None:
    """One to four pictures in a folder and folders in it, beside what is none."""
    root, rng = case.folder / 'in', case.rng
    folders = [root, root / 'sub', root / 'sub' / 'deep er']
    folders[-1].mkdir(parents=True)
    for _ in range(rng.randint(1, 4)):
        source = new_picture(case, rng.choice(folders))
        source.below = source.path.parent.relative_to(root)
        case.sources.append(source)
        if rng.random() < 0.3:
            _with_alpha(case, source)
    (root / 'notes.txt').write_text('no image')
    (root / '.hidden').mkdir()
    (root / '.hidden' / 'x.png').write_bytes(b'x')
    (root / '._a.png').write_bytes(b'x')


def _with_alpha(case: Case, source: Source) -> None:
    """Give a PNG or TIFF of 8 bits an alpha channel."""
    if source.path.suffix not in ('.png', '.tif') or source.truth is None or source.depth == 16:
        return
    with Image.open(source.path) as image:
        if image.mode not in ('L', 'RGB'):
            return
        colour = image.convert('RGB')
    alpha = case.numpy.integers(0, 256, (colour.height, colour.width), np.uint8)
    colour.putalpha(Image.fromarray(alpha))
    colour.save(source.path)
    if source.truth.shape[2] == 1:
        source.truth = source.truth.repeat(3, 2)
    source.alpha = alpha[..., None] / 255.0
    case.changes.append(f'{source.path.name}: has alpha')


def _given(case: Case) -> list[str]:
    """How the pictures are named: all of them, once."""
    rng, paths = case.rng, [str(source.path) for source in case.sources]
    kind = rng.choice(('folder', 'files', 'pattern', 'list', 'input', 'both'))
    if kind not in ('folder', 'both', 'pattern'):
        for source in case.sources:
            source.below = Path()
    if kind == 'folder':
        return ['in']
    if kind == 'both':  # a file that is in the folder too
        case.sources.insert(0, case.sources.pop(case.sources.index(rng.choice(case.sources))))
        case.sources[0].below = Path()
        return [str(case.sources[0].path.relative_to(case.folder)), 'in']
    if kind == 'pattern':
        for source in case.sources:
            source.below = Path()
        return [f'in/**/*{suffix}' for suffix in sorted({s.path.suffix for s in case.sources})]
    text = rng.choice(('\n', '\r\n', '\n\n')).join([*paths, ''])
    if kind == 'list':
        mark = rng.choice(('', '\ufeff'))
        (case.folder / 'list.txt').write_text(mark + text, encoding='utf-8')
        return ['@list.txt']
    if kind == 'input':
        case.stdin = text
        return ['-']
    return paths


def _look_for(case: Case, source: Source) -> None:
    """Of a picture that is gone nobody knows who has not named it."""
    names = {str(source.path), str(source.path.relative_to(case.folder))}
    by_name = case.words[1] in ('-', '@list.txt') or bool(names & {*case.words})
    gone = not (source.path.exists() or source.path.is_symlink())
    if not by_name and (gone or (source.path.is_dir() and 'in' in case.words)):
        case.sources.remove(source)
        pattern = f'in/**/*{source.path.suffix}'
        if pattern in case.words and not glob.glob(str(case.folder / pattern), recursive=True):
            case.change('nothing that matches', 'bad', pattern)
    if not case.sources:
        case.change('nothing is left', 'bad', 'in')


def _check_together(case: Case, wanted: Wanted) -> None:
    """What no option says alone."""
    has = set(case.words)
    suffixes = {_suffix(source, wanted).lower() for source in case.sources}
    if '--quality' in has and not suffixes <= set(RATED):
        case.change('a quality for a format that has none', 'bad', 'quality')
    if wanted.bits == 16 and not suffixes <= set(SIXTEEN):
        case.change('16 bits for a format that has not', 'bad', '16 bits')
    if {'--size', '--outscale'} <= has:
        case.change('two sizes', 'bad', 'not allowed with')


def _suffix(source: Source, wanted: Wanted) -> str:
    if wanted.suffix is not None:
        return wanted.suffix
    kept = (*SIXTEEN, *([] if wanted.bits == 16 else ['.bmp']))
    return source.path.suffix if source.path.suffix.lower() in kept else '.png'


def _targets(case: Case, wanted: Wanted) -> None:
    for source in case.sources:
        source.bits = wanted.bits
        name = source.path.name.removesuffix(source.path.suffix) + _suffix(source, wanted)
        source.target = case.folder / 'out' / source.below / name
        if '--dry-run' in case.words:
            continue
        alpha_goes = source.alpha is not None and source.target.suffix in ('.jpg', '.jpeg', '.bmp')
        deep = source.depth == 16 and wanted.bits is None
        source.said = alpha_goes or (deep and source.target.suffix.lower() not in SIXTEEN)
        if '--max-pixels' in case.words and source.truth is not None:
            limit = case.words[case.words.index('--max-pixels') + 1]
            height, width = source.truth.shape[:2]
            if limit.isdecimal() and 0 < int(limit) < height * width:
                source.change('bad', source.path.name)


def _done_before(case: Case) -> None:
    """A run before made some of the results; they stay as they are, and that is said."""
    source = case.rng.choice(case.sources)
    if case.verdict != 'sound' or source.verdict != 'sound' or source.target is None:
        return
    source.target.parent.mkdir(parents=True, exist_ok=True)
    source.target.write_bytes(b'mine')
    case.changes.append(f'{source.target.name} is there already')
    if len(case.sources) == 1 or case.words[1] not in ('in', '-', '@list.txt'):
        case.change('one of those that are named is done', 'open', source.target.name)
    source.target, source.truth = None, None
    source.done, source.said = True, False


def _expected(name: str, wanted: Wanted, source: Source) -> np.ndarray:
    """(H, W, C) float64 in [0, 1], alpha included where the format holds it."""
    assert source.truth is not None
    assert source.target is not None
    image = _resized(world.restored(name, source), wanted.size(*source.truth.shape[:2]))
    holds_alpha = source.target.suffix.lower() in ('.png', '.tif', '.tiff', '.webp', '.avif')
    if source.alpha is None or not holds_alpha:
        return image
    alpha = _resized(source.alpha, image.shape[:2])
    return np.dstack([image if image.shape[2] == 3 else image.repeat(3, 2), alpha])


def _resized(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    if image.shape[:2] == size:
        return image
    planes = torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1))).float()
    return imresize(planes, size=size).clamp(0, 1).numpy().transpose(1, 2, 0).astype(np.float64)


Option = tuple[list[str], Verdict, list[str], dict[str, Any]]
OPTIONS: list[Option] = [
    *[
        (['--format', form], 'sound', [], {'suffix': f'.{form.lower().lstrip(".")}'})
        for form in ('jpg', 'png', '.PNG', 'tif', 'tiff', 'webp', 'avif', 'bmp', 'jpeg')
    ],
    *[(['--format', form], 'bad', [form or '.'], {}) for form in ('gif', 'x', '', 'hdr', 'a/b')],
    *[
        (['--size', f'{w}x{h}'], 'sound', [], {'box': (w, h)})
        for w, h in ((40, 30), (7, 90), (1, 1), (20, 20))
    ],
    (['--size', '100000x100000'], 'bad', ['--size'], {}),
    *[(['--size', text], 'bad', ['--size'], {}) for text in ('0x5', 'axb', '5', '3x', '-3x4', '')],
    *[
        (['--outscale', f'{s}'], 'sound', [], {'factor': s})
        for s in (0.5, 1.0, 1.5, 2.0, 2.7, 0.01, 16.0)
    ],
    *[
        (['--outscale', text], 'bad', ['--outscale'], {})
        for text in ('0', '-1', '17', 'nan', 'inf', 'x', '')
    ],
    *[(['--quality', text], 'sound', [], {}) for text in ('1', '90', '100')],
    *[(['--quality', '80', '--format', 'jpg'], 'sound', [], {'suffix': '.jpg'})] * 2,
    *[(['--quality', text], 'bad', ['--quality'], {}) for text in ('0', '101', '-5', 'x', '9.5')],
    (['--bits', '8'], 'sound', [], {'bits': 8}),
    *[(['--bits', '16'], 'sound', [], {'bits': 16})] * 2,
    (['--bits', '12'], 'bad', ['--bits'], {}),
    *[(['--ensemble'], 'sound', [], {})] * 2,
    (['--precision', 'float32'], 'sound', [], {}),
    (['--precision', 'bfloat16'], 'sound', [], {}),
    (['--precision', 'float16'], 'sound', [], {}),
    (['--precision', 'float64'], 'bad', ['--precision'], {}),
    *[(['--dry-run'], 'sound', [], {})] * 3,
    (['--max-pixels', '1000000'], 'sound', [], {}),
    *[(['--max-pixels', '100'], 'sound', [], {})] * 2,
    *[(['--max-pixels', text], 'bad', ['--max-pixels'], {}) for text in ('0', '-4', 'none', '1e6')],
    (['--tile', '16', '--overlap', '4'], 'sound', [], {}),
    (['--ev', '-2', '0', '2'], 'bad', ['--ev'], {}),
    (['--bracket-size', '3'], 'bad', ['--bracket-size'], {}),
    (['--align', 'mtb'], 'bad', ['--align'], {}),
    (['--task', 'sr'], 'bad', ['--task'], {}),
    (['--scale', '2'], 'bad', ['--scale'], {}),
    (['in/nothing.png'], 'bad', ['nothing.png'], {}),
    (['nothing/*.png'], 'bad', ['nothing/*.png'], {}),
    (['@nothing.txt'], 'bad', ['nothing.txt'], {}),
    (['@in'], 'bad', ['in'], {}),
    (['@in/notes.txt'], 'bad', ['no image', 'notes.txt'], {}),
    (['in/notes.txt'], 'open', ['notes.txt'], {}),
]
