"""Files that tests compare with."""

from pathlib import Path


def golden_file() -> Path:
    return Path(__file__).with_name('golden.npz')
