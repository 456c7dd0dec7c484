"""Many images in one tensor, out of which the patches of a batch are taken at once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor


class PixelPool:
    """Values of images of any sizes, in one tensor on a device.

    A patch is named by a numpy view, (H, W, C), into an address space as large as the pool, whose
    memory is never touched. What only slices, mirrors or turns an array does so to a view too, and
    where the view then begins and how it strides says which values are meant. So the transforms
    that serve arrays serve a pool on any device.

    Args:
        size: Number of values.
        dtype: Of the tensor: uint8, for images in steps of 1/255, or float32.
        device: Where it lies.
    """

    def __init__(self, size: int, *, dtype: torch.dtype, device: torch.device) -> None:
        self.values = torch.empty(size, dtype=dtype, device=device)
        self._addresses = np.empty(size, dtype=np.uint8)
        self._first = self._addresses.__array_interface__['data'][0]
        # A tensor on the device: CUDA multiplies by the reciprocal of a plain number instead of
        # dividing, which gives other bits.
        self._peak = torch.tensor(255.0, device=device)

    @property
    def description(self) -> str:
        """Size and kind, for the log."""
        kind = '8 bits' if self.values.dtype == torch.uint8 else 'float32'
        return f'{self.values.nbytes / 2**20:.1f} MiB in {kind}'

    def view(self, start: int, shape: tuple[int, ...]) -> np.ndarray:
        """What stands for the image, (H, W, C), whose values begin at `start`."""
        size = int(np.prod(shape))
        return self._addresses[start : start + size].reshape(shape)

    def start(self, view: np.ndarray) -> int:
        """Where in the pool a view begins."""
        return view.__array_interface__['data'][0] - self._first

    def write(self, view: np.ndarray, pixels: np.ndarray) -> None:
        """Put pixels of the pool's dtype, (H, W, C), to where a view of that shape stands."""
        self.pixels(view).copy_(torch.from_numpy(np.ascontiguousarray(pixels)))

    def pixels(self, view: np.ndarray) -> Tensor:
        """The values that a view stands for, (H, W, C), in the pool's own memory."""
        return torch.as_strided(self.values, view.shape, view.strides, self.start(view))

    def gather(self, views: Sequence[np.ndarray]) -> Tensor:
        """The patches, of one shape, that views stand for: (N, C, H, W), float32 in [0, 1]."""
        height, width, channels = views[0].shape
        numbers = [(self.start(view), *view.strides) for view in views]
        # The numbers of all patches travel to the device as one tensor.
        start, down, right, deep = (
            torch.tensor(numbers, device=self.values.device).T[:, :, None, None, None].unbind()
        )
        rows, columns, planes = (
            torch.arange(n, device=self.values.device) for n in (height, width, channels)
        )
        place = start + planes[:, None, None] * deep + rows[:, None] * down + columns * right
        patches = self.values.index_select(0, place.flatten()).view(place.shape)
        return as_floats(patches, self._peak)


def as_floats(images: Tensor, peak: Tensor) -> Tensor:
    """uint8 as float32 in [0, 1], as images are read from a file; float32 as it is."""
    return images.float().div_(peak) if images.dtype == torch.uint8 else images


def pool_bytes(images: Sequence[np.ndarray]) -> int:
    """What a pool of images takes."""
    return sum(image.size for image in images) * max(image.itemsize for image in images)


def hold(images: list[np.ndarray], device: torch.device) -> tuple[PixelPool, list[np.ndarray]]:
    """Images, (H, W, C), in a pool, and the views that stand for them.

    Args:
        images: uint8, or float32 in [0, 1]; the pool is of uint8 where all of them are. The list is
            emptied, so that no image is there twice.
    """
    eight_bit = all(image.dtype == np.uint8 for image in images)
    dtype = torch.uint8 if eight_bit else torch.float32
    pool = PixelPool(sum(image.size for image in images), dtype=dtype, device=device)
    views, start = [], 0
    images.reverse()
    while images:
        image = images.pop()
        if image.dtype == np.uint8 and not eight_bit:
            image = np.divide(image, np.float32(255), dtype=np.float32)
        views.append(pool.view(start, image.shape))
        pool.write(views[-1], image)
        start += image.size
    return pool, views


def find_device(name: str) -> torch.device:
    """A device that is there.

    Raises:
        ValueError: If it is not.
    """
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        there = ['cpu', *(f'cuda:{index}' for index in range(torch.cuda.device_count()))]
        reason = str(error).splitlines()[0]
        raise ValueError(
            f'no device {name!r} here ({reason}); there is: {", ".join(there)}'
        ) from None
    return device


def free_bytes(device: torch.device) -> int | None:
    """Free memory of a device, in bytes; None where nothing tells."""
    if device.type == 'cuda':
        return torch.cuda.mem_get_info(device)[0]
    table = Path('/proc/meminfo')
    if device.type != 'cpu' or not table.exists():
        return None
    lines = (line.split() for line in table.read_text().splitlines())
    return next((1024 * int(words[1]) for words in lines if words[0] == 'MemAvailable:'), None)
