"""What a page asks for, checked before anything is uploaded."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any, cast

from restorekit.web.limits import Limits

TASKS = ('sr', 'jpeg', 'hdr', 'fusion')
MERGING = ('hdr', 'fusion')
NAME_LENGTH = 200
EXPOSURE = re.compile(r'[-+.,/\d eE]{1,20}')  # a number, or a time as cameras write it


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What is to be done with which files.

    Attributes:
        names: Of the files, as the user knows them; they are shown, and never become paths.
        sizes: Of the files, in bytes.
        task: As for `restorekit.inference.choose`; None goes by the files.
        scale: As there.
        model: A name of the catalogue, or None.
        tone: The tone curve by which an HDR result is shown, or None for one that suits most.
        align: Whether the exposures were taken by hand, and are laid over each other first.
        exposures: Of each file, as it was typed; empty where the files say it.
    """

    names: tuple[str, ...]
    sizes: tuple[int, ...]
    task: str | None = None
    scale: int | None = None
    model: str | None = None
    tone: str | None = None
    align: bool = False
    exposures: tuple[str, ...] = ()


def wish_from(data: object, limits: Limits) -> Wish:
    """A wish from the JSON that a page has sent.

    Raises:
        ValueError: In a sentence for the user.
    """
    if not isinstance(data, dict):
        raise ValueError('expected a JSON object')
    _check_kinds(data)
    names, sizes = _files(data.get('files'), limits)
    task, scale = data.get('task'), data.get('scale')
    if data.get('model') is not None and (task is not None or scale is not None):
        raise ValueError('a model has its own task and scale; name the model alone')
    if task in MERGING and len(names) < 2:
        raise ValueError('merging takes two or more pictures of one scene, got one')
    if task in TASKS and task not in MERGING and len(names) > 1:
        raise ValueError(f'this is done to one picture at a time, got {len(names)}')
    return Wish(
        names=names,
        sizes=sizes,
        task=task,
        scale=scale,
        model=data.get('model'),
        tone=data.get('tone'),
        align=data.get('align', False),
        exposures=_exposures(data.get('exposures'), len(names)),
    )


def _check_kinds(data: dict) -> None:
    """Raise where something is unknown, or of the wrong kind."""
    unknown = data.keys() - {'files', 'task', 'scale', 'model', 'tone', 'align', 'exposures'}
    if unknown:
        raise ValueError(f'unknown: {", ".join(sorted(map(str, unknown)))}')
    task, scale = data.get('task'), data.get('scale')
    if task is not None and task not in TASKS:
        raise ValueError(f'task must be one of {", ".join(TASKS)}, got {task!r}')
    if scale is not None and (type(scale) is not int or not 1 <= scale <= 16):
        raise ValueError(f'scale must be a whole number from 1 to 16, got {scale!r}')
    for key in ('model', 'tone'):
        if not isinstance(data.get(key), str | None):
            raise ValueError(f'{key} must be a name, got {data[key]!r}')
    if type(data.get('align', False)) is not bool:
        raise ValueError(f'align must be true or false, got {data["align"]!r}')


def _files(data: object, limits: Limits) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Names and sizes."""
    listed = data if isinstance(data, list) else []
    good = [
        isinstance(file, dict)
        and isinstance(file.get('name'), str)
        and type(file.get('size')) is int
        and file['size'] >= 0
        for file in listed
    ]
    if not listed or not all(good):
        raise ValueError('choose a picture first')
    if len(listed) > limits.files:
        raise ValueError(f'at most {limits.files} pictures in one set, got {len(listed)}')
    files = cast(list[dict[str, Any]], listed)
    names = tuple(_shown(file['name']) for file in files)
    sizes = tuple(file['size'] for file in files)
    for name, size in zip(names, sizes, strict=True):
        if size == 0:
            raise ValueError(f'{name} is empty')
    if sum(sizes) > limits.size:
        raise ValueError(
            f'{sum(sizes) / 1e6:.1f} MB; this page takes {limits.megabytes:g} MB at a time'
        )
    return names, sizes


def _shown(name: str) -> str:
    """The last part of a file's name, without what a terminal or a header would not show."""
    last = PurePosixPath(PureWindowsPath(name).name).name
    shown = ''.join(c for c in last if c.isprintable())[-NAME_LENGTH:]
    return shown or 'picture'


def _exposures(data: object, count: int) -> tuple[str, ...]:
    if data is None:
        return ()
    texts = [str(value).strip() for value in data] if isinstance(data, list) else ['?']
    if not any(texts):
        return ()
    if len(texts) != count or not all(EXPOSURE.fullmatch(text) for text in texts):
        raise ValueError(
            f'give the exposure of each of the {count} pictures, a number in EV, or of none'
        )
    return tuple(texts)
