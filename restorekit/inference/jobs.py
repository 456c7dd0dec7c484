"""Which files come of which sources."""

from __future__ import annotations

import mimetypes
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from restorekit.inference.sources import Source
from restorekit.io import (
    EXTENSIONS,
    BitDepth,
    ToneMap,
    check_writable,
    holds,
    is_image,
)
from restorekit.restorers import BaseRestorer

HDR_TARGETS = ('.hdr', '.exr', '.tif', '.tiff')
KEPT = ('.png', '.tif', '.tiff', '.bmp')  # of pictures; a restored one is not compressed again


@dataclass(frozen=True)
class Output:
    """How results are written.

    Attributes:
        bits: 8 or 16; None gives 16 where the source has them and the format holds them.
        suffix: Of the files, `.jpg` say; None keeps that of a lossless source, and is `.png`, or
            `.hdr` for linear radiance, otherwise. One that holds no radiance is that of the picture
            beside it.
        quality: 1 to 100, of lossy formats.
        tone: Tone curve of the picture beside linear radiance; None writes none.
    """

    bits: BitDepth | None = None
    suffix: str | None = None
    quality: int | None = None
    tone: ToneMap | None = None


@dataclass(frozen=True)
class Job:
    """One result to be made.

    Attributes:
        source: What it is made of.
        target: The file of the result.
        picture: A picture of an HDR result beside it, or None.
        linear: Whether the result is linear radiance.
    """

    source: Source
    target: Path
    picture: Path | None = None
    linear: bool = False

    @property
    def written(self) -> list[Path]:
        """All files that are written."""
        return [self.target] if self.picture is None else [self.target, self.picture]

    @property
    def is_done(self) -> bool:
        """Whether all of them are there; a file is there only once it is whole."""
        return all(path.is_file() for path in self.written)


def plan_jobs(
    sources: Sequence[Source],
    out: str | Path,
    models: Sequence[BaseRestorer],
    output: Output | None = None,
    *,
    make_folders: bool = True,
) -> list[Job]:
    """What is to be made of each source, or every reason why it cannot be, before any work.

    Files that exist are for the caller to look at: `Job.is_done`.

    Args:
        sources: As `find_sources` gives them.
        out: A folder, or for one source a file.
        models: One for each source; it says what it takes and gives.
        output: How results are written.
        make_folders: Make those of the results, and see that they can be written.
    Raises:
        ValueError: If a source is of the wrong kind, or a target is another's or would lie among
            the files that are read.
        OSError: If the folder of the results cannot be written.
    """
    output = output or Output()
    _check_kinds(sources, models)
    targets = _targets(sources, Path(out), models, output)
    jobs = []
    for source, target, model in zip(sources, targets, models, strict=True):
        picture = _picture(target, output) if model.linear else None
        jobs.append(Job(source, target, picture, model.linear))
    _check_targets(jobs)
    for folder in {target.parent for target in targets} if make_folders else ():
        check_writable(folder)
    return jobs


def _check_kinds(sources: Sequence[Source], models: Sequence[BaseRestorer]) -> None:
    pairs = list(zip(sources, models, strict=True))
    files = [str(s) for s, model in pairs if model.takes_bracket and not s.is_bracket]
    if files:
        raise ValueError(f'a file; this network takes folders of exposures: {", ".join(files)}')
    brackets = [str(s) for s, model in pairs if s.is_bracket and not model.takes_bracket]
    if brackets:
        raise ValueError(f'a bracket, not an image: {", ".join(brackets)}')


