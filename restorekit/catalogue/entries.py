"""The models there are: those in the package, those in a folder, and those to be fetched."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

from restorekit.catalogue.card import Card, card_from
from restorekit.catalogue.download import cache_folder, fetch
from restorekit.io.weights import SUFFIX, read_card
from restorekit.options import nearest

PACKAGED = Path(__file__).parent / 'weights'
INDEX = 'catalogue.json'


class UnknownModelError(ValueError):
    """A name is not in the catalogue."""


@dataclass(frozen=True)
class Entry:
    """A model of the catalogue.

    Attributes:
        name: By which commands and functions take it.
        card: What people should know of it.
        path: Its file; None where it is to be fetched, and where it has no weights.
        model: The model's config where it has no weights; otherwise it stands in the file.
        url: Where it is to be fetched, or None.
        sha256: Of the file to be fetched.
        size: Of its file, in bytes.
    """

    name: str
    card: Card
    path: Path | None = None
    model: dict | None = None
    url: str | None = None
    sha256: str = ''
    size: int = 0

    def file(self) -> Path:
        """Its file, fetched if need be.

        Raises:
            DownloadError: If it cannot be fetched.
            ValueError: If it has no weights.
        """
        if self.path is not None:
            return self.path
        if self.url is None:
            raise ValueError(f'{self.name} has no weights')
        target = cache_folder() / f'{self.sha256[:16]}-{self.name}{SUFFIX}'
        fetch(self.url, target, sha256=self.sha256, size=self.size)
        return target

    def digest(self) -> str:
        """SHA-256 of its file, in hexadecimal; empty where it has none."""
        return hashlib.sha256(self.path.read_bytes()).hexdigest() if self.path else self.sha256


METHODS = [
    Entry(
        f'bicubic-x{scale}',
        Card(
            task='sr',
            scale=scale,
            description="MATLAB's bicubic enlargement.",
            config=f'bicubic/bicubic_x{scale}.py',
        ),
        model={'type': 'Restorer', 'backbone': {'type': 'Bicubic', 'scale': scale}},
    )
    for scale in (2, 3, 4)
]
METHODS += [
    Entry(
        'debevec',
        Card(
            task='hdr',
            scale=1,
            description="Debevec and Malik's merge (OpenCV's), for scenes that stand still.",
            config='lffnet/debevec_brackets.py',
        ),
        model={'type': 'DebevecMerge'},
    ),
    Entry(
        'mertens',
        Card(
            task='fusion',
            scale=1,
            description="Mertens' exposure fusion (OpenCV's), for scenes that stand still.",
        ),
        model={'type': 'MertensFusion'},
    ),
]


def catalogue() -> dict[str, Entry]:
    """Every model by name: those without weights, the package's, and those of RESTOREKIT_WEIGHTS.

    A later one of a name takes the place of an earlier one. The folder that RESTOREKIT_WEIGHTS
    names may hold `NAME.safetensors`, and an index, `catalogue.json`, of models to be fetched:
    `{"NAME": {"url": …, "sha256": …, "size": bytes, "card": {…}}}`.

    Raises:
        ValueError: If a file or the index is damaged.
        FileNotFoundError: If RESTOREKIT_WEIGHTS names no folder.
    """
    found = {entry.name: entry for entry in METHODS}  # what needs no weights
    found |= _files(PACKAGED)
    chosen = os.environ.get('RESTOREKIT_WEIGHTS')
    if chosen:
        folder = Path(chosen)
        if not folder.is_dir():
            raise FileNotFoundError(f'RESTOREKIT_WEIGHTS: no folder {folder.absolute()}')
        if (folder / INDEX).is_file():
            found |= _index(folder / INDEX)
        found |= _files(folder)
    return dict(sorted(found.items()))


def find_model(name: str) -> Entry:
    """The model of a name.

    Raises:
        UnknownModelError: With the nearest names.
    """
    entries = catalogue()
    if name not in entries:
        raise UnknownModelError(f'no model or file {name!r}; {nearest(name, [*entries])}')
    return entries[name]


def is_model(name: object) -> bool:
    """Whether `name` can only be that of a model: no file, and no path of one."""
    return isinstance(name, str) and not set('/\\:.') & set(name) and not Path(name).exists()


def _files(folder: Path) -> dict[str, Entry]:
    return {
        path.stem: Entry(
            path.stem, card_from(read_card(path), str(path)), path, size=path.stat().st_size
        )
        for path in sorted(folder.glob(f'*{SUFFIX}'))
    }


def _index(path: Path) -> dict[str, Entry]:
    try:
        listed = json.loads(path.read_text())
        return {name: _fetched(name, values, path) for name, values in listed.items()}
    except (json.JSONDecodeError, UnicodeDecodeError, AttributeError) as error:
        raise ValueError(f'{path}: no index of models ({error})') from None


def _fetched(name: str, values: dict, path: Path) -> Entry:
    kinds = {'url': str, 'sha256': str, 'size': int, 'card': dict}
    for key, kind in kinds.items():
        if not isinstance(values.get(key), kind):
            raise ValueError(
                f'{path}: {name}: {key} must be {kind.__name__}, got {values.get(key)!r}'
            )
    card = card_from(values['card'], f'{path}: {name}')
    return Entry(
        name, card, url=values['url'], sha256=values['sha256'].lower(), size=values['size']
    )
