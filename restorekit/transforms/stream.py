"""The random stream of one sample: a pure function of (seed, position)."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import numpy as np
import torch

from restorekit.transforms.reduced import as_arrays

_generator: ContextVar[np.random.Generator | None] = ContextVar('restorekit_stream', default=None)


def generator() -> np.random.Generator:
    """The current sample's generator; our transforms draw from nothing else.

    Outside a sample's stream (a transform called by hand) it is a fresh one, seeded by `np.random`.
    """
    current = _generator.get()
    return current if current is not None else np.random.default_rng(np.random.randint(2**31))  # noqa: NPY002


@contextmanager
def sample_stream(seed: int, position: int) -> Iterator[None]:
    """Open the stream of the sample at `position` of the run's sample order."""
    words = (seed, position)
    # numpy makes the same of an array, in half the time.
    small = all(0 <= word < 2**32 for word in words)
    key = np.random.SeedSequence(np.array(words, np.uint32) if small else words)
    token = _generator.set(np.random.Generator(np.random.Philox(key)))
    try:
        yield
    finally:
        _generator.reset(token)


@contextmanager
def seeded_globals() -> Iterator[None]:
    """Seed `random`, `np.random` and `torch` from the current stream, for code that is not ours.

    They are put back as they were afterwards.
    """
    word = int(generator().integers(2**32))
    states = random.getstate(), np.random.get_state(), torch.get_rng_state()  # noqa: NPY002
    try:
        random.seed(word)
        np.random.seed(word)  # noqa: NPY002
        torch.default_generator.manual_seed(word)  # the CPU's alone: workers must not wake a GPU
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])  # noqa: NPY002
        torch.set_rng_state(states[2])


class Seeded:
    """A transform that is not ours, whose random numbers come from the sample's stream.

    Args:
        transform: Called inside `seeded_globals`.
    """

    def __init__(self, transform: Callable) -> None:
        self.transform = transform

    def __call__(self, results: dict) -> dict:
        with seeded_globals():
            return self.transform(as_arrays(results))

    def __repr__(self) -> str:
        return repr(self.transform)
