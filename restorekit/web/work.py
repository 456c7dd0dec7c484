"""What a job has done to it: the one file of the page that knows how pictures are restored."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import numpy as np
import torch

from restorekit.catalogue import Task, catalogue
from restorekit.functional import tiled
from restorekit.inference import Inferencer, Output, Source, choose
from restorekit.inference import Job as Result
from restorekit.inference.inferencer import device_of
from restorekit.inference.precision import Precision
from restorekit.inference.running import Loaded, load, restored, write
from restorekit.io import (
    TONE_MAPS,
    BitDepth,
    ToneMap,
    read_picture,
    tonemap,
    write_hdr,
    write_image,
)
from restorekit.io.bracket import EXPOSURE_FILE
from restorekit.restorers.classical import bracket_methods
from restorekit.web.jobs import Job
from restorekit.web.limits import Limits, millions
from restorekit.web.meter import CancelledError, Meter
from restorekit.web.pictures import accepted, check_pictures, for_user

MERGING = ('hdr', 'fusion')
KEPT_MODELS = 4
TONE: ToneMap = 'reinhard'  # as `restorekit restore` does
TRIAL = 64  # pixels: side of the image that tells how much work a network is


class Workshop:
    """Restores the pictures of jobs, one after another, with the models of the catalogue.

    Args:
        device, precision: As for `Inferencer`.
        limits: Of the pixels.
    Raises:
        ValueError: If there is no such device, or the catalogue is damaged.
    """

    def __init__(
        self, *, device: str | None, limits: Limits, precision: Precision = 'auto'
    ) -> None:
        self.device = str(device_of(device))
        self.precision = precision
        self.limits = limits
        self._models = catalogue()
        self._loaded: OrderedDict[tuple[str, ...], Inferencer] = OrderedDict()
        self._work: dict[tuple, float] = {}

    def offer(self) -> dict:
        """What can be asked for, as JSON."""
        models = [
            {
                'name': name,
                'task': entry.card.task,
                'scale': entry.card.scale,
                'description': entry.card.description,
            }
            for name, entry in self._models.items()
        ]
        return {
            'models': models,
            'tones': sorted(TONE_MAPS, key=lambda tone: tone != TONE),
            'extensions': list(accepted()),
            'device': self.device,
        }

    def do(self, job: Job) -> str:
        """Restore what a job holds, and write its results.

        Returns:
            What was done, for the user.
        Raises:
            ValueError, OSError: As restoring does; `for_user` makes a sentence of it.
            CancelledError: If the job was given up.
        """
        if job.wish.tone not in (None, *TONE_MAPS):
            raise ValueError(f'no tone curve {job.wish.tone!r}; accepted: {", ".join(TONE_MAPS)}')
        height, width = check_pictures(job, self.limits)
        folder, merging = job.sources[0].parent, len(job.sources) > 1
        source = Source(folder, job.sources) if merging else Source(job.sources[0])
        if job.wish.exposures:
            (folder / EXPOSURE_FILE).write_text('\n'.join(job.wish.exposures))
        models, reason = self._models_for(job, source)
        scale = int(np.prod([self._models[name].card.scale for name in models]))
        self._check_result(height * scale, width * scale)
        restore = self._load(models)
        passed = self._work_of(restore, models, len(job.sources)) * height * width
        expected = passed * _repeated(restore, len(job.sources), height, width)
        _align(restore, job.wish.align)

        def on_step(count: int) -> None:
            if job.cancelled.is_set():
                raise CancelledError
            job.progress = min(count / expected, 0.99) if expected else None

        with Meter(on_step).running():
            loaded = load(source, restore.model)
            image = restored(restore, loaded)
        if job.cancelled.is_set():  # methods without a network do not look
            raise CancelledError
        self._write(job, source, loaded, image, models, linear=restore.model.linear)
        return for_user('; '.join([f'{", then ".join(models)} ({reason})', *loaded.notes]), job)

    def _check_result(self, height: int, width: int) -> None:
        if height * width > self.limits.pixels:
            raise ValueError(
                f'the result would have {millions(height * width)} pixels; this page makes up to '
                f'{millions(self.limits.pixels)}; choose a smaller scale'
            )

    def _models_for(self, job: Job, source: Source) -> tuple[tuple[str, ...], str]:
        """Names of models, and why they."""
        wish = job.wish
        if wish.model is None:
            choice = choose(source, cast(Task | None, wish.task), wish.scale)
            return choice.models, choice.reason
        if wish.model not in self._models:
            raise ValueError(f'no model {wish.model!r} here')
        merges = self._models[wish.model].card.task in MERGING
        if merges != source.is_bracket:
            takes = 'exposures of one scene' if merges else 'one picture at a time'
            raise ValueError(f'{wish.model} takes {takes}, got {len(job.sources)}')
        return (wish.model,), 'as asked for'

    def _load(self, models: tuple[str, ...]) -> Inferencer:
        """Models from memory or from their files; the ones used longest ago are let go."""
        if models not in self._loaded:
            self._loaded[models] = Inferencer(models, device=self.device, precision=self.precision)
        self._loaded.move_to_end(models)
        while len(self._loaded) > KEPT_MODELS:
            self._loaded.popitem(last=False)
        return self._loaded[models]

    def _work_of(self, restore: Inferencer, models: tuple[str, ...], frames: int) -> float:
        """The count of a Meter for each pixel of the input, found by a small image."""
        key = (*models, frames)
        if key not in self._work:
            ramp = np.linspace(0.1, 0.9, TRIAL**2, dtype=np.float32).reshape(TRIAL, TRIAL, 1)
            trial = np.repeat(ramp, 3, axis=2)
            with Meter().running() as meter:
                if restore.model.takes_bracket:
                    count = restore.model.num_frames or frames
                    restore([trial**gain for gain in range(count, 0, -1)], [*range(count)])
                else:
                    restore(trial)
            self._work[key] = meter.count / TRIAL**2
        return self._work[key]

    def _write(
        self,
        job: Job,
        source: Source,
        loaded: Loaded,
        image: np.ndarray,
        models: Sequence[str],
        *,
        linear: bool,
    ) -> None:
        """The pictures for the page, and the files for the user."""
        out = job.folder / 'out'
        name = f'{Path(job.wish.names[0]).stem}_{"_".join(models)}'
        if linear:
            write_hdr(out / 'result.hdr', image)
            job.files['result.hdr'] = out / 'result.hdr', f'{name}.hdr'
            tone = cast(ToneMap, job.wish.tone or TONE)
            image, name = tonemap(image, tone), f'{name}_{tone}'
        depths: dict[str, tuple[BitDepth, str]] = {'result': (8, ''), 'result16': (16, '_16bit')}
        for stem, (bits, ending) in depths.items():
            path = out / f'{stem}.png'
            write(Result(source, path), image, loaded, Output(bits=bits))
            job.files[path.name] = path, f'{name}{ending}.png'
        for index, file in enumerate(job.sources):
            before = read_picture(file)
            path = out / f'before{index}.png'
            write_image(path, before.image, alpha=before.alpha, metadata=before.metadata)
            job.files[path.name] = path, path.name
        job.facts = {'height': image.shape[0], 'width': image.shape[1], 'linear': linear}


def _align(restore: Inferencer, hand_held: bool) -> None:
    """Have methods without a network lay frames over each other, or take them as they are.

    Networks that merge brackets do it by themselves.
    """
    methods = bracket_methods(restore.model)
    if hand_held and not methods and not restore.model.takes_bracket:
        raise ValueError('only methods that merge exposures align frames')
    for method in methods:
        method.align = 'mtb' if hand_held else None


def _repeated(restore: Inferencer, frames: int, height: int, width: int) -> float:
    """How often a pixel is computed on average where tiles overlap."""
    model = restore.model.last
    shape = (1, frames, 3, height, width) if model.takes_bracket else (1, 3, height, width)
    images = torch.empty(shape, device='meta')
    light = torch.arange(frames)[None] if model.takes_bracket else None
    tile, overlap = restore.tiler.split(model, images, light)
    if tile is None:
        return 1
    computed = 0

    def count(piece: torch.Tensor) -> torch.Tensor:
        nonlocal computed
        computed += piece.shape[-2] * piece.shape[-1]
        return piece

    plane = torch.empty(1, 1, height, width, device='meta')
    tiled(count, plane, tile=tile, overlap=overlap, period=model.period)
    return computed / (height * width)
