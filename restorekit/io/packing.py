"""Writing packs, image by image, so that an interrupted one can be gone on with."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from restorekit.data_sample import ROLES, Sample
from restorekit.io.files import check_writable, write_whole
from restorekit.io.hdr import is_hdr, read_hdr
from restorekit.io.image import read_pixels
from restorekit.io.pack import (
    ALIGNED,
    INDEX,
    JOURNAL,
    PIXELS,
    VERSION,
    PackError,
    digest,
    is_source,
    size_of,
    source_of,
)

UNFINISHED = PIXELS + '.part'


def write_pack(
    folder: str | Path, samples: Sequence[Sample], *, listing: Any = None
) -> Iterator[tuple[int, int]]:
    """Pack the files of samples; after an interruption, from where it stopped.

    Integers are kept as they are, radiance in float16 where that loses nothing, else in float32, so
    that a sample from the pack has the bits of one from its files.

    Args:
        folder: Of the pack, made where it is missing.
        samples: Whose files are packed, each once.
        listing: Plain data that says by what the samples were listed.
    Yields:
        How many images are packed, and of how many, after each.
    Raises:
        PackError: If the folder holds a whole pack.
        OSError: If the folder cannot be written or the disk is full; what is packed stays.
        ImageReadError: If a file is not an image.
    """
    folder = Path(folder)
    check_writable(folder)
    if (folder / INDEX).exists():
        raise PackError(f'{folder}: holds a whole pack already; remove it or name another folder')
    paths = [
        *dict.fromkeys(path for s in samples for role in ROLES for path in s['files'].get(role, ()))
    ]
    entries = _finished(folder, paths)
    try:
        for _ in _append_all(folder, paths, entries):
            yield len(entries), len(paths)
        (folder / UNFINISHED).replace(folder / PIXELS)
    except OSError as error:
        raise OSError(
            f'{folder}: packed {len(entries)} of {len(paths)} images, then: '
            f'{error.strerror or error}; the same command goes on with it'
        ) from error
    index = {
        'version': VERSION,
        'bytes': _end(entries),
        'listing': listing,
        'images': entries,
        'samples': _numbered(samples, {path: number for number, path in enumerate(paths)}),
    }
    write_whole(folder / INDEX, json.dumps(index).encode())
    (folder / JOURNAL).unlink()
    yield len(entries), len(paths)


def _append_all(folder: Path, paths: list[str], entries: list[dict[str, Any]]) -> Iterator[None]:
    """Write the images after those of `entries`, which grows; yields before each."""
    with (
        (folder / UNFINISHED).open('r+b' if entries else 'wb') as pixels,
        (folder / JOURNAL).open('w', encoding='utf-8') as journal,
    ):
        journal.writelines(json.dumps(entry) + '\n' for entry in entries)
        pixels.truncate(_end(entries))
        pixels.seek(0, os.SEEK_END)
        for path in paths[len(entries) :]:
            yield
            entries.append(_append(pixels, path, _end(entries)))
            journal.write(json.dumps(entries[-1]) + '\n')
            journal.flush()
        os.fsync(pixels.fileno())


def _append(pixels: BinaryIO, path: str, end: int) -> dict[str, Any]:
    """Write an image at the end of the file; what the index says of it."""
    source = source_of(Path(path))
    image = np.ascontiguousarray(_read(path))
    offset = -(-end // ALIGNED) * ALIGNED
    pixels.write(bytes(offset - end))
    pixels.write(image.data)
    pixels.flush()
    return {
        'path': path,
        'offset': offset,
        'shape': list(image.shape),
        'dtype': image.dtype.name,
        'digest': digest(image),
        'source': source,
    }


def _read(path: str) -> np.ndarray:
    if not is_hdr(path):
        return read_pixels(path)
    radiance = read_hdr(path)
    with np.errstate(over='ignore'):
        half = radiance.astype(np.float16)
    return half if np.array_equal(half, radiance) else radiance


def _finished(folder: Path, paths: list[str]) -> list[dict[str, Any]]:
    """What an interrupted call has packed of these files, as far as it is whole and still true."""
    entries: list[dict[str, Any]] = []
    part = folder / UNFINISHED
    if not part.exists() or not (folder / JOURNAL).exists():
        return entries
    with part.open('rb') as pixels:
        lines = (folder / JOURNAL).read_text('utf-8').splitlines()
        for path, line in zip(paths, lines, strict=False):
            try:
                entry = json.loads(line)
            except ValueError:  # the line that was being written
                break
            pixels.seek(entry['offset'])
            is_whole = digest(pixels.read(size_of(entry))) == entry['digest']
            if entry['path'] != path or not is_whole or not is_source(Path(path), entry['source']):
                break
            entries.append(entry)
    return entries


def _end(entries: list[dict[str, Any]]) -> int:
    return entries[-1]['offset'] + size_of(entries[-1]) if entries else 0


def _numbered(samples: Sequence[Sample], numbers: dict[str, int]) -> list[dict[str, Any]]:
    return [
        {
            **sample,
            'files': {
                role: [numbers[path] for path in paths] for role, paths in sample['files'].items()
            },
        }
        for sample in samples
    ]
