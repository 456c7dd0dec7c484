"""What belongs to the data and not to the network: batching, colour, mean and deviation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from mmengine.model import BaseDataPreprocessor
from torch import Tensor

from restorekit.registry import MODELS

CHANNELS = {'rgb': 3, 'bgr': 3, 'y': 1}


@MODELS.register_module()
class ImagePreprocessor(BaseDataPreprocessor):
    """Batches images and translates between them and what the network sees, both ways.

    Images are display-referred RGB or luma in [0, 1] outside; the network gets (image - mean) / std
    in its own channel order, and what it gives is translated back before any loss or metric.

    Args:
        color: What the network takes: 'rgb', 'bgr', or 'y' (BT.601 luma).
        mean: Subtracted, one figure or one per channel, in [0, 1] units and in the network's order.
        std: Divided by, likewise, > 0.
    """

    def __init__(
        self,
        color: str = 'rgb',
        mean: float | Sequence[float] = 0.0,
        std: float | Sequence[float] = 1.0,
    ) -> None:
        super().__init__()
        if color not in CHANNELS:
            raise ValueError(
                f'ImagePreprocessor: color must be one of {tuple(CHANNELS)}, got {color!r}'
            )
        self.color = color
        self.register_buffer('mean', self._per_channel(mean, 'mean'), persistent=False)
        self.register_buffer('std', self._per_channel(std, 'std'), persistent=False)
        if not (self.std > 0).all():
            raise ValueError(f'ImagePreprocessor: std must be > 0, got {std}')
        self.changes_values = bool((self.mean != 0).any() or (self.std != 1).any())

    def _per_channel(self, value: float | Sequence[float], name: str) -> Tensor:
        channels = CHANNELS[self.color]
        values = [value] * channels if isinstance(value, int | float) else list(value)
        if len(values) != channels:
            raise ValueError(
                f'ImagePreprocessor: {name} must be one number or {channels}, got {value}'
            )
        return torch.tensor(values, dtype=torch.float32).view(1, channels, 1, 1)

    def forward(self, data: dict, training: bool = False) -> dict[str, Any]:
        """Move a batch to the network's device; images of one size are stacked, others stay a list.

        Args:
            data: `inputs`, a list of (C, H, W) tensors, and `data_samples`.
        Returns:
            The same keys; `inputs` is (N, C, H, W), or a list of (C, H, W).
        Raises:
            ValueError: If the images do not have the channels of `color`, or differ in size in
                training.
        """
        data = self.cast_data(data)
        inputs, samples = data['inputs'], data.get('data_samples')
        for image, sample in zip(inputs, samples or [None] * len(inputs), strict=True):
            if image.shape[-3] != CHANNELS[self.color]:
                raise ValueError(
                    f'ImagePreprocessor: color={self.color!r} takes {CHANNELS[self.color]} '
                    f'channels, got {tuple(image.shape)}{_origin(sample)}; '
                    "the pipeline's LoadImages(color=…) must agree"
                )
        if len({image.shape for image in inputs}) == 1:
            inputs = torch.stack(tuple(inputs))
        elif training:
            raise ValueError(
                'ImagePreprocessor: training images must have one size, got '
                f'{[tuple(image.shape) for image in inputs]}; add PairedRandomCrop to the pipeline'
            )
        return {'inputs': inputs, 'data_samples': samples}

    def encode(self, images: Tensor) -> Tensor:
        """Images, (N, C, H, W), as the network sees them."""
        if self.color == 'bgr':
            images = images.flip(1)
        return (images - self.mean) / self.std if self.changes_values else images

    def decode(self, outputs: Tensor) -> Tensor:
        """What the network gives, (N, C, H, W), as images."""
        images = outputs * self.std + self.mean if self.changes_values else outputs
        return images.flip(1) if self.color == 'bgr' else images


def _origin(sample: Any) -> str:
    path = (sample.get('lq_path') or sample.get('gt_path')) if sample is not None else None
    return f' from {path}' if path else ''
