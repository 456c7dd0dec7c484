import itertools

import pytest

from restorekit.engine.samplers import ResumableSampler


def take(count, size=7, seed=3, start=0, rank=0, world_size=1, shuffle=True):
    sampler = ResumableSampler(range(size), seed=seed, shuffle=shuffle)
    sampler.start, sampler.rank, sampler.world_size = start, rank, world_size
    return list(itertools.islice(sampler, count))


def test_every_epoch_is_another_permutation():
    stream = take(21)
    assert [position for _, position in stream] == list(range(21))
    epochs = [tuple(index for index, _ in stream[i : i + 7]) for i in (0, 7, 14)]
    assert all(sorted(epoch) == list(range(7)) for epoch in epochs)
    assert len(set(epochs)) == 3


def test_any_part_without_the_part_before_it():
    assert take(10, start=11) == take(21)[11:]
    far = take(3, start=10**12)
    assert [position for _, position in far] == [10**12, 10**12 + 1, 10**12 + 2]


@pytest.mark.parametrize('world_size', [2, 3])
def test_ranks_together_are_one_process(world_size):
    parts = [take(6, rank=rank, world_size=world_size) for rank in range(world_size)]
    assert sorted(itertools.chain(*parts), key=lambda item: item[1]) == take(6 * world_size)


def test_seed_and_order():
    assert take(7, seed=3) != take(7, seed=4)
    assert take(9, shuffle=False) == [(i % 7, i) for i in range(9)]


def test_empty_dataset():
    with pytest.raises(ValueError, match='the dataset is empty'):
        ResumableSampler([])
