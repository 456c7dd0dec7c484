"""What of a pipeline is done once to whole images, and what is drawn for each sample."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from restorekit.datasets.base import ImageDataset
from restorekit.transforms import (
    BicubicDownscale,
    Cache,
    JPEGCompress,
    LoadImages,
    PackInputs,
    PairedRandomCrop,
    RandomFlipRotate,
    Seeded,
)

WHOLE = (LoadImages, BicubicDownscale, JPEGCompress)
DRAWN = (PairedRandomCrop, JPEGCompress, RandomFlipRotate)


def split_pipeline(dataset: ImageDataset) -> tuple[list, list]:
    """A pipeline's transforms of whole images, without chance, and its random ones.

    Raises:
        ValueError: If there are others, or if their order is not this.
    """
    steps = list(_flat(dataset.pipeline.transforms))
    name = f'on_device: {dataset.name}'
    if not steps or type(steps[-1]) is not PackInputs:
        raise ValueError(f'{name}: the last transform must be PackInputs, got {listed(steps)}')
    steps.pop()
    count = 0
    while count < len(steps) and _is_whole(steps[count], dataset):
        count += 1
    for number, step in enumerate(steps[count:]):
        before = steps[count : count + number]
        flipped = any(type(earlier) is RandomFlipRotate for earlier in before)
        if type(step) in WHOLE and type(step) not in DRAWN:
            raise ValueError(f'{name}: {listed([step])} must stand before {listed(before)}')
        if isinstance(step, JPEGCompress) and step.samplings != ('4:2:0',):
            raise ValueError(
                f'{name}: JPEGCompress on a device takes patches of chroma 4:2:0 alone, '
                f'got {", ".join(step.samplings)}'
            )
        reduced = [earlier for earlier in steps[:count] if type(earlier) is BicubicDownscale]
        if type(step) is JPEGCompress and reduced:
            raise ValueError(
                f'{name}: JPEGCompress of patches takes the ground truth alone, not what '
                f'{listed(reduced)} has made'
            )
        if type(step) is JPEGCompress and flipped:
            raise ValueError(f'{name}: JPEGCompress must stand before RandomFlipRotate')
        if type(step) not in DRAWN:
            accepted = ', '.join(dict.fromkeys(kind.__name__ for kind in (Cache, *WHOLE, *DRAWN)))
            raise ValueError(
                f'{name}: {listed([step])} cannot be done on a device; accepted: {accepted}'
            )
    return steps[:count], steps[count:]


def _flat(steps: Sequence) -> Iterator:
    for step in steps:
        yield from _flat(step.transforms.transforms) if type(step) is Cache else (step,)


def _is_whole(step: object, dataset: ImageDataset) -> bool:
    if isinstance(step, JPEGCompress):
        low, high = step.qualities(dataset.degradation)
        return low == high and len(step.samplings) == 1
    return type(step) in WHOLE


def listed(steps: Sequence) -> str:
    """The names of transforms, for messages."""
    return ', '.join(
        type(step.transform if isinstance(step, Seeded) else step).__name__ for step in steps
    )


def qualities(steps: Sequence, sample: dict) -> tuple[int, int]:
    """The lowest and the highest quality among a sample's JPEGCompress."""
    bounds = [step.qualities(sample) for step in steps if isinstance(step, JPEGCompress)]
    return min(low for low, _ in bounds), max(high for _, high in bounds)
