"""Packs: the pixels of a dataset's files in one file, mapped into memory.

A pack is a folder of two files. `pixels.bin` holds the images one after another, each (H, W, C),
uint8, uint16, float16 or float32, from a multiple of 64 bytes on. `index.json` says where each
stands and of which source it was made, which samples there are, and comes last: a folder without it
is no pack yet.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from restorekit.data_sample import Sample

VERSION = 1
INDEX, PIXELS, JOURNAL = 'index.json', 'pixels.bin', 'journal.part'
KINDS = ('uint8', 'uint16', 'float16', 'float32')
ALIGNED = 64


class PackError(ValueError):
    """A folder is not a pack, not a whole one, or not one of what is asked for."""


class Pack:
    """A pack to read from; its pixels are read when they are looked at, a page at a time.

    Args:
        folder: Of the pack.
    Raises:
        PackError: If it is not whole, or of another version.
        FileNotFoundError: If there is no such folder.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        if not self.folder.is_dir():
            raise FileNotFoundError(f'{folder}: no such pack; `restorekit prepare pack` makes one')
        self.index = _read_index(self.folder)
        self.images: list[dict] = self.index['images']
        self._pixels: np.ndarray | None = None

    @property
    def listing(self) -> Any:
        """What the samples were listed by, as it was given when the pack was made."""
        return self.index['listing']

    def samples(self) -> list[Sample]:
        """All samples; their files are the paths of the sources."""
        return [
            {**sample, 'files': {role: self._paths(at) for role, at in sample['files'].items()}}
            for sample in self.index['samples']
        ]

    def numbers(self, index: int) -> dict[str, list[int]]:
        """The numbers of a sample's images, by role."""
        return self.index['samples'][index]['files']

    def shape(self, number: int) -> tuple[int, ...]:
        """(H, W, C) of an image."""
        return tuple(self.images[number]['shape'])

    def image(self, number: int) -> np.ndarray:
        """An image, (H, W, C), as a view into the file that cannot be written to."""
        entry = self.images[number]
        if self._pixels is None:
            # As a plain array: each slice of a memmap takes a multiple of the time.
            self._pixels = np.asarray(np.memmap(self.folder / PIXELS, np.uint8, 'r'))
        start = entry['offset']
        raw = self._pixels[start : start + size_of(entry)]
        return raw.view(entry['dtype']).reshape(entry['shape'])

    def source_bytes(self, path: str) -> int:
        """How large a source was."""
        return next(e['source']['bytes'] for e in self.images if e['path'] == path)

    def damaged(self) -> Iterator[str]:
        """The sources of the images whose pixels are not those that were packed."""
        for number, entry in enumerate(self.images):
            if digest(self.image(number)) != entry['digest']:
                yield entry['path']

    def changed(self) -> Iterator[str]:
        """The sources that are there and are not as they were when they were packed."""
        for entry in self.images:
            path = Path(entry['path'])
            if path.is_file() and not is_source(path, entry['source']):
                yield entry['path']

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, '_pixels': None}  # each process maps the file itself

    def _paths(self, numbers: list[int]) -> list[str]:
        return [self.images[number]['path'] for number in numbers]


def _read_index(folder: Path) -> dict[str, Any]:
    try:
        index = json.loads((folder / INDEX).read_text(encoding='utf-8'))
    except FileNotFoundError:
        if (folder / JOURNAL).exists():
            raise PackError(
                f'{folder}: packing was interrupted; the same command goes on with it'
            ) from None
        raise PackError(f'{folder}: not a pack, there is no {INDEX}') from None
    except ValueError as error:
        raise PackError(f'{folder / INDEX}: damaged ({error}); pack again') from None
    version = index.get('version') if isinstance(index, dict) else None
    if version != VERSION:
        raise PackError(
            f'{folder}: a pack of version {version}, this restorekit reads {VERSION}; pack again'
        )
    there = (folder / PIXELS).stat().st_size if (folder / PIXELS).is_file() else 0
    if there != index['bytes']:
        raise PackError(
            f'{folder / PIXELS}: truncated, {there} of {index["bytes"]} bytes; pack again'
        )
    for entry in index['images']:
        if entry['dtype'] not in KINDS or not 0 <= entry['offset'] <= there - size_of(entry):
            raise PackError(f'{folder / INDEX}: damaged at {entry["path"]}; pack again')
    return index


def size_of(entry: dict) -> int:
    """Bytes of an image of the index."""
    return math.prod(entry['shape']) * np.dtype(entry['dtype']).itemsize


def digest(data: Any) -> str:
    """Of pixels or of a file, 128 bits in hexadecimal digits."""
    return hashlib.blake2b(memoryview(data).cast('B'), digest_size=16).hexdigest()


def source_of(path: Path) -> dict[str, Any]:
    """What tells later whether a file is still the same."""
    status = path.stat()
    return {
        'bytes': status.st_size,
        'mtime_ns': status.st_mtime_ns,
        'digest': digest(path.read_bytes()),
    }


def is_source(path: Path, source: dict[str, Any]) -> bool:
    """Whether a file has the bytes that `source_of` has seen; read only where its date differs."""
    status = path.stat()
    if status.st_size != source['bytes']:
        return False
    return status.st_mtime_ns == source['mtime_ns'] or digest(path.read_bytes()) == source['digest']
