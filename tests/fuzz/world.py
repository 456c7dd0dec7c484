"""What all cases start from: small networks with their weights, and what they compute."""

from __future__ import annotations

import functools
import io
from pathlib import Path
from typing import Any

import numpy as np
import torch

from restorekit.registry import MODELS
from restorekit.restorers import BaseRestorer
from tests.fuzz.case import Source

AIN = {'type': 'AIN', 'num_feats': 8, 'num_blocks': 1}
IMAGE_MODELS: dict[str, dict[str, Any]] = {
    'bicubic': {'type': 'Restorer', 'backbone': {'type': 'Bicubic', 'scale': 2}},
    'luma': {
        'type': 'Restorer',
        'data_preprocessor': {'type': 'ImagePreprocessor', 'color': 'y'},
        'backbone': AIN,
        'pre_upscale': 2,
    },
    'colour': {
        'type': 'Restorer',
        'backbone': {'type': 'ResidualNet', 'num_feats': 4, 'num_blocks': 1},
    },
}
BRACKET_MODELS: dict[str, dict[str, Any]] = {
    'average': {'type': 'AverageFusion'},
    'reference': {'type': 'ReferenceFrame'},
    'hdr': {
        'type': 'Restorer',
        'data_preprocessor': {'type': 'ExposurePreprocessor'},
        'backbone': {'type': 'AHDRNet', 'num_feats': 4, 'num_blocks': 1},
    },
}
MODELS_BY_NAME = {**IMAGE_MODELS, **BRACKET_MODELS}


@functools.lru_cache
def model(name: str) -> BaseRestorer:
    """A network with random weights, as it restores."""
    torch.manual_seed(len(name))
    return MODELS.build(MODELS_BY_NAME[name]).eval()


@functools.lru_cache
def checkpoint(name: str) -> bytes:
    """Its checkpoint, which holds its config."""
    buffer = io.BytesIO()
    meta = {'model': MODELS_BY_NAME[name], 'iter': 3, 'epoch': 0}
    torch.save({'meta': meta, 'state_dict': model(name).state_dict()}, buffer)
    return buffer.getvalue()


def has_weights(name: str) -> bool:
    return any(True for _ in model(name).parameters())


def write_model(name: str, folder: Path) -> tuple[Path, Path | None]:
    """Config and checkpoint of a network in a folder; None where it has no weights."""
    config, weights = folder / f'{name}.py', folder / f'{name}.pth'
    config.write_text(f'model = {MODELS_BY_NAME[name]!r}\n')
    if has_weights(name):
        weights.write_bytes(checkpoint(name))
    return config, weights if has_weights(name) else None


@torch.no_grad()
def restored(name: str, source: Source) -> np.ndarray:
    """What a network makes of a sound source, (H, W, C) float64."""
    network, truth = model(name), source.truth
    assert truth is not None
    pixels = torch.from_numpy(np.ascontiguousarray(truth)).float()
    if network.takes_bracket:
        ev = None if source.exposures is None else torch.tensor([source.exposures])
        result = network.restore(pixels.permute(0, 3, 1, 2)[None], ev)
    else:
        result = network.restore(pixels.permute(2, 0, 1)[None])
    result = result.clamp(0, None if network.linear else 1)
    return result[0].permute(1, 2, 0).double().numpy()
