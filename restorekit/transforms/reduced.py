"""A reduced image of which only what is looked at is computed."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from restorekit.functional import imresize, imresize_part
from restorekit.io import to_eight_bits, to_floats


class Reduced:
    """An image reduced as by MATLAB, an array to whoever asks for one.

    A rectangle of it is computed from the pixels below it and a margin of the kernel alone, to the
    same bits as if the whole were computed and then cut.

    Args:
        source: (H, W, C) or (H, W, K, C), sides multiples of `scale`.
        scale: Reduction factor.
        rounded: Reduce 8-bit values to 8-bit values; otherwise to float32.
    """

    def __init__(self, source: np.ndarray, scale: int, *, rounded: bool) -> None:
        self.source, self.scale, self.rounded = source, scale, rounded
        height, width = source.shape[:2]
        self.shape = (height // scale, width // scale, *source.shape[2:])

    def __getitem__(self, key: Any) -> np.ndarray:
        if not (isinstance(key, tuple) and len(key) == 2 and all(map(_is_interval, key))):
            return np.asarray(self)[key]
        rows, columns = (range(n)[part] for n, part in zip(self.shape, key, strict=False))
        if not rows or not columns:
            return np.asarray(self)[key]
        size = self.source.shape[0], self.source.shape[1]
        return _array(imresize_part(self._cut, size, 1 / self.scale, rows, columns))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        pixels = _array(imresize(self._cut(slice(None), slice(None)), 1 / self.scale))
        return pixels if dtype is None else pixels.astype(dtype, copy=False)

    def _cut(self, rows: slice, columns: slice) -> Tensor:
        """A part of what is reduced, (..., h, w)."""
        convert = to_eight_bits if self.rounded else to_floats
        part = np.moveaxis(convert(self.source[rows, columns]), (0, 1), (-2, -1))
        return torch.from_numpy(np.array(part, order='C'))


def as_arrays(results: dict) -> dict:
    """A sample whose reduced images are computed."""
    return {k: np.asarray(v) if isinstance(v, Reduced) else v for k, v in results.items()}


def _array(pixels: Tensor) -> np.ndarray:
    return pixels.movedim((-2, -1), (0, 1)).contiguous().numpy()


def _is_interval(part: object) -> bool:
    return isinstance(part, slice) and part.step in (None, 1)
