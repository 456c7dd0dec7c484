"""What `restorekit speed` measures, part by part."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from restorekit import functional
from restorekit.functional import imresize
from restorekit.io import write_image
from restorekit.io.checkpoint import write_checkpoint
from restorekit.speed.blocks import block_cases
from restorekit.speed.measuring import Case, measure
from restorekit.speed.networks import inference_cases
from restorekit.speed.step import step_rows

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Options:
    """What is asked for.

    Attributes:
        folder: An empty one for what is written, on the disk to be measured.
        device: Of networks and blocks.
        rounds: Calls of each case.
        model: Of the catalogue, or a config without parameters.
        sizes: (H, W) of the images to restore.
        compile: Whether networks are compiled too.
    """

    folder: Path
    device: str = 'cpu'
    rounds: int = 7
    model: str = 'ain-x2'
    sizes: tuple[tuple[int, int], ...] = ((96, 96), (160, 240), (320, 480))
    compile: bool = False


def data(options: Options) -> Rows:
    """Samples from files and from a pack, cropped alone and reduced on the fly."""
    from restorekit.datasets import SeededDataset
    from restorekit.prepare import pack_dataset

    source = options.folder / 'photos'
    source.mkdir()
    for number in range(8):
        write_image(source / f'{number}.png', photograph(number))
    pack = options.folder / 'pack'
    list(pack_dataset('FolderDataset', pack, {'gt_dir': str(source)}))
    crop = [{'type': 'PairedRandomCrop', 'gt_size': 96}, {'type': 'RandomFlipRotate'}]
    reduce = [{'type': 'BicubicDownscale', 'scale': 2}]
    cases = []
    for title, before in (('96 x 96', []), ('96 x 96 and its half', reduce)):
        for where, packed in (('files', None), ('a pack', str(pack))):
            pipeline = [{'type': 'LoadImages'}, *before, *crop, {'type': 'PackInputs'}]
            config = {'type': 'FolderDataset', 'gt_dir': str(source), 'packed': packed}
            dataset = SeededDataset({**config, 'pipeline': pipeline}, seed=0)
            positions = itertools.count()

            def run(dataset: Any = dataset, positions: Any = positions) -> None:
                for position in itertools.islice(positions, 16):
                    dataset[position % 8, position]

            cases.append(Case(f'{title} of 320 x 480 PNG, from {where}', run, items=16))
    return measure(cases, rounds=options.rounds)


def metrics(options: Options) -> Rows:
    """Figures of one image."""
    luma, colour = (
        (torch.rand(1, channels, 320, 480), torch.rand(1, channels, 320, 480))
        for channels in (1, 3)
    )
    names: list[tuple[str, Callable]] = [
        ('PSNR', functional.psnr),
        ('SSIM', functional.ssim),
        ('PSNR-B', functional.psnr_b),
    ]
    cases = [
        Case(f'{name} of {kind}, 320 x 480', partial(function, *pair))
        for name, function in names
        for kind, pair in (('luma', luma), ('colour', colour))
    ]
    return measure(cases, rounds=options.rounds)


def resize(options: Options) -> Rows:
    """MATLAB's resize of a colour image."""
    image = torch.rand(3, 320, 480)
    eight_bit = (image * 255).to(torch.uint8)
    cases = [
        Case(
            f'imresize {scale} of 320 x 480 RGB, {kind}',
            partial(functional.imresize, pixels, factor),
        )
        for scale, factor in (('1/2', 0.5), ('1/3', 1 / 3), ('1/4', 0.25), ('2', 2.0), ('3', 3.0))
        for kind, pixels in (('float32', image), ('uint8', eight_bit))
    ]
    return measure(cases, rounds=options.rounds)


def inference(options: Options) -> Rows:
    """A network over images of several sizes."""
    cases = inference_cases(options.model, options.sizes, options.device, options.compile)
    return measure(cases, rounds=options.rounds, device=options.device)


def blocks(options: Options) -> Rows:
    """Blocks beside their published forms."""
    return measure(block_cases(options.device), rounds=options.rounds, device=options.device)


def step(options: Options) -> Rows:
    """A training step beside mmengine's and a bare loop."""
    return step_rows(options.folder / 'step', turns=options.rounds)


def checkpoint(options: Options) -> Rows:
    """A safe checkpoint beside torch.save and fsync of the same bytes."""
    layers = {f'layer{number}': torch.randn(100_000) for number in range(20)}
    moments = {key: {name: value.clone() for name in 'mv'} for key, value in layers.items()}
    content = {'state_dict': layers, 'optimizer': moments}

    def plain() -> None:
        with (options.folder / 'plain.pth').open('wb') as file:
            torch.save(content, file)
            file.flush()
            os.fsync(file.fileno())

    cases = [
        Case(
            'write_checkpoint, 23 MiB',
            lambda: write_checkpoint(options.folder / 'iter_1.pth', content),
        ),
        Case('torch.save and fsync, 23 MiB', plain),
    ]
    return measure(cases, rounds=options.rounds)


def photograph(seed: int) -> np.ndarray:
    """Something that a PNG compresses as it does a photograph, (320, 480, 3), in [0, 1]."""
    rng = np.random.default_rng(seed)
    coarse = torch.from_numpy(rng.random((3, 20, 30)))
    smooth = imresize(coarse, size=(320, 480)).numpy().transpose(1, 2, 0)
    return np.clip(smooth + rng.normal(0, 0.02, smooth.shape), 0, 1)


PARTS: dict[str, Callable[[Options], Rows]] = {
    'data': data,
    'step': step,
    'inference': inference,
    'metrics': metrics,
    'resize': resize,
    'blocks': blocks,
    'checkpoint': checkpoint,
}
