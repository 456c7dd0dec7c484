"""Cases of `restorekit restore` on brackets: how they are found, their exposures, what is made."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tests.fuzz import world
from tests.fuzz.case import Case, Source, Verdict
from tests.fuzz.pictures import decode, draw, encode

EXPOSURE_TIME = 0x829A
METHODS = {'debevec': True, 'mertens': False}  # whether the result is radiance
FRAMES = 3


def restore_bracket_files(case: Case) -> None:
    """One scene or two, in folders or in one, through a method, a network, or what is chosen."""
    rng = case.rng
    name = rng.choice([*world.BRACKET_MODELS, *METHODS, ''])
    layout, known = rng.choice(('scene', 'scenes', 'flat')), rng.choice(('listed', 'exif', 'ev'))
    if known == 'listed' and layout == 'flat':
        known = 'exif'
    scenes = 1 if layout == 'scene' else 2
    case.words = ['restore', 'in/s0' if layout == 'scene' else 'in', '-o', 'out']
    _name_model(case, name)
    order = rng.sample(range(FRAMES), FRAMES)
    for scene in range(scenes):
        _make_scene(case, case.folder / 'in', scene, layout, known, order)
    if known == 'ev':
        case.words += ['--ev', *(f'{2 * order.index(place) - 2}' for place in range(FRAMES))]
    if layout == 'flat' and known == 'ev':
        case.words += ['--bracket-size', str(FRAMES)]
    linear = METHODS.get(name, name != 'average' if name else True)
    if name in ('average', 'reference', 'hdr'):
        linear = world.model(name).linear
        case.expected = functools.partial(world.restored, name)
    suffix, tone = _choose_options(case, name, layout, linear)
    _targets(case, suffix, tone, linear)


def _choose_options(case: Case, name: str, layout: str, linear: bool) -> tuple[str, str]:
    """Add some options; returns the suffix of the results and the tone curve."""
    tone, suffix, align = 'reinhard', '.hdr' if linear else '.png', False
    for words, verdict, names in case.rng.sample(OPTIONS, case.rng.choice((0, 1, 1, 2))):
        other_scenes = words == ['--bracket-size', '2'] and layout == 'flat'
        if other_scenes or (words[0] in case.words and words[0] != '--ev'):
            continue
        case.words += words
        asked = _meant(words, verdict, name, layout, linear)
        case.change(f'words: {" ".join(words)}', asked, *names)
        if words[0] == '--tonemap':
            tone = words[1]
        elif '--format' in words:
            suffix = f'.{words[-1]}'
        align = align or words[0] == '--align'
    case.exact = not align
    if {'--size', '--outscale'} <= {*case.words}:
        case.change('two sizes', 'bad', 'not allowed with')
    case.nothing = '--dry-run' in case.words
    if case.nothing and case.verdict == 'bad':  # files are not read, and so not found to be wrong
        case.verdict = 'open'
    return suffix, tone


def _name_model(case: Case, name: str) -> None:
    if name in world.BRACKET_MODELS:
        config, weights = world.write_model(name, case.folder)
        case.words += ['-m', str(config), *(['-w', str(weights)] if weights else [])]
    elif name:
        case.words += ['-m', name]


def _make_scene(
    case: Case, root: Path, scene: int, layout: str, known: str, order: list[int]
) -> None:
    """The frames of a scene; those of the second are taken later."""
    folder = root if layout == 'flat' else root / f's{scene}'
    folder.mkdir(parents=True, exist_ok=True)
    pixels = draw(case, low=8).astype(np.float64)
    pixels = np.repeat(pixels, 3, 2) if pixels.shape[2] == 1 else pixels
    radiance = 0.02 + 0.96 * pixels / max(pixels.max(), 1)
    frames: dict[int, np.ndarray] = {}
    for place in range(FRAMES):
        ev = 2.0 * order.index(place)
        frame = np.clip(radiance * 2.0 ** (ev - 4) * 1.5, 0, 1) ** (1 / 2.2)
        path = folder / f'{scene}_{place}.png'
        encode(path, np.round(frame * 255).astype(np.uint8))
        if known == 'exif':
            _tell(path, 2.0**ev / 100, scene)
        decoded = decode(path)
        assert decoded is not None
        frames[order.index(place)] = decoded
    if known == 'listed':
        lines = [f'{2 * order.index(place) - 2}' for place in range(FRAMES)]
        (folder / 'exposure.txt').write_text('\n'.join(lines))
    truth = np.stack([frames[rank] for rank in range(FRAMES)])
    path = folder / f'{scene}_0.png' if layout == 'flat' else folder
    names = [folder.name, *(f'{scene}_{place}.png' for place in range(FRAMES))]
    case.sources.append(Source(path, truth, [0.0, 2.0, 4.0], names=names))


def _tell(path: Path, seconds: float, scene: int) -> None:
    """Write the exposure of a frame into its EXIF."""
    exif = Image.Exif()
    exif[0x8769] = {EXPOSURE_TIME: seconds, 0x9003: f'2024:05:01 1{scene}:00:00'}
    with Image.open(path) as image:
        image.load()
    image.save(path, exif=exif)


def _targets(case: Case, suffix: str, tone: str, linear: bool) -> None:
    beside = '.png'
    if linear and suffix not in ('.hdr', '.exr', '.tif', '.tiff'):
        suffix, beside = '.hdr', suffix
    for source in case.sources:
        if '--task' in case.words:
            continue
        stem = source.path.name.removesuffix('.png')
        source.target = case.folder / 'out' / f'{stem}{suffix}'
        if linear and tone != 'none':
            case.extra.add(case.folder / 'out' / f'{stem}_{tone}{beside}')


def _meant(words: list[str], verdict: Any, name: str, layout: str, linear: bool) -> Verdict:
    """The verdict on an option that not everything takes."""
    if verdict == 'methods':
        return 'bad' if name in ('hdr', '') else 'sound'
    if verdict == 'radiance':
        return 'sound' if linear else 'bad'
    if verdict == 'picture':
        return 'bad' if linear else 'sound'
    if verdict == 'scene':
        return 'sound' if layout != 'flat' else 'open'
    if verdict == 'unnamed':
        return 'open' if not name else 'bad'
    return verdict


OPTIONS: list[tuple[list[str], Any, list[str]]] = [
    *[(['--tonemap', tone], 'sound', []) for tone in ('drago', 'mantiuk', 'mu', 'none')],
    (['--tonemap', 'x'], 'bad', ['--tonemap']),
    *[(['--align', kind], 'methods', ['--align']) for kind in ('mtb', 'mtb', 'ecc')],
    (['--align', 'x'], 'bad', ['--align']),
    (['--format', 'exr'], 'radiance', ['exr']),
    (['--format', 'tif'], 'sound', []),
    (['--format', 'hdr'], 'radiance', ['hdr']),
    (['--format', 'gif'], 'bad', ['gif']),
    (['--quality', '80', '--format', 'webp'], 'open', ['quality', 'webp']),
    (['--quality', '80'], 'bad', ['quality']),
    (['--bracket-size', '3'], 'sound', []),
    (['--bracket-size', '2'], 'bad', ['s0']),
    *[(['--bracket-size', text], 'bad', ['--bracket-size']) for text in ('0', '1', '-3', 'x')],
    (['--bracket-size', '7'], 'bad', ['in', 's0']),
    *[
        (['--ev', *text.split()], 'bad', ['--ev', 'exposure', 's0', 'in'])
        for text in ('0 2', '0 2 4 6', 'nan 0 2', '0 2 inf', '1 1 1', 'a b c', '0 500 1000')
    ],
    (['--ensemble'], 'open', ['ensemble']),
    (['--outscale', '0.5'], 'open', []),
    (['--size', '20x20'], 'open', []),
    (['--task', 'fusion'], 'unnamed', ['--task']),
    (['--dry-run'], 'sound', []),
    (['--max-pixels', '20'], 'bad', ['--max-pixels']),
]
