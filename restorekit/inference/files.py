"""Image files and folders of brackets through an Inferencer: what is read, and what is written."""

from __future__ import annotations

import mimetypes
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from restorekit.inference.inferencer import Inferencer
from restorekit.io import (
    EXTENSIONS,
    ToneMap,
    check_brightness,
    check_writable,
    choose_frames,
    find_bracket,
    read_image,
    tonemap,
    write_hdr,
    write_image,
)
from restorekit.restorers import BaseRestorer

DEEP = ('.png', '.tif', '.tiff')  # formats of 16 bits
HDR_TARGETS = ('.hdr', '.exr', '.tif', '.tiff')


@dataclass(frozen=True)
class Job:
    """One result to be made.

    Attributes:
        source: An image file, or the folder of a bracket.
        target: The file of the result.
        picture: A picture of an HDR result beside it, or None.
    """

    source: Path
    target: Path
    picture: Path | None = None

    @property
    def written(self) -> list[Path]:
        """All files that are written."""
        return [self.target] if self.picture is None else [self.target, self.picture]


def plan_jobs(
    sources: Sequence[str | Path],
    out: str | Path,
    models: Sequence[BaseRestorer],
    *,
    bits: Literal[8, 16] = 8,
    tone: ToneMap | None = None,
    overwrite: bool = False,
) -> list[Job]:
    """What `restore_file` is to do, or every reason why it cannot be done, before any work.

    Args:
        sources: Image files, or for a model that takes brackets folders of one scene each.
        out: A folder, or for one source a file.
        models: One for each source; it says what it takes and gives.
        bits: Depth of the files, 8 or 16.
        tone: Tone curve of the picture beside an HDR result; None writes none.
        overwrite: Whether files that exist may be replaced.
    Raises:
        FileNotFoundError: Naming all sources that are missing.
        ValueError: If a source is of the wrong kind, or a target is another's, exists, or would
            lie among the files that are read.
        OSError: If the folder of the results cannot be written.
    """
    paths = [Path(source) for source in sources]
    _check_sources(paths, models)
    targets = _targets(paths, Path(out), models, bits)
    jobs = []
    for source, target, model in zip(paths, targets, models, strict=True):
        name = f'{target.stem}_{tone}.png'
        picture = target.with_name(name) if tone is not None and model.linear else None
        jobs.append(Job(source, target, picture))
    _check_targets(jobs, overwrite=overwrite)
    check_writable(targets[0].parent)
    return jobs


def restored(restore: Inferencer, source: Path) -> tuple[np.ndarray, list[str]]:
    """Read and restore an image file, or the folder of a bracket.

    Returns:
        The result, (H, W, C), as the Inferencer gives it; and for a bracket of more frames than the
        model takes the names of those that were taken.
    Raises:
        ValueError, OSError: If a file cannot be read or restored.
    """
    if not restore.model.takes_bracket:
        return restore(read_image(source)), []
    whole = find_bracket(source, need_exposures=restore.model.needs_exposures)
    bracket = choose_frames(whole, restore.model.num_frames)
    frames = [_rgb(read_image(frame)) for frame in bracket.frames]
    check_brightness(bracket, frames, str(source))
    names = [frame.name for frame in bracket.frames]
    taken = names if len(bracket.frames) < len(whole.frames) else []
    return restore(frames, list(bracket.exposures) or None), taken


def restore_file(
    restore: Inferencer, job: Job, *, bits: Literal[8, 16] = 8, tone: ToneMap | None = None
) -> list[str]:
    """Read, restore and write one job.

    Args:
        restore: The Inferencer.
        job: As `plan_jobs` gives it.
        bits, tone: As there.
    Returns:
        For a bracket of more frames than the model takes the names of those that were taken;
        otherwise nothing.
    Raises:
        ValueError, OSError: If a file cannot be read, restored or written.
    """
    image, taken = restored(restore, job.source)
    if not restore.model.linear:
        write_image(job.target, image, bits=bits)
        return taken
    write_hdr(job.target, image)
    if job.picture is not None and tone is not None:
        write_image(job.picture, tonemap(image, tone), bits=bits)
    return taken


def _rgb(image: np.ndarray) -> np.ndarray:
    return np.repeat(image, 3, axis=2) if image.shape[2] == 1 else image


def _check_sources(sources: list[Path], models: Sequence[BaseRestorer]) -> None:
    missing = [str(source) for source in sources if not source.exists()]
    if missing:
        raise FileNotFoundError('no such file: ' + ', '.join(missing))
    pairs = list(zip(sources, models, strict=True))
    files = [str(path) for path, model in pairs if model.takes_bracket and not path.is_dir()]
    if files:
        raise ValueError(f'a file; this network takes folders of exposures: {", ".join(files)}')
    folders = [str(path) for path, model in pairs if path.is_dir() and not model.takes_bracket]
    if folders:
        raise ValueError(f'a folder, not an image: {", ".join(folders)}')


def _targets(
    sources: list[Path], out: Path, models: Sequence[BaseRestorer], bits: int
) -> list[Path]:
    """The file of each result."""
    suffix = out.suffix.lower()
    kind = mimetypes.guess_type(out.name)[0] or ''
    looks_like_file = suffix in (*HDR_TARGETS, *EXTENSIONS) or kind.startswith('image/')
    if out.is_dir() or not looks_like_file:
        pairs = zip(sources, models, strict=True)
        return [out / _target_name(source, bits, model) for source, model in pairs]
    if len(sources) > 1:
        raise ValueError(f'-o {out}: a file for {len(sources)} images; name a folder')
    model = models[0]
    kinds = HDR_TARGETS if model.linear else EXTENSIONS
    if suffix not in kinds:
        raise ValueError(f'-o {out}: this network gives {", ".join(kinds)}')
    if bits == 16 and not model.linear and suffix not in DEEP:
        raise ValueError(f'-o {out}: 16 bits need {", ".join(DEEP)}')
    return [out]


def _target_name(source: Path, bits: int, model: BaseRestorer) -> str:
    if model.takes_bracket:
        return f'{source.resolve().name}{".hdr" if model.linear else ".png"}'
    # A restored image is not compressed again: lossy formats become PNG.
    keep = DEEP if bits == 16 else (*DEEP, '.bmp')
    return source.name if source.suffix.lower() in keep else f'{source.stem}.png'


def _check_targets(jobs: list[Job], *, overwrite: bool) -> None:
    written = [path for job in jobs for path in job.written]
    if len(set(written)) < len(written):
        twice = sorted({str(path) for path in written if written.count(path) > 1})
        raise ValueError(f'several images would be written to {", ".join(twice)}')
    read = {job.source.resolve() for job in jobs}
    for path in written:
        if path.resolve() in read:
            raise ValueError(
                f'{path}: would be overwritten by its own result; choose another folder'
            )
        if path.resolve().parent in read:
            raise ValueError(f'{path}: would lie among the frames of a bracket that is read')
    existing = [str(path) for path in written if path.exists()]
    if existing and not overwrite:
        raise ValueError(f'exists already: {", ".join(existing)}; --overwrite replaces')
