"""Whole images and brackets through a trained network."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import cast

import numpy as np
import torch
from mmengine.config import Config
from torch import Tensor

from restorekit.catalogue import find_model, is_model
from restorekit.catalogue.card import Card
from restorekit.functional import half_precision, tf32
from restorekit.inference.loading import Model, load_restorer
from restorekit.inference.precision import Precision, choose_precision
from restorekit.inference.tiles import Tile, Tiler, collected
from restorekit.io import BitDepth, check_exposures
from restorekit.memory import KEPT, give_back_memory, keep_freed_memory
from restorekit.restorers import BaseRestorer


class Inferencer:
    """Restores images, or brackets, with a model, without TF32.

    Where it computes on the CPU, the process keeps freed memory from now on, see
    `restorekit.memory.keep_freed_memory`, and gives back after an image what is above 1 GiB.

    Args:
        model, weights, unsafe_load: As in `load_restorer`, whose `config` the model is.
        device: Where to compute; a GPU if there is one by default.
        tile: Side of the tiles, in pixels, into which larger images are divided, before each model
            of a chain; 'auto' goes by the memory that there is; None takes images whole. Methods
            that need the whole image get it.
        overlap: Of neighbouring tiles, in pixels; None goes by how far the network looks.
        precision: 'float32'; 'bfloat16' or 'float16', see `half_precision`; 'auto': see
            `choose_precision`.
        ensemble: Restore the image in its eight flips and rotations too, and take the mean.
    Raises:
        FileNotFoundError, ConfigError, CheckpointError: As `load_restorer` says.
        ValueError: If config or weights are missing, or the overlap is not less than the tile.
    """

    def __init__(
        self,
        model: Model | Sequence[Model],
        weights: str | Path | None = None,
        *,
        device: str | None = None,
        tile: Tile = 'auto',
        overlap: int | None = None,
        precision: Precision = 'auto',
        ensemble: bool = False,
        unsafe_load: bool = False,
    ) -> None:
        self.ensemble = ensemble
        self.device = device_of(device)
        self._keeps = self.device.type == 'cpu' and keep_freed_memory()
        self.tiler = Tiler(self.device, tile, overlap)
        restorer = load_restorer(model, weights, unsafe_load=unsafe_load)
        self.model: BaseRestorer = restorer.to(self.device)
        self.dtype, self.precision = choose_precision(precision, self.device, _card(model))

    @torch.inference_mode()
    @tf32(False)
    def __call__(
        self,
        image: np.ndarray | Sequence[np.ndarray],
        exposures: Sequence[float] | None = None,
        *,
        bits: BitDepth | None = None,
    ) -> np.ndarray:
        """Restore one image, or merge one bracket.

        Networks for luma keep the chroma of colour images, networks for colour take gray ones; see
        `Restorer.restore`.

        Args:
            image: (H, W, 3) RGB or (H, W, 1) gray, float in [0, 1]; for a bracket a list of (H, W,
                3), dark to bright.
            exposures: EV of a bracket's frames; needed by networks that give linear radiance.
            bits: Give integers of 8 or 16 bits; of a large image each part is rounded as soon as it
                is finished, which takes a quarter, or half, of the memory.
        Returns:
            (scale H, scale W, C), float32, in [0, 1]; linear radiance, unbounded above, where the
            model gives that; uint8 or uint16 by `bits`.
        Raises:
            ValueError, TypeError: If the image or the exposures are not this, or memory does not
                suffice.
        """
        is_bracket = isinstance(image, list | tuple)
        frames = list(image) if is_bracket else [cast(np.ndarray, image)]
        self._check(frames, is_bracket=is_bracket)
        if exposures is not None and not is_bracket:
            raise ValueError(f'Inferencer: exposures are those of a bracket, got {exposures!r}')
        if exposures is not None:
            check_exposures(exposures, len(frames), 'Inferencer')
        if bits not in (None, 8, 16):
            raise ValueError(f'Inferencer: bits must be 8, 16 or None, got {bits!r}')
        if bits is not None and self.model.linear:
            raise ValueError(f'Inferencer: linear radiance is not rounded, got bits={bits}')
        self.tiler.chosen = ''
        images, light = _tensors(frames, exposures, is_bracket=self.model.takes_bracket)
        restored = (
            self._ensemble(images, light) if self.ensemble else self._whole(images, light, bits)
        )
        if self._keeps:
            give_back_memory(above=KEPT)
        if restored.is_floating_point():
            restored = restored.clamp_(min=0, max=None if self.model.linear else 1)
            restored = collected(iter([restored]), restored.shape[-2], bits)
        return restored[0].permute(1, 2, 0).numpy()

    def _check(self, frames: list[np.ndarray], *, is_bracket: bool) -> None:
        if is_bracket != self.model.takes_bracket:
            wanted = 'a bracket, a list of frames,' if self.model.takes_bracket else 'one image'
            raise ValueError(f'Inferencer: this model takes {wanted}; got the other')
        if not frames:
            raise ValueError('Inferencer: a list of no frames')
        channels = (3,) if is_bracket else (1, 3)
        for frame in frames:
            if not isinstance(frame, np.ndarray):
                raise TypeError(
                    'Inferencer: expected an array or a list of arrays, got '
                    f'{type(frame).__name__}; of a PIL image take np.asarray(image) / 255'
                )
            shape, dtype = frame.shape, frame.dtype
            good = frame.ndim == 3 and shape[2] in channels and np.issubdtype(dtype, np.floating)
            if not good or shape != frames[0].shape or not frame.size:
                kinds = 'frames (H, W, 3)' if is_bracket else '(H, W, 1) or (H, W, 3)'
                raise ValueError(
                    f'Inferencer: expected {kinds} of floats and one size, got {shape} {dtype}'
                )
            wrong = int(np.count_nonzero(~np.isfinite(frame)))
            if wrong:
                raise ValueError(
                    f'Inferencer: {wrong} of {frame.size} values of the input are NaN or infinite'
                )
            low, high = float(frame.min()), float(frame.max())
            if low < -0.01 or high > 1.01:  # not the rounding of a resize before
                raise ValueError(
                    f'Inferencer: expected values in [0, 1], the image has {low:g} to {high:g}'
                )

    def _whole(
        self, images: Tensor, exposures: Tensor | None, bits: BitDepth | None = None
    ) -> Tensor:
        def run(model: BaseRestorer, images: Tensor, exposures: Tensor | None) -> Tensor:
            return self.tiler.run(
                model, images, exposures, bits if model is self.model.last else None
            )

        half = self.dtype != torch.float32
        with half_precision(self.dtype, self.device) if half else nullcontext():
            return self.model.restore_by(run, images, exposures)

    def _ensemble(self, images: Tensor, exposures: Tensor | None) -> Tensor:
        total = None
        for turns, flipped in itertools.product(range(4), (False, True)):
            turned = images.rot90(turns, (-2, -1))
            turned = turned.flip(-1) if flipped else turned
            result = self._whole(turned.contiguous(), exposures)
            result = (result.flip(-1) if flipped else result).rot90(-turns, (-2, -1))
            total = result if total is None else total + result
        assert total is not None
        return total / 8


def _card(model: Model | Sequence[Model]) -> Card | None:
    """That of the model, or of the one of a chain that loses most in half precision.

    None if one of them does not say what it loses.
    """
    models = [model] if model is None or isinstance(model, str | Path | Config) else model
    cards = [find_model(str(name)).card for name in models if is_model(name)]
    if not cards or len(cards) < len(models) or any(card.bfloat16_loss is None for card in cards):
        return None
    return max(cards, key=lambda card: (math.isnan(card.bfloat16_loss or 0), card.bfloat16_loss))


def _tensors(
    frames: list[np.ndarray], exposures: Sequence[float] | None, *, is_bracket: bool
) -> tuple[Tensor, Tensor | None]:
    """An image, (1, C, H, W), or a bracket, (1, K, C, H, W), and its exposures, (1, K)."""
    light = None if exposures is None else torch.tensor([list(exposures)], dtype=torch.float32)
    if is_bracket:
        pixels = np.stack([np.moveaxis(frame, -1, 0) for frame in frames])
    else:
        pixels = np.moveaxis(frames[0], -1, 0)  # large images are not copied
    return torch.from_numpy(pixels.astype(np.float32, copy=False))[None], light


def device_of(name: str | None) -> torch.device:
    """The device of a name, or a GPU if there is one; ValueError where it is not there."""
    if name is None:
        return torch.device('cuda' if torch.cuda.is_available() else 'cpu')
    try:
        device = torch.empty(0, device=name).device
    except (RuntimeError, AssertionError) as error:
        reason = str(error).partition('\n')[0].partition('. ')[0]
        if reason.startswith('Could not run'):  # and then which operator, and a page of others
            reason = 'this build of torch cannot use it'
        raise ValueError(f'device {name!r} is not there ({reason})') from None
    if device.type == 'meta':
        raise ValueError(f'device {name!r} computes nothing; accepted: cpu, cuda, cuda:1, mps, …')
    return device
