"""Models with their weights, ready to restore."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

import torch
from mmengine.config import Config

from restorekit.blocks import fuse
from restorekit.catalogue import find_model, is_model
from restorekit.config import load_config
from restorekit.config.embedded import embedded_config
from restorekit.inference.budget import build_within
from restorekit.io.checkpoint import read_checkpoint
from restorekit.io.fitting import load_weights
from restorekit.registry import MODELS
from restorekit.restorers import BaseRestorer, Chain, Restorer

Model: TypeAlias = str | Path | Config | None
CHECKPOINTS = ('.pth', '.safetensors')


def load_restorer(
    config: Model | Sequence[Model],
    weights: str | Path | None = None,
    *,
    unsafe_load: bool = False,
) -> BaseRestorer:
    """The model of a config with a checkpoint's weights, in evaluation mode.

    Layers that only train differently (DOConv2d) are folded into plain ones. Without a GPU, weights
    and images are in channels-last order where the network is faster by it.

    Args:
        config: The name of a model of the catalogue; a config, its path, or the name of a packaged
            one; a checkpoint (.pth, .safetensors) that says what model it was trained with, which
            is read as data and no larger than its weights; several of these to be run one after
            another. None: the model that `weights` says.
        weights: Its checkpoint, or the name of a model whose weights to take; None only for a model
            of the catalogue, and for one without parameters.
        unsafe_load: Unpickle the checkpoint without restriction.
    Raises:
        FileNotFoundError, ConfigError, CheckpointError: As their readers say.
        ValueError: If config or weights are missing, or the config has no model.
    """
    if isinstance(config, Sequence) and not isinstance(config, str):
        return _chain(config, weights)
    if config is None and weights is None:
        raise ValueError('name a model, a config, or a checkpoint that holds one')
    config, weights = _named(config, weights)
    checkpoint: dict = {}
    if weights is not None:
        checkpoint = read_checkpoint(weights, unsafe=unsafe_load)
    model = _build(config, checkpoint, str(weights))
    if weights is not None:
        load_weights(model, checkpoint['state_dict'], source=str(weights))
    elif any(True for _ in model.parameters()):
        raise ValueError('the model has parameters; name its checkpoint')
    fuse(model)
    # A third of AIN's time, half of CFAN's; GPUs are faster by it in half precision alone.
    on_gpu = torch.cuda.is_available()
    if isinstance(model, Restorer) and model.backbone.channels_last and not on_gpu:
        model.use_channels_last()
    return model.eval()


def _build(config: Model, checkpoint: dict, source: str) -> BaseRestorer:
    """The model of a config, or else of a checkpoint, without its weights."""
    if config is None:
        model = embedded_config(checkpoint, source).model
        return build_within(lambda: MODELS.build(model), checkpoint['state_dict'], source)
    resolved = config if isinstance(config, Config) else load_config(str(config))
    if not resolved.get('model'):
        raise ValueError(f'{resolved.filename}: no model in this config')
    return MODELS.build(resolved.model)


def _chain(models: Sequence[Model], weights: str | Path | None) -> BaseRestorer:
    """Several models one after another."""
    if weights is not None:
        raise ValueError(f'{len(models)} models have their own weights, got {weights} too')
    steps = [load_restorer(model) for model in models]
    return steps[0] if len(steps) == 1 else Chain(steps).eval()


def _named(config: Model, weights: str | Path | None) -> tuple[Model, str | Path | None]:
    """Config and weights where one of them is the name of a model of the catalogue."""
    if not isinstance(config, Model):
        raise TypeError(
            f'expected the name of a model, a path or a Config, got {type(config).__name__}; of a '
            'dict take mmengine.Config(dict(model=…))'
        )
    if is_model(config):
        entry = find_model(str(config))
        if weights is not None:
            raise ValueError(f'{config} is a model with all it needs, got weights too: {weights}')
        if entry.model is not None:
            return Config({'model': entry.model}), None
        return None, entry.file()
    if weights is None and isinstance(config, str | Path) and Path(config).suffix in CHECKPOINTS:
        return None, config
    return config, find_model(str(weights)).file() if is_model(weights) else weights