def _targets(
    sources: Sequence[Source], out: Path, models: Sequence[BaseRestorer], output: Output
) -> list[Path]:
    """The file of each result."""
    suffix = out.suffix.lower()
    kind = mimetypes.guess_type(out.name)[0] or ''
    looks_like_file = suffix in HDR_TARGETS or is_image(out) or kind.startswith('image/')
    if not out.is_dir() and looks_like_file:
        if len(sources) > 1:
            raise ValueError(f'-o {out}: a file for {len(sources)} images; name a folder')
        _check_format(f'-o {out}', suffix, models[0], output)
        of_target = HDR_TARGETS if models[0].linear else (output.suffix,)
        if output.suffix not in (None, suffix) and output.suffix in of_target:
            raise ValueError(f'-o {out}: --format {output.suffix[1:]} says another format')
        return [out]
    targets = []
    for source, model in zip(sources, models, strict=True):
        name = Path(_stem(source) + _suffix(source, model, output))
        _check_format(f'{source} -> {name}', name.suffix.lower(), model, output)
        targets.append(out / source.below / name)
    # photo.jpg and photo.png of one folder would both become photo.png.
    return [
        target.with_name(f'{target.stem}_{source.path.suffix[1:].lower()}{target.suffix}')
        if targets.count(target) > 1 and not source.is_bracket
        else target
        for source, target in zip(sources, targets, strict=True)
    ]


def _stem(source: Source) -> str:
    if source.path.is_dir():
        return source.path.resolve().name
    return source.path.name.removesuffix(source.path.suffix)


def _suffix(source: Source, model: BaseRestorer, output: Output) -> str:
    if model.linear:
        return output.suffix if output.suffix in HDR_TARGETS else '.hdr'
    if output.suffix is not None:
        return output.suffix
    suffix = source.path.suffix
    keep = suffix.lower() in KEPT and (output.bits != 16 or holds(source.path, '16 bits'))
    return suffix if keep and not source.is_bracket else '.png'


def _check_format(what: str, suffix: str, model: BaseRestorer, output: Output) -> None:
    kinds = HDR_TARGETS if model.linear else EXTENSIONS
    if suffix not in kinds:
        raise ValueError(f'{what}: this network gives {", ".join(kinds)}')
    if model.linear:
        return
    _check_holds(what, suffix, output)


def _picture(target: Path, output: Output) -> Path | None:
    """The picture beside linear radiance; a format that holds no radiance is asked of it."""
    beside = '.png' if output.suffix in (None, *HDR_TARGETS) else output.suffix
    if output.tone is None:
        if output.suffix not in (None, *HDR_TARGETS) or output.quality is not None:
            raise ValueError(
                f'{target}: this network gives {", ".join(HDR_TARGETS)}; another format, or a '
                'quality, is for the picture beside it, which --tonemap none leaves out'
            )
        return None
    name = f'{target.stem}_{output.tone}{beside}'
    if beside not in EXTENSIONS:
        accepted = ', '.join((*HDR_TARGETS, *EXTENSIONS))
        raise ValueError(f'{name}: unknown format; accepted: {accepted}')
    _check_holds(name, beside, output)
    return target.with_name(name)


def _check_holds(what: str, suffix: str, output: Output) -> None:
    if output.bits == 16 and not holds(f'a{suffix}', '16 bits'):
        raise ValueError(f'{what}: 16 bits need .png, .tif, .tiff')
    if output.quality is not None and not holds(f'a{suffix}', 'quality'):
        raise ValueError(f'{what}: a quality is for .jpg, .webp and .avif')


def _check_targets(jobs: list[Job]) -> None:
    written = [path for job in jobs for path in job.written]
    if len(set(written)) < len(written):
        twice = sorted({str(path) for path in written if written.count(path) > 1})
        raise ValueError(f'several images would be written to {", ".join(twice)}')
    read = {job.source.path.resolve() for job in jobs}
    frames = {frame.resolve() for job in jobs for frame in job.source.frames}
    homes = {frame.parent for frame in frames}
    for path in written:
        if path.is_dir():
            raise ValueError(f'{path}: is a folder, where a result should be written')
        place = path.resolve()
        if place in read or place in frames:
            raise ValueError(
                f'{path}: would be overwritten by its own result; choose another folder'
            )
        if place.parent in homes:
            raise ValueError(f'{path}: would lie among the frames of a bracket that is read')


def depth_of(target: Path, bits: int, output: Output) -> BitDepth:
    """The bits with which a result is written."""
    if output.bits is not None:
        return output.bits
    return 16 if bits == 16 and holds(target, '16 bits') else 8
