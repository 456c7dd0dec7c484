"""What the runner asks of every model here."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

import torch
from mmengine.dist import all_reduce, is_distributed
from torch import Tensor, nn

from restorekit.data_sample import DataSample
from restorekit.functional import precision
from restorekit.registry import MODELS

Run = Callable[['BaseRestorer', Tensor, Tensor | None], Tensor]


class BaseRestorer(nn.Module, ABC):
    """Restores images or brackets: `restore` is what a subclass writes.

    It has what mmengine's runner asks of its BaseModel, but is none: to import that takes longer
    than to restore a small image.

    Args:
        data_preprocessor: Config; ImagePreprocessor for RGB by default.

    Attributes:
        scale: Output size over input size.
        takes_bracket: Whether the input is a bracket, (N, K, C, H, W), dark to bright.
        num_frames: How many frames such a bracket has; None where any number will do.
        needs_exposures: Whether `restore` needs the exposures of the frames.
        linear: Whether the result is linear radiance, to be written as HDR, rather than an image
            in [0, 1].
        divisible: Whether large images may be restored in tiles; not where the whole image decides
            on each of its parts.
        period: Tiles should begin at multiples of it, in pixels; see `contracts.Part`.
        halo: How far tiles should overlap at least, in pixels; see `contracts.Part`.
        pools: Whether a tile is treated unlike the same place of the whole image.
        means_of_copy: Whether tiles are given means of a reduced copy; see `contracts.Backbone`.
    """

    scale: int = 1
    takes_bracket: bool = False
    num_frames: int | None = None
    linear: bool = False
    divisible: bool = True
    period: int = 1
    halo: int = 1
    pools: bool = False
    means_of_copy: bool = False

    def __init__(self, data_preprocessor: dict | None = None) -> None:
        super().__init__()
        self.data_preprocessor = MODELS.build(data_preprocessor or {'type': 'ImagePreprocessor'})

    @property
    def needs_exposures(self) -> bool:
        return self.takes_bracket and self.linear

    @property
    def last(self) -> BaseRestorer:
        """The restorer whose result is this one's; see `restore_by`."""
        return self

    @abstractmethod
    def restore(self, images: Tensor, exposures: Tensor | None = None) -> Tensor:
        """The restored images, unclipped.

        Args:
            images: (N, C, H, W), or brackets (N, K, C, H, W), dark to bright.
            exposures: EV of the frames, (N, K), where they are known.
        Returns:
            (N, C, scale H, scale W).
        """

    def restore_by(self, run: Run, images: Tensor, exposures: Tensor | None = None) -> Tensor:
        """`restore`, for whoever wants a say in how each restorer runs: in tiles, say.

        Args:
            run: Called for every restorer with what its `restore` takes; returns what that returns.
            images, exposures: As for `restore`.
        """
        return run(self, images, exposures)

    def loss(self, inputs: Tensor, data_samples: Sequence[DataSample]) -> dict[str, Tensor]:
        """Losses by name, scalars; a model that cannot be trained has none."""
        raise ValueError(f'{type(self).__name__} has nothing to train')

    def train(self, mode: bool = True) -> BaseRestorer:
        """torch's; mmengine's loop asks for it in every step, where nearly always all is done."""
        parts: list[nn.Module] = [self]
        for part in parts:
            if part.training != mode:
                return super().train(mode)
            parts += [child for child in part._modules.values() if child is not None]
        return self

    def train_step(self, data: dict, optim_wrapper: Any) -> dict[str, Tensor]:
        """One step on a batch of the loader; the losses to be logged."""
        with optim_wrapper.optim_context(self):
            losses = self(**self.data_preprocessor(data, True), mode='loss')
        loss, logged = self.parse_losses(losses)
        optim_wrapper.update_params(loss)
        return logged

    def val_step(self, data: dict) -> Sequence[DataSample]:
        """The samples of a batch with `pred` set."""
        return self(**self.data_preprocessor(data, False), mode='predict')

    test_step = val_step

    def parse_losses(self, losses: dict[str, Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
        """The sum of those that are called losses, and all to be logged, the sum first.

        The mean over all ranks is logged, as one process would.
        """
        scalars = {name: value.mean() if value.ndim else value for name, value in losses.items()}
        summed = [value for name, value in scalars.items() if 'loss' in name]
        loss = summed[0] if len(summed) == 1 else torch.stack(summed).sum()
        logged = {'loss': loss, **scalars}
        if is_distributed():
            values = torch.stack([value.detach().float() for value in logged.values()])
            all_reduce(values, op='mean')
            logged = dict(zip(logged, values.unbind(), strict=True))
        return loss, logged

    def forward(
        self,
        inputs: Tensor | list[Tensor],
        data_samples: Sequence[DataSample] | None = None,
        mode: str = 'tensor',
    ) -> Any:
        """mmengine's three doors.

        Args:
            inputs: What `restore` takes, or a list of such without N where sizes differ.
            data_samples: One per input; needed for 'loss' and 'predict'.
            mode: 'tensor' gives the restored images, 'loss' the losses by name, 'predict' the
                samples with `pred` set.
        """
        if mode == 'tensor':
            assert isinstance(inputs, Tensor)
            return self.restore(inputs, exposures_of(data_samples))
        assert data_samples is not None
        if mode == 'loss':
            assert isinstance(inputs, Tensor)
            return self.loss(inputs, data_samples)
        if mode == 'predict':
            return self.predict(inputs, data_samples)
        raise ValueError(
            f"{type(self).__name__}: mode must be 'tensor', 'loss' or 'predict', got {mode!r}"
        )

    def predict(
        self, inputs: Tensor | list[Tensor], data_samples: Sequence[DataSample]
    ) -> Sequence[DataSample]:
        """The samples with `pred`, (C, scale H, scale W), and `precision` set."""
        if isinstance(inputs, Tensor):
            preds: Sequence[Tensor] = list(self.restore(inputs, exposures_of(data_samples)))
        else:
            preds = [
                self.restore(image[None], exposures_of([sample]))[0]
                for image, sample in zip(inputs, data_samples, strict=True)
            ]
        for sample, pred in zip(data_samples, preds, strict=True):
            sample.pred = pred
            sample.set_metainfo({'precision': precision(pred.device)})
        return data_samples


def exposures_of(data_samples: Sequence[DataSample] | None) -> Tensor | None:
    """The samples' exposures, (N, K), or None where they have none."""
    if not data_samples or 'exposures' not in data_samples[0]:
        return None
    return torch.stack([sample.exposures for sample in data_samples])
