"""The dataset, and how a function that lists samples becomes one."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from mmengine.dataset import BaseDataset

from restorekit.data_sample import ROLES, Sample, first_file
from restorekit.io import Pack, hdr_size, image_size, is_hdr
from restorekit.registry import DATASETS
from restorekit.transforms import build_transforms, plan_sizes

MAX_LISTED = 20
LABELS = {'scale': 'x', 'quality': 'q', 'sigma': 'sigma'}


class DataError(ValueError):
    """The files of a dataset are not what it needs; everything found is listed at once."""


class MissingFolderError(FileNotFoundError):
    """A dataset's folder is not there."""


def require_folder(folder: str | Path) -> None:
    """Raise MissingFolderError where there is no such folder, or none is named."""
    if not str(folder) or not Path(folder).is_dir():
        named = str(Path(folder).absolute()) if str(folder) else "of the name ''"
        raise MissingFolderError(
            f'no folder {named} (datasets are looked for under '
            'RESTOREKIT_DATA and RESTOREKIT_PREPARED, or under ./data where they are not set)'
        )


def raise_problems(problems: list[str]) -> None:
    """Raise DataError with all problems, if there are any."""
    if problems:
        shown = ''.join(f'\n  {problem}' for problem in problems[:MAX_LISTED])
        more = f'\n  and {len(problems) - MAX_LISTED} more' if len(problems) > MAX_LISTED else ''
        raise DataError(f'{len(problems)} problem(s) in the data:{shown}{more}')


class ImageDataset(BaseDataset):
    """Samples that a function lists, read and checked before a run starts.

    Args:
        samples: Called without arguments, it lists all samples, in a fixed order.
        pipeline: Transforms, configs or callables.
        name: Under which its figures are reported, with the degradation appended: 'Set5_x2'.
        degradation: Figures that the pipeline's degradation reads, and that configs of a family
            differ by: `scale` (also the expected size of `gt` over that of `lq` where both are
            files) and `quality`.
        packed: A pack of these samples, which `restorekit prepare pack` has made: they are listed
            and read from there, and the files are not needed any more.
        check: Read every file's header at the start, so that unreadable files, sizes that do not
            fit, and images smaller than the crop are all listed before training.
        test_mode: As in mmengine.
    Raises:
        MissingFolderError: If a folder is not there.
        DataError: Naming every sample whose files do not fit.
    """

    def __init__(
        self,
        samples: Callable[[], Iterable[Sample]],
        *,
        pipeline: list,
        name: str,
        degradation: dict | None = None,
        packed: str | None = None,
        check: bool = True,
        test_mode: bool = False,
    ) -> None:
        self.samples = samples
        self.degradation = dict(degradation or {})
        unknown = set(self.degradation) - set(LABELS)
        if unknown:
            raise ValueError(
                f'{name}: degradation has {sorted(unknown)}; accepted: {", ".join(LABELS)}'
            )
        self.setting = '_'.join(
            f'{LABELS[key]}{_label(value)}' for key, value in self.degradation.items()
        )
        self.name = f'{name}_{self.setting}' if self.setting else name
        self.check = check
        self.packed = packed
        self.pack: Pack | None = None
        super().__init__(pipeline=build_transforms(pipeline), test_mode=test_mode)

    def load_data_list(self) -> list[dict]:
        """All samples, in a fixed order."""
        try:
            if self.packed is not None:
                self.pack = self._open_pack(self.packed)
                samples = self.pack.samples()
                return [{**s, 'packed': self.pack.numbers(i)} for i, s in enumerate(samples)]
            return [dict(sample) for sample in self.samples()]
        except (DataError, MissingFolderError) as error:
            raise type(error)(f'{self.name}: {error}') from None

    def _open_pack(self, folder: str) -> Pack:
        """The pack, if it is of these samples and of their files as they are, where they are."""
        pack = Pack(folder)
        wanted = listing_of(self.samples)
        if pack.listing != wanted:
            raise DataError(f'{folder}: holds {pack.listing}, asked for is {wanted}; pack again')
        changed = [f'{path}: is not as it was when it was packed' for path in pack.changed()]
        if changed:
            raise_problems([*changed, f'{folder}: pack again'])
        return pack

    def full_init(self) -> None:
        """List the samples and check them, once."""
        if self._fully_initialized:
            return
        super().full_init()
        if self.check:
            samples = (self.get_data_info(index) for index in range(len(self)))
            problems = [problem for sample in samples if (problem := self._problem(sample))]
            try:
                raise_problems(problems)
            except DataError as error:
                raise DataError(f'{self.name}: {error}') from None

    def get_data_info(self, idx: int) -> dict:
        """The sample as the transforms get it: with the dataset's name and degradation."""
        if not isinstance(idx, int):
            raise TypeError(
                f'{self.name}: index must be an int, got {idx!r}. A sampler that gives positions '
                "needs SeededDataset around the dataset; restorekit's Runner puts it there"
            )
        sample = super().get_data_info(idx)
        if self.pack is not None:
            numbers = sample.pop('packed')
            sample['pixels'] = {r: list(map(self.pack.image, at)) for r, at in numbers.items()}
        return {
            **sample,
            'dataset': self.name,
            'setting': self.setting,
            **self.degradation,
        }

    def _problem(self, sample: dict) -> str | None:
        sizes: dict[str, tuple[int, int]] = {}
        held = {role: iter(images) for role, images in sample.get('pixels', {}).items()}
        for role, path in sample_files(sample):
            try:
                if held:
                    size = next(held[role]).shape[:2]
                else:
                    size = hdr_size(path) if is_hdr(path) else image_size(path)
            except (ValueError, OSError) as error:
                return str(error)
            if sizes.setdefault(role, size) != size:
                height, width = sizes[role]
                return f'{path}: {size[0]} x {size[1]}, the frames before it {height} x {width}'
        try:
            plan_sizes(self.pipeline.transforms, sizes, sample)
        except ValueError as error:
            return f'{first_file(sample["files"])}: {error}'
        return None


