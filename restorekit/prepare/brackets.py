"""Moving scenes with HDR ground truth from static brackets or maps, in the layout of Kalantari."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
import torch

from restorekit.datasets.brackets import scene_folders
from restorekit.functional import hdr_to_ldr
from restorekit.io import (
    find_bracket,
    is_hdr,
    read_hdr,
    read_image,
    write_hdr,
    write_image,
    write_whole,
)
from restorekit.prepare.folders import check_folders
from restorekit.restorers.classical import merge_debevec

EXPOSURES = (-2.0, 0.0, 2.0)
WHITE = 99.5  # percentile of the brightest channel that just fills the darkest frame
SHIFT, ROTATION = 6.0, 0.7  # of the camera between frames: pixels, degrees
OBJECTS, OBJECT_SIZE, OBJECT_SHIFT = (2, 5), (0.06, 0.18), (4.0, 24.0)


def moving_scenes(
    brackets: Path,
    out: Path,
    *,
    variants: int = 1,
    exposures: Sequence[float] = EXPOSURES,
    darker: float = 0.0,
    noise: float = 0.0,
    seed: int = 0,
) -> Iterator[Path]:
    """Write scenes with frames as 16-bit TIFF, exposure.txt and the ground truth HDRImg.hdr.

    The camera's response and the scene's radiance come from OpenCV's Debevec calibration and merge,
    or the radiance is read. It is exposed anew, to frames of gamma 2.2; in the outer ones the
    camera has moved (shift and rotation) and objects, cut from other scenes, stand elsewhere. The
    ground truth is the radiance as the middle frame sees it. All is drawn from the seed and the
    names, so that it repeats.

    Args:
        brackets: A folder per scene: exposures taken from a tripod, with exposure.txt or EXIF; or
            files of linear radiance, one per scene.
        out: Folder for a folder per scene and variant, made where it is missing.
        variants: Motions of each scene.
        exposures: EV of the frames, an odd number of them.
        darker: EV by which the radiance is lowered at most, below where the brightest parts just
            fill the darkest frame; drawn for each variant.
        noise: Standard deviation at white, at most, of the frames' linear values; drawn for each
            variant. Its variance falls with the light, to a hundredth in the dark.
        seed: Of the motions.
    Yields:
        The folder of each scene that is done.
    Raises:
        ValueError: If the options are out of range, or a bracket is not as it must be.
        OSError: If a folder is missing or cannot be written.
    """
    exposures = sorted(exposures)
    _check_options(exposures, variants, darker, noise, seed)
    check_folders(brackets, out)
    scenes = _scenes(brackets)
    for name in scenes:
        for variant in range(variants):
            target = out / (name if variants == 1 else f'{name}_{variant}')
            rng = np.random.default_rng((seed, variant, zlib.crc32(name.encode())))
            views = _move(name, scenes, len(exposures), rng)
            light = 2 ** -rng.uniform(0, darker)
            _write_scene(
                target, [view * light for view in views], exposures, rng.uniform(0, noise), rng
            )
            yield target


def _check_options(
    exposures: Sequence[float], variants: int, darker: float, noise: float, seed: int
) -> None:
    if len(exposures) < 3 or len(exposures) % 2 == 0 or len(set(exposures)) < len(exposures):
        raise ValueError(
            f'--exposures: give an odd number, three or more, all different, got {exposures}'
        )
    if variants < 1 or seed < 0:
        raise ValueError(f'--variants must be >= 1 and --seed >= 0, got {variants} and {seed}')
    if not 0 <= darker < 20 or not 0 <= noise < 1:
        raise ValueError(
            f'--darker must be in [0, 20) EV and --noise in [0, 1), got {darker} and {noise}'
        )


def _scenes(root: Path) -> dict[str, np.ndarray]:
    """Radiance by name: that of the files, where there are any, else of the brackets."""
    maps = [path for path in sorted(root.iterdir()) if is_hdr(path)]
    found = maps or scene_folders(root)
    return {path.stem if path in maps else path.name: _radiance(path) for path in found}


def _radiance(path: Path) -> np.ndarray:
    """Linear radiance of a static scene, (H, W, 3), of which [0, 1] fits the darkest frame."""
    if path.is_file():
        scene = read_hdr(path)
    else:
        bracket = find_bracket(path)
        frames = [read_image(frame) for frame in bracket.frames]
        scene = np.maximum(merge_debevec(frames, np.array(bracket.exposures)), 0)
    white = np.percentile(scene.max(axis=2), WHITE)
    if not white > 0:
        raise ValueError(f'{path}: the scene is black')
    return scene / white


def _move(
    name: str, scenes: dict[str, np.ndarray], count: int, rng: np.random.Generator
) -> list[np.ndarray]:
    """The scene's radiance as each of `count` frames sees it; the middle one does not move."""
    scene = scenes[name]
    donors = [other for other in scenes if other != name] or [name]
    objects = []
    for _ in range(rng.integers(*OBJECTS)):
        image, mask = _cut_object(scenes[donors[rng.integers(len(donors))]], scene, rng)
        direction = rng.uniform(0, 2 * np.pi)
        step = rng.uniform(*OBJECT_SHIFT) * np.array([np.cos(direction), np.sin(direction)])
        place = rng.uniform(0.1, 0.9, 2) * scene.shape[1::-1]
        objects.append((image, mask, place, step, rng.uniform(-4, 4)))
    views = []
    for index in range(count):
        time = index - count // 2
        view = scene.copy()
        for image, mask, place, step, turn in objects:
            wobble = rng.normal(0, 1, 2) * (time != 0)
            _paste(view, image, mask, place + time * step + wobble, time * turn)
        if time:
            shift, angle = rng.uniform(-SHIFT, SHIFT, 2), rng.uniform(-ROTATION, ROTATION)
            view = _warp(view, shift, angle)
        views.append(view)
    return views


