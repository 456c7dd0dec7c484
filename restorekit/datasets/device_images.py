"""A training set that lies on the device, and gives whole batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from mmengine.dataset import BaseDataset, ConcatDataset
from mmengine.logging import print_log

from restorekit.data_sample import DataSample, first_file
from restorekit.datasets.base import DataError, ImageDataset
from restorekit.datasets.jpeg_shifts import JPEGShifts
from restorekit.datasets.pipeline_parts import listed, qualities, split_pipeline
from restorekit.datasets.pixel_pool import PixelPool, find_device, free_bytes, hold, pool_bytes
from restorekit.datasets.wrappers import SeededDataset, leaf_datasets
from restorekit.io import to_eight_bits, to_floats
from restorekit.transforms import JPEGCompress, sample_stream
from restorekit.transforms.packing import META

MIB = 2**20


class DeviceImages(SeededDataset):
    """SeededDataset whose images are read once and kept on a device.

    What the pipeline does to whole images without chance is done once. Where its results are in
    steps of 1/255 they are kept in 8 bits, else in float32: no value changes. Crops, flips and
    turns are drawn by the pipeline's own transforms from the same streams, so that a batch holds
    the bits that the pipeline gives; JPEG of random patches differs as JPEGShifts says.

    `__getitems__` gives a batch that is stacked already.

    Args:
        dataset: One of images, or TrainSets of such, or its config. Not of brackets.
        seed: The run's seed.
        device: 'cpu', 'cuda', 'cuda:1'.
        max_mib: What may be kept, in MiB; None takes half of what is free on the device.
    Raises:
        ValueError: If there is no such device, if the pipeline has what cannot be done there, or if
            the images do not fit.
    """

    def __init__(
        self,
        dataset: BaseDataset | ConcatDataset | dict,
        seed: int,
        *,
        device: str = 'cpu',
        max_mib: int | None = None,
    ) -> None:
        super().__init__(dataset, seed)
        self.device = find_device(device)
        free = free_bytes(self.device)
        if max_mib is not None:
            self.max_bytes: int | None = max_mib * MIB
        else:
            self.max_bytes = None if free is None else free // 2
        self.parts = leaf_datasets(self.dataset)
        foreign = [part for part in self.parts if not isinstance(part, ImageDataset)]
        if foreign or sum(len(part) for part in self.parts) != len(self):
            wrong = type(foreign[0] if foreign else self.dataset).__name__
            raise ValueError(f'on_device: takes a set of image files or TrainSets, got {wrong}')
        self._steps = [split_pipeline(part) for part in self.parts]
        kinds = {listed(drawn) for _, drawn in self._steps}
        if len(kinds) != 1:
            raise ValueError(
                'on_device: the sets of a loader must have the same random transforms, got '
                + ' and '.join(sorted(kinds))
            )
        self._samples: list[tuple[dict[str, Any], list]] = []
        self._pools: dict[str, PixelPool] = {}
        self._shifts: JPEGShifts | None = None

    def full_init(self) -> None:
        """List and check the samples, and read them all, once."""
        super().full_init()
        if self._samples:
            return
        images: dict[str, list[np.ndarray]] = {}
        taken = 0
        for sample, read, drawn in self._read_all():
            self._samples.append((sample, drawn))
            for role, image in read.items():
                images.setdefault(role, []).append(image)
                taken += image.nbytes
            self._check_memory(taken)
        if len(images.get('lq', self._samples)) != len(self):
            raise ValueError('on_device: some samples have an input, others have none')
        self._check_memory(sum(pool_bytes(arrays) for arrays in images.values()))
        for role, arrays in images.items():
            self._pools[role], views = hold(arrays, self.device)
            for (sample, _), view in zip(self._samples, views, strict=True):
                sample[role] = view
        kept = [f'{role} {pool.description}' for role, pool in self._pools.items()]
        if any(isinstance(step, JPEGCompress) for step in self._samples[0][1]):
            self._shifts = self._compressed()
            kept.append(self._shifts.description)
        print_log(f'{len(self)} images on {self.device}: {", ".join(kept)}', logger='current')

    def _compressed(self) -> JPEGShifts:
        """The images as JPEG leaves them, in what memory the images themselves have left."""
        pool = self._pools['gt']
        self._pools.pop('lq', None)
        arrays = [pool.pixels(sample['gt']).cpu().numpy() for sample, _ in self._samples]
        left = None if self.max_bytes is None else self.max_bytes - pool.values.nbytes
        return JPEGShifts(
            [to_eight_bits(array) for array in arrays],
            [qualities(drawn, sample) for sample, drawn in self._samples],
            device=self.device,
            max_bytes=left,
        )

    def _read_all(self) -> Iterator[tuple[dict, dict[str, np.ndarray], list]]:
        """Each sample as the random transforms get it, the images by role, and the transforms."""
        for part, (whole, drawn) in zip(self.parts, self._steps, strict=True):
            for number in range(len(part)):
                sample = part.get_data_info(number)
                files = sample['files']
                if 'gt_frames' in files or any(len(paths) > 1 for paths in files.values()):
                    raise ValueError(
                        f'on_device: {first_file(files)}: brackets cannot be kept on a device; '
                        'leave on_device out'
                    )
                if 'gt' not in files:
                    raise ValueError(f'on_device: {first_file(files)}: there is no ground truth')
                results = dict(sample)
                for transform in whole:
                    results = transform(results)
                read = {role: _compact(results[role]) for role in ('gt', 'lq') if role in results}
                yield sample, read, drawn

    def _check_memory(self, taken: int) -> None:
        """Raise an error if the images read so far, `taken` bytes, show that all will not fit."""
        if self.max_bytes is not None and taken > self.max_bytes:
            free = free_bytes(self.device)
            there = '' if free is None else f' ({free // MIB} are free)'
            need = taken / len(self._samples) * len(self)
            raise DataError(
                f'on_device: {len(self)} images need about {need / MIB:.1f} MiB on {self.device}; '
                f'{self.max_bytes / MIB:.1f} MiB may be taken{there}. Raise on_device.max_mib, '
                'take fewer images, or leave on_device out'
            )

    def __getitems__(self, keys: Sequence[int | tuple[int, int]]) -> dict[str, Any]:
        """A batch.

        Args:
            keys: As for SeededDataset, (index, position) or the index alone.
        Returns:
            `inputs`, (N, C, H, W), and `targets`, `gt` by name, on the device, float32; and
            `data_samples`, a list of N, without tensors.
        """
        pairs = [key if isinstance(key, tuple) else (key, key) for key in keys]
        samples = [self._draw(index, position) for index, position in pairs]
        for role in ('gt', 'lq'):
            shapes = {sample[role].shape for sample in samples if role in sample}
            if len(shapes) > 1:
                raise ValueError(
                    f'on_device: the images of a batch must have one size, got {sorted(shapes)} of '
                    f'{role}; add PairedRandomCrop to the pipeline'
                )
        gt = self._pools['gt'].gather([sample['gt'] for sample in samples])
        lq = self._shifts or self._pools.get('lq')
        return {
            'inputs': gt if lq is None else lq.gather([sample['lq'] for sample in samples]),
            'targets': {'gt': gt},
            'data_samples': [
                DataSample(metainfo={key: sample.get(key, empty) for key, empty in META.items()})
                for sample in samples
            ],
        }

    def _draw(self, index: int, position: int) -> dict[str, Any]:
        """A sample whose images are views into the pools, after all random transforms."""
        whole, drawn = self._samples[index]
        sample = dict(whole)
        with sample_stream(self.seed, position):
            for step in drawn:
                if isinstance(step, JPEGCompress):
                    assert self._shifts is not None
                    top, left = _corner(sample['gt'], whole['gt'])
                    sample['lq'] = self._shifts.patch(
                        index, top, left, sample['gt'].shape[:2], step.draw(sample)
                    )
                else:
                    sample = step(sample)
        return sample


def _compact(image: np.ndarray) -> np.ndarray:
    """uint8 where an image in [0, 1] is in steps of 1/255, else as it is."""
    image = np.asarray(image)
    if image.dtype == np.uint8:
        return image
    image = to_floats(image)
    integers = to_eight_bits(image)
    return integers if np.array_equal(to_floats(integers), image) else image


def _corner(view: np.ndarray, image: np.ndarray) -> tuple[int, int]:
    """Row and column at which a view into an image begins."""
    first = (array.__array_interface__['data'][0] for array in (view, image))
    return divmod((next(first) - next(first)) // image.shape[2], image.shape[1])