def layout(name: str, function: Callable[..., Iterable[Sample]]) -> type[ImageDataset]:
    """A dataset of a published layout, registered under `name`.

    Its options are those of the function and, by keyword, those of ImageDataset; the name of its
    figures is by default that of the first folder among the function's options.

    Args:
        name: Of the class, to be assigned to: `SceneDataset = layout('SceneDataset', scenes)`.
        function: Lists all samples; its errors need not name the dataset.
    """
    own = inspect.signature(function, eval_str=True)
    common = inspect.signature(ImageDataset, eval_str=True).parameters

    class LayoutDataset(ImageDataset):
        def __init__(self, *args: Any, **options: Any) -> None:
            rest = {key: options.pop(key) for key in (*common,) if key in options}
            bound = own.bind(*args, **options)
            folders = (v for k, v in bound.arguments.items() if k.endswith(('root', 'dir')) and v)
            if rest.get('name') is None:
                rest['name'] = Path(next(folders, name)).name
            super().__init__(functools.partial(function, *bound.args, **bound.kwargs), **rest)

    shared = [p.replace(kind=p.KEYWORD_ONLY) for key, p in common.items() if key != 'samples']
    shared = [
        p.replace(default=None, annotation=str | None) if p.name == 'name' else p for p in shared
    ]
    LayoutDataset.__signature__ = own.replace(
        parameters=[*own.parameters.values(), *shared], return_annotation=own.empty
    )
    LayoutDataset.__name__ = LayoutDataset.__qualname__ = name
    LayoutDataset.__module__, LayoutDataset.__doc__ = function.__module__, function.__doc__
    DATASETS.register_module(module=LayoutDataset)
    return LayoutDataset


def listing_of(function: Callable) -> Any:
    """By what a dataset's samples are listed, as plain data without the folders; None if unknown.

    Folders are left out since a pack is often read elsewhere than where it was made.
    """
    if not isinstance(function, functools.partial):
        return None
    bound = inspect.signature(function.func).bind(*function.args, **function.keywords)
    bound.apply_defaults()
    options = {k: v for k, v in bound.arguments.items() if not k.endswith(('root', 'dir'))}
    options = {k: list(v) if isinstance(v, tuple) else v for k, v in options.items()}
    return {'layout': function.func.__name__, **options}


def sample_files(sample: dict) -> list[tuple[str, str]]:
    """A sample's image files, each after its role."""
    return [(role, path) for role in ROLES for path in sample['files'].get(role, ())]


def _label(value: object) -> str:
    return '-'.join(map(str, value)) if isinstance(value, list | tuple) else str(value)
