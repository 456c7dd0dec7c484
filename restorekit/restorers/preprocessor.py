"""What belongs to the data and not to the network: batching, colour, mean and deviation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from restorekit.data_sample import DataSample, StackedSamples, first_file
from restorekit.functional import ldr_to_hdr, rgb_to_ycbcr, ycbcr_to_rgb
from restorekit.functional.exposure import GAMMA
from restorekit.registry import MODELS

CHANNELS = {'rgb': 3, 'bgr': 3, 'ycbcr': 3, 'y': 1}


@MODELS.register_module()
class ImagePreprocessor(nn.Module):
    """Batches images and translates between them and what the network sees, both ways.

    Images are display-referred RGB or luma in [0, 1] outside; the network gets (image - mean) / std
    in its own channel order, and what it gives is translated back before any loss or metric.

    Args:
        color: What the network takes: 'rgb', 'bgr', 'ycbcr' (BT.601, luma in 16..235 of 255), or
            'y', its luma alone.
        mean: Subtracted, one figure or one per channel, in [0, 1] units and in the network's order.
        std: Divided by, likewise, > 0.
    """

    linear = False  # results are images in [0, 1]
    mean: Tensor
    std: Tensor

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

    @property
    def channels(self) -> int:
        """Of the images that the network takes."""
        return CHANNELS[self.color]

    def cast_data(self, data: Any) -> Any:
        """A batch with its tensors on the device that the module is on."""
        if isinstance(data, dict):
            return {key: self.cast_data(value) for key, value in data.items()}
        if isinstance(data, list | tuple):
            return [self.cast_data(value) for value in data]
        if isinstance(data, Tensor | DataSample):
            return data.to(self.mean.device, non_blocking=True)
        return data

    def _per_channel(self, value: float | Sequence[float], name: str) -> Tensor:
        channels = self.channels
        values = [value] * channels if isinstance(value, int | float) else list(value)
        if len(values) != channels:
            raise ValueError(
                f'ImagePreprocessor: {name} must be one number or {channels}, got {value}'
            )
        return torch.tensor(values, dtype=torch.float32).view(channels, 1, 1)

    def forward(self, data: dict, training: bool = False) -> dict[str, Any]:
        """Move a batch to the network's device; images of one size are stacked, others stay a list.

        Args:
            data: `inputs`, a list of (C, H, W) tensors, or brackets (K, C, H, W), and
                `data_samples`. Or, as training loaders stack them, `inputs` with N in front,
                `targets`, tensors by name with N in front, and samples without tensors.
        Returns:
            `inputs` with N in front, or a list as it came, and `data_samples` with their tensors;
            of a stacked batch these are StackedSamples.
        Raises:
            ValueError: If the images do not have the channels of `color`, or differ in size in
                training.
        """
        if 'targets' in data:
            return self._unpack(data)
        data = self.cast_data(data)
        inputs, samples = data['inputs'], data.get('data_samples')
        for image, sample in zip(inputs, samples or [None] * len(inputs), strict=True):
            # A restorer for luma fuses the chroma of brackets by itself; it is not trained so.
            colour = self.color == 'y' and image.ndim == 4 and image.shape[-3] == 3
            if training or not colour:
                self._check_channels(image.shape, sample)
        if len({image.shape for image in inputs}) == 1:
            inputs = torch.stack(tuple(inputs))
        elif training:
            raise ValueError(
                'ImagePreprocessor: training images must have one size, got '
                f'{[tuple(image.shape) for image in inputs]}; add PairedRandomCrop to the pipeline'
            )
        return {'inputs': inputs, 'data_samples': samples}

    def _unpack(self, data: dict) -> dict[str, Any]:
        """A stacked batch on the device."""
        inputs, targets = self.cast_data(data['inputs']), self.cast_data(data['targets'])
        samples = data['data_samples']
        self._check_channels(inputs.shape[1:], samples[0])
        return {'inputs': inputs, 'data_samples': StackedSamples(samples, targets)}

    def _check_channels(self, shape: torch.Size, sample: DataSample | None) -> None:
        if shape[-3] != self.channels:
            raise ValueError(
                f'ImagePreprocessor: color={self.color!r} takes {self.channels} '
                f'channels, got {tuple(shape)}{_origin(sample)}; '
                "the pipeline's LoadImages(color=…) must agree"
            )

    def encode(self, images: Tensor, exposures: Tensor | None = None) -> Tensor:
        """Images, (N, C, H, W), or brackets, (N, K, C, H, W), as the network sees them.

        Exposures, (N, K), are of no interest here.
        """
        if self.color == 'bgr':
            images = images.flip(-3)
        elif self.color == 'ycbcr':
            images = rgb_to_ycbcr(images)
        return (images - self.mean) / self.std if self.changes_values else images

    def decode(self, outputs: Tensor) -> Tensor:
        """What the network gives, (N, C, H, W), as images."""
        images = outputs * self.std + self.mean if self.changes_values else outputs
        if self.color == 'ycbcr':
            return ycbcr_to_rgb(images)
        return images.flip(1) if self.color == 'bgr' else images


@MODELS.register_module()
class ExposurePreprocessor(ImagePreprocessor):
    """For HDR from brackets: each frame L comes with H, the linear radiance that it shows.

    H = L^gamma / t with t = 2^EV counted from the darkest frame, so that H is in [0, 1], as the
    ground truth is. The network gets [L, H], (N, K, 6, H, W), and gives linear radiance.

    Args:
        gamma: Of the frames.
    """

    linear = True

    def __init__(self, gamma: float = GAMMA) -> None:
        super().__init__()
        self.gamma = gamma

    def encode(self, images: Tensor, exposures: Tensor | None = None) -> Tensor:
        """Brackets, (N, K, 3, H, W), and their exposures, (N, K), in EV, as [L, H]."""
        if images.ndim != 5:
            raise ValueError(
                'ExposurePreprocessor: expected brackets (N, K, 3, H, W), '
                f'got {tuple(images.shape)}'
            )
        if exposures is None or exposures.shape != images.shape[:2]:
            got = 'none' if exposures is None else tuple(exposures.shape)
            raise ValueError(
                f'ExposurePreprocessor: brackets of {tuple(images.shape[:2])} need as many '
                f'exposures, got {got}'
            )
        exposures = exposures - exposures.amin(dim=1, keepdim=True)
        radiance = ldr_to_hdr(images, exposures[:, :, None, None, None], self.gamma)
        return torch.cat([images, radiance], dim=2)


def _origin(sample: DataSample | None) -> str:
    path = first_file(sample.get('files', {})) if sample is not None else ''
    return f' from {path}' if path else ''
