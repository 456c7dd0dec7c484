"""Sources through an Inferencer into files, reading and writing beside the network."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
import torch

from restorekit.functional import imresize
from restorekit.inference.inferencer import Inferencer
from restorekit.inference.jobs import Job, Output, depth_of
from restorekit.inference.sources import Source
from restorekit.io import (
    BitDepth,
    BracketError,
    Metadata,
    check_brightness,
    choose_frames,
    order_bracket,
    read_picture,
    to_rgb,
    tonemap,
    write_hdr,
    write_image,
)
from restorekit.io.bracket import Order
from restorekit.restorers import BaseRestorer

MOST = 16  # times that a result may be as large as its source
READ_AHEAD = 2  # sources in memory before the network asks for them
FOR_USERS = (ValueError, OSError, ModuleNotFoundError)  # whose texts stand alone
FAULTS = (*FOR_USERS, RuntimeError, MemoryError)  # of one source, which leave the others alone


@dataclass(frozen=True)
class Size:
    """The size of a result, where it is not the model's.

    Attributes:
        factor: Output over input.
        box: Width and height that it fits into, the aspect kept.
    """

    factor: float | None = None
    box: tuple[int, int] | None = None

    def of(self, height: int, width: int, scale: int) -> tuple[int, int]:
        """H, W of the result of an image of `height` x `width` behind a model of that scale."""
        factor = scale if self.factor is None else self.factor
        if self.box is not None:
            factor = min(self.box[0] / width, self.box[1] / height)
            if factor > MOST:
                raise ValueError(
                    f'--size {self.box[0]}x{self.box[1]} is {factor:.1f} times the {width} x '
                    f'{height} of the image; {MOST} times at most'
                )
        return max(round(height * factor), 1), max(round(width * factor), 1)


@dataclass(frozen=True)
class Loaded:
    """A source in memory.

    Attributes:
        frames: One image, or those of a bracket, dark to bright: (H, W, C), float32 in [0, 1].
        exposures: EV of the frames of a bracket, where they are known.
        alpha: (H, W, 1), of a picture that has it.
        bits: Of the file.
        metadata: Of the file; of the middle frame of a bracket.
        notes: What the user should know.
    """

    frames: list[np.ndarray]
    exposures: tuple[float, ...] = ()
    alpha: np.ndarray | None = None
    bits: int = 8
    metadata: Metadata = field(default_factory=Metadata)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """What became of a job: notes for the user, or the reason why it failed."""

    job: Job
    notes: tuple[str, ...] = ()
    fault: str = ''


def load(source: Source, model: BaseRestorer, ev: Sequence[float] = ()) -> Loaded:
    """Read a source for a model.

    Args:
        source: A picture, or a bracket, of which as many frames are read as the model takes.
        model: It says what it takes.
        ev: Exposures of the bracket's frames in the order of their names; else those of the files.
    Raises:
        ValueError, OSError, ModuleNotFoundError: If a file cannot be read, or the bracket is none.
    """
    if not source.is_bracket:
        picture = read_picture(source.path)
        return Loaded([picture.image], (), picture.alpha, picture.bits, picture.metadata)
    by: Order = 'exposure' if model.needs_exposures else 'either'
    whole = order_bracket(source.frames, name=str(source), by=by, ev=ev)
    bracket = choose_frames(whole, model.num_frames)
    if len(bracket.frames) < (model.num_frames or 0):
        raise BracketError(
            f'{source}: this network takes {model.num_frames} frames, got {len(bracket.frames)}'
        )
    pictures = [read_picture(frame) for frame in bracket.frames]
    frames = [to_rgb(picture.image) for picture in pictures]
    check_brightness(bracket, frames, str(source))
    names = ', '.join(frame.name for frame in bracket.frames)
    notes = (f'of its frames {names}',) if len(frames) < len(whole.frames) else ()
    middle = pictures[len(pictures) // 2]
    bits = max(picture.bits for picture in pictures)
    return Loaded(frames, bracket.exposures, None, bits, middle.metadata, notes)


def restored(
    restore: Inferencer,
    loaded: Loaded,
    size: Size | None = None,
    bits: BitDepth | None = None,
) -> np.ndarray:
    """The result, (H, W, C), as the Inferencer gives it, at the size that is asked for.

    Args:
        restore, loaded: What restores, and what is restored.
        size: What is asked for; None keeps the model's.
        bits: Of the file that it becomes, to which it may be rounded already; see `Inferencer`.
    """
    bits = None if restore.model.linear or size is not None else bits
    if restore.model.takes_bracket:
        image = restore(loaded.frames, list(loaded.exposures) or None, bits=bits)
    else:
        image = restore(loaded.frames[0], bits=bits)
    if size is None:
        return image
    height, width = loaded.frames[0].shape[:2]
    target = size.of(height, width, restore.model.scale)
    return _resized(image, target, None if restore.model.linear else 1.0)


def write(job: Job, image: np.ndarray, loaded: Loaded, output: Output) -> list[str]:
    """Write a result, with what its source carried.

    Returns:
        What the user should know: what was left out, and why.
    """
    if job.linear:
        write_hdr(job.target, image)
        if job.picture is not None and output.tone is not None:
            picture = tonemap(image, output.tone)
            write_image(
                job.picture,
                picture,
                bits=output.bits or 8,
                metadata=loaded.metadata,
                quality=output.quality,
            )
        return []
    depth = depth_of(job.target, loaded.bits, output)
    alpha = loaded.alpha
    if alpha is not None and alpha.shape[:2] != image.shape[:2]:
        alpha = _resized(alpha, image.shape[:2], 1.0)
    lost = write_image(
        job.target,
        image,
        bits=depth,
        alpha=alpha,
        metadata=loaded.metadata,
        quality=output.quality,
    )
    if output.bits is None and loaded.bits > depth:
        lost = ['the lower 8 of 16 bits', *lost]
    return [f'without {", ".join(lost)}, which {job.target.suffix} does not hold'] if lost else []


def run_jobs(
    jobs: Sequence[Job],
    inferencers: Sequence[Inferencer],
    output: Output,
    *,
    size: Size | None = None,
    ev: Sequence[float] = (),
    rest: Callable[[], object] = lambda: None,
) -> Iterator[Outcome]:
    """Do jobs in their order; the next sources are read, and results written, beside the network.

    Args:
        jobs: As `plan_jobs` gives them.
        inferencers: One for each.
        output, size, ev: How results are written, their size, and the exposures of brackets.
        rest: Called behind an image that was divided, before it is written: what its tiles took can
            go back to the system.
    Yields:
        What became of each, in the order of the jobs; a fault of one leaves the others alone.
    """
    with ThreadPoolExecutor(READ_AHEAD) as readers, ThreadPoolExecutor(1) as writer:
        reading: deque[Future[Loaded]] = deque()
        writing: deque[Future[Outcome]] = deque()
        pairs = list(zip(jobs, inferencers, strict=True))
        for index, (job, restore) in enumerate(pairs):
            while len(reading) < READ_AHEAD and index + len(reading) < len(pairs):
                ahead, of = pairs[index + len(reading)]
                reading.append(readers.submit(load, ahead.source, of.model, ev))
            try:
                loaded = reading.popleft().result()
                bits = None if job.linear else depth_of(job.target, loaded.bits, output)
                image = restored(restore, loaded, size, bits)
            except FAULTS as error:
                writing.append(writer.submit(Outcome, job, fault=_fault(job, error)))
            else:
                notes = (restore.tiler.chosen,) if restore.tiler.chosen else ()
                if notes:
                    rest()
                writing.append(writer.submit(_written, job, image, loaded, output, notes))
            if len(writing) > 1:
                yield writing.popleft().result()
        for future in writing:
            yield future.result()


def _written(
    job: Job, image: np.ndarray, loaded: Loaded, output: Output, notes: tuple[str, ...]
) -> Outcome:
    try:
        return Outcome(job, (*loaded.notes, *notes, *write(job, image, loaded, output)))
    except FAULTS as error:
        return Outcome(job, fault=_fault(job, error))


def _fault(job: Job, error: Exception) -> str:
    message = str(error).strip()
    if not isinstance(error, FOR_USERS):
        message = f'{type(error).__name__}: {message.partition(chr(10))[0] or "no message"}'
    return message if str(job.source) in message else f'{job.source}: {message}'


def _resized(image: np.ndarray, size: tuple[int, int], white: float | None) -> np.ndarray:
    """(H, W, C) by MATLAB's bicubic, clipped."""
    if image.shape[:2] == size:
        return image
    planes = torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1)))
    return imresize(planes, size=size).clamp(0, white).numpy().transpose(1, 2, 0)