def _cut_object(
    donor: np.ndarray, scene: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """A rounded piece of another scene, at the light of this one, and its mask with soft edges."""
    side = int(rng.uniform(*OBJECT_SIZE) * max(scene.shape[:2]))
    top, left = (int(rng.integers(0, size - side)) for size in donor.shape[:2])
    image = donor[top : top + side, left : left + side].copy()
    light = np.exp(np.log(np.maximum(scene, 1e-4)).mean() - np.log(np.maximum(image, 1e-4)).mean())
    angle = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    radius = 0.37 + sum(
        (rng.normal(0, 0.08 / k) * np.cos(k * angle + rng.uniform(0, 6)) for k in (1, 2, 3)),
        start=np.zeros_like(angle),
    )
    outline = 0.5 + radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    mask: np.ndarray = np.zeros((side, side), np.float32)
    cv2.fillPoly(mask, [np.clip(outline * side, 1, side - 2).astype(np.int32)], 1.0)
    return image * light * rng.uniform(0.5, 2), cv2.GaussianBlur(mask, (0, 0), 0.8)


def _paste(
    view: np.ndarray, image: np.ndarray, mask: np.ndarray, center: np.ndarray, turn: float
) -> None:
    """Put an object, turned by degrees, with its centre at (x, y) of a view; changes the view."""
    side, (height, width) = len(mask), view.shape[:2]
    matrix = cv2.getRotationMatrix2D((side / 2, side / 2), turn, 1.0)
    matrix[:, 2] = matrix[:, 2] + center - side / 2
    cover = cv2.warpAffine(mask, matrix, (width, height), borderMode=cv2.BORDER_CONSTANT)
    moved = cv2.warpAffine(image, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
    view += cover[..., None] * (moved - view)


def _warp(view: np.ndarray, shift: np.ndarray, angle: float) -> np.ndarray:
    """A view from a camera that moved by `shift` (x, y) pixels and turned by `angle` degrees."""
    height, width = view.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0)
    matrix[:, 2] += shift
    moved = cv2.warpAffine(
        view, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101
    )
    return np.maximum(moved, 0)


def _write_scene(
    target: Path,
    views: list[np.ndarray],
    exposures: list[float],
    noise: float,
    rng: np.random.Generator,
) -> None:
    """Frames as 16-bit TIFF, exposure.txt and HDRImg.hdr."""
    target.mkdir(parents=True, exist_ok=True)
    for number, (view, exposure) in enumerate(zip(views, exposures, strict=True), start=1):
        light = torch.from_numpy(np.clip(view, 0, 1).astype(np.float32))
        if number - 1 == len(views) // 2:
            write_hdr(target / 'HDRImg.hdr', light.numpy())
        relative = exposure - exposures[0]
        if noise:
            signal = light * 2**relative  # of the sensor, which is full at 1
            spread = noise * (signal.clamp(max=1) + 0.01).sqrt()
            normal = torch.from_numpy(rng.standard_normal(light.shape, np.float32))
            light = (signal + spread * normal).clamp(min=0) / 2**relative
        frame = hdr_to_ldr(light, relative)
        write_image(target / f'{number}.tif', frame.numpy(), bits=16)
    listing = ''.join(f'{exposure:g}\n' for exposure in exposures)
    write_whole(target / 'exposure.txt', listing.encode())
