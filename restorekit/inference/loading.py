"""Models with their weights, ready to restore."""

from __future__ import annotations

from pathlib import Path

from mmengine.config import Config

from restorekit.blocks import fuse
from restorekit.config import load_config
from restorekit.config.embedded import embedded_config
from restorekit.inference.budget import build_within
from restorekit.io.checkpoint import load_weights, read_checkpoint
from restorekit.registry import MODELS
from restorekit.restorers import BaseRestorer


def load_restorer(
    config: str | Path | Config | None,
    weights: str | Path | None = None,
    *,
    unsafe_load: bool = False,
) -> BaseRestorer:
    """The model of a config with a checkpoint's weights, in evaluation mode.

    Layers that only train differently (DOConv2d) are folded into plain ones.

    Args:
        config: A config, a path, or the name of a packaged one; None takes the model that the
            checkpoint says it was trained with, read as data and no larger than its weights.
        weights: Its checkpoint; None only for a model without parameters.
        unsafe_load: Unpickle the checkpoint without restriction.
    Raises:
        FileNotFoundError, ConfigError, CheckpointError: As their readers say.
        ValueError: If config or weights are missing, or the config has no model.
    """
    if config is None and weights is None:
        raise ValueError('name a config, or a checkpoint that holds one')
    checkpoint: dict = {}
    if weights is not None:
        checkpoint = read_checkpoint(weights, unsafe=unsafe_load)
    if config is None:
        resolved = embedded_config(checkpoint, str(weights))
        model = build_within(
            lambda: MODELS.build(resolved.model), checkpoint['state_dict'], str(weights)
        )
    else:
        resolved = config if isinstance(config, Config) else load_config(str(config))
        if not resolved.get('model'):
            raise ValueError(f'{resolved.filename}: no model in this config')
        model = MODELS.build(resolved.model)
    if weights is not None:
        load_weights(model, checkpoint['state_dict'], source=str(weights))
    elif any(True for _ in model.parameters()):
        raise ValueError('the model has parameters; name its checkpoint')
    fuse(model)
    return model.eval()
