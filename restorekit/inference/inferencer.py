"""Whole images through a trained network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from mmengine.config import Config
from torch import Tensor

from restorekit.config import load_config
from restorekit.engine.checkpoint import load_weights, read_checkpoint
from restorekit.functional import imresize, rgb_to_ycbcr, ycbcr_to_rgb
from restorekit.registry import MODELS
from restorekit.restorers import Restorer


class Inferencer:
    """Restores images with the model of a config.

    Args:
        config: A config, a path, or the name of a packaged one.
        weights: Its checkpoint; None only for a model without parameters.
        device: Where to compute; a GPU if there is one by default.
        unsafe_load: Unpickle the checkpoint without restriction.
    Raises:
        FileNotFoundError, ConfigError, CheckpointError: As their readers say.
        ValueError: If weights are missing.
    """

    def __init__(
        self,
        config: str | Path | Config,
        weights: str | Path | None = None,
        *,
        device: str | None = None,
        unsafe_load: bool = False,
    ) -> None:
        config = config if isinstance(config, Config) else load_config(str(config))
        self.device = _device(device)
        self.model: Restorer = MODELS.build(config.model)
        if weights is not None:
            checkpoint = read_checkpoint(weights, unsafe=unsafe_load)
            load_weights(self.model, checkpoint['state_dict'], source=str(weights))
        elif any(True for _ in self.model.parameters()):
            raise ValueError('the model has parameters; name its checkpoint')
        self.model.to(self.device).eval()

    @torch.inference_mode()
    def __call__(self, image: np.ndarray) -> np.ndarray:
        """Restore one image.

        A network for luma restores the luma of a colour image and keeps its chroma, enlarged by
        MATLAB's bicubic where the network enlarges; a network for colour takes a gray image as
        three equal channels and gives their mean.

        Args:
            image: (H, W, 3) RGB or (H, W, 1) gray, float in [0, 1].
        Returns:
            (scale H, scale W, C), float32, clipped to [0, 1].
        Raises:
            ValueError: If the shape or the dtype is not one of these, or memory does not suffice.
        """
        if (
            image.ndim != 3
            or image.shape[2] not in (1, 3)
            or not np.issubdtype(image.dtype, np.floating)
        ):
            raise ValueError(
                'Inferencer: expected (H, W, 1) or (H, W, 3) floats, '
                f'got {image.shape} {image.dtype}'
            )
        pixels = np.ascontiguousarray(image.transpose(2, 0, 1), dtype=np.float32)
        try:
            restored = self._restore(torch.from_numpy(pixels)[None].to(self.device)).clamp(0, 1)
        except (MemoryError, RuntimeError) as error:
            if 'memory' not in str(error):
                raise
            raise ValueError(
                f'an image of {image.shape[0]} x {image.shape[1]} does not fit into the memory of '
                f'{self.device} with this network'
            ) from None
        if not restored.isfinite().all():
            raise ValueError(
                'the network gives values that are not finite; its weights are damaged'
            )
        return restored[0].cpu().numpy().transpose(1, 2, 0)

    def _restore(self, image: Tensor) -> Tensor:
        luma_network, gray = self.model.data_preprocessor.color == 'y', image.shape[1] == 1
        if gray and not luma_network:
            return self.model.restore(image.expand(-1, 3, -1, -1)).mean(dim=1, keepdim=True)
        if gray or not luma_network:
            return self.model.restore(image)
        luma, chroma = rgb_to_ycbcr(image).split([1, 2], dim=1)
        restored = self.model.restore(luma)
        if restored.shape != luma.shape:
            chroma = imresize(chroma, size=(restored.shape[-2], restored.shape[-1]))
        return ycbcr_to_rgb(torch.cat([restored, chroma], dim=1))


def _device(name: str | None) -> torch.device:
    """The device of a name, or a GPU if there is one; ValueError where it is not there."""
    if name is None:
        return torch.device('cuda' if torch.cuda.is_available() else 'cpu')
    try:
        return torch.empty(0, device=name).device
    except (RuntimeError, AssertionError) as error:
        raise ValueError(f'device {name!r} is not there ({str(error).splitlines()[0]})') from None
