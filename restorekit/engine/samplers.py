"""The order of samples: a pure function of (seed, position)."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sized

import numpy as np
from mmengine.dist import get_dist_info
from torch.utils.data import Sampler

from restorekit.registry import DATA_SAMPLERS


@DATA_SAMPLERS.register_module()
class ResumableSampler(Sampler):
    """An endless stream of (index, position) that can be entered anywhere at once.

    The run's samples are numbered by their position, over all ranks. Position p holds entry p mod n
    of permutation p div n of the n samples; rank r of R takes the positions start + r, start + r +
    R, …, so that the ranks of one step together see what a single process with the same total batch
    would.

    Args:
        dataset: What is sampled; its length counts.
        seed: The run's seed.
        shuffle: Permute; otherwise the order is that of the dataset.
    """

    def __init__(self, dataset: Sized, seed: int | None = None, shuffle: bool = True) -> None:
        if len(dataset) == 0:
            raise ValueError('ResumableSampler: the dataset is empty')
        self.size = len(dataset)
        self.seed = seed or 0
        self.shuffle = shuffle
        self.start = 0  # position of the first sample; set on resuming
        self.rank, self.world_size = get_dist_info()

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return self._from(self.start)

    def indices(self, start: int, count: int) -> list[int]:
        """This rank's next `count` indices where all ranks together stand at position `start`."""
        return [index for index, _ in itertools.islice(self._from(start), count)]

    def _from(self, start: int) -> Iterator[tuple[int, int]]:
        drawn, order = -1, np.arange(self.size)
        for position in itertools.count(start + self.rank, self.world_size):
            epoch, offset = divmod(position, self.size)
            if self.shuffle and epoch != drawn:
                drawn, order = epoch, self._permutation(epoch)
            yield int(order[offset]), position

    def _permutation(self, epoch: int) -> np.ndarray:
        # The extra word keeps this stream apart from the samples' own, which are keyed by (seed,
        # position).
        key = np.random.SeedSequence((self.seed, epoch), spawn_key=(1,))
        return np.random.Generator(np.random.Philox(key)).permutation(self.size)

    def __len__(self) -> int:
        return self.size

    def skip(self, num_samples: int) -> None:
        """mmengine's way to move on when resuming; ours restores the position instead."""
