"""The random stream of one sample: a pure function of (seed, position)."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import numpy as np
import torch

_generator: ContextVar[np.random.Generator | None] = ContextVar('restorekit_stream', default=None)


def generator() -> np.random.Generator:
    """The current sample's generator; our transforms draw from nothing else.

    Outside a sample's stream (a transform called by hand) it is a fresh one, seeded by `np.random`.
    """
    current = _generator.get()
    return current if current is not None else np.random.default_rng(np.random.randint(2**31))  # noqa: NPY002


@contextmanager
def sample_stream(seed: int, position: int) -> Iterator[None]:
    """Open the stream of the sample at `position` of the run's sample order.

    Transforms that are not ours draw from `random`, `np.random` and `torch`: these are seeded from
    the same key inside and put back as they were afterwards.
    """
    key = np.random.SeedSequence((seed, position))
    words = key.generate_state(1)
    token = _generator.set(np.random.Generator(np.random.Philox(key)))
    states = random.getstate(), np.random.get_state(), torch.get_rng_state()  # noqa: NPY002
    try:
        random.seed(int(words[0]))
        np.random.seed(words[0])  # noqa: NPY002
        torch.default_generator.manual_seed(
            int(words[0])
        )  # the CPU's alone: workers must not wake a GPU
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])  # noqa: NPY002
        torch.set_rng_state(states[2])
        _generator.reset(token)
