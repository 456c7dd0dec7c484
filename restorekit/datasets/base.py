"""What every image dataset here has in common."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path

from mmengine.dataset import BaseDataset

from restorekit.io import hdr_size, image_size, is_hdr
from restorekit.transforms import build_transforms, plan_sizes

MAX_LISTED = 20
LABELS = {'scale': 'x', 'quality': 'q'}


class DataError(ValueError):
    """The files of a dataset are not what it needs; everything found is listed at once."""


class MissingFolderError(FileNotFoundError):
    """A dataset's folder is not there."""


def require_folder(folder: Path, name: str) -> None:
    """Raise MissingFolderError, naming the dataset, where there is no such folder."""
    if not folder.is_dir():
        raise MissingFolderError(
            f'{name}: no folder {folder.absolute()} (datasets are looked for under '
            'RESTOREKIT_DATA and RESTOREKIT_PREPARED, or under ./data where they are not set)'
        )


def raise_problems(name: str, problems: list[str]) -> None:
    """Raise DataError naming the dataset and all problems, if there are any."""
    if problems:
        shown = ''.join(f'\n  {problem}' for problem in problems[:MAX_LISTED])
        more = f'\n  and {len(problems) - MAX_LISTED} more' if len(problems) > MAX_LISTED else ''
        raise DataError(f'{name}: {len(problems)} problem(s) in the data:{shown}{more}')


class ImageDataset(BaseDataset):
    """A list of samples, each with a `gt_path`, an `lq_path` or both, checked before a run starts.

    Args:
        pipeline: Transforms, configs or callables.
        name: Under which its figures are reported, with the degradation appended: 'Set5_x2'.
        degradation: Figures that the pipeline's degradation reads, and that configs of a family
            differ by: `scale` (also the expected size of `gt` over that of `lq` where both are
            files) and `quality`.
        check: Read every file's header at the start, so that unreadable files, sizes that do not
            fit, and images smaller than the crop are all listed before training.
        test_mode: As in mmengine.

    A subclass lists its samples in `load_data_list`: dicts with `name` and the paths.
    """

    def __init__(
        self,
        pipeline: list,
        *,
        name: str,
        degradation: dict | None = None,
        check: bool = True,
        test_mode: bool = False,
    ) -> None:
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
        super().__init__(pipeline=build_transforms(pipeline), test_mode=test_mode)

    @abstractmethod
    def load_data_list(self) -> list[dict]:
        """All samples, in a fixed order."""

    def full_init(self) -> None:
        """List the samples and check them, once."""
        if self._fully_initialized:
            return
        super().full_init()
        if self.check:
            samples = (self.get_data_info(index) for index in range(len(self)))
            raise_problems(self.name, [p for sample in samples if (p := self._problem(sample))])

    def get_data_info(self, idx: int) -> dict:
        """The sample's names and paths, as the transforms get them."""
        if not isinstance(idx, int):
            raise TypeError(
                f'{self.name}: index must be an int, got {idx!r}. A sampler that gives positions '
                "needs SeededDataset around the dataset; restorekit's Runner puts it there"
            )
        sample = super().get_data_info(idx)
        return {
            **sample,
            'dataset': self.name,
            'setting': self.setting,
            **self.degradation,
        }

    def _problem(self, sample: dict) -> str | None:
        sizes: dict[str, tuple[int, int]] = {}
        for key, path in sample_files(sample):
            try:
                size = hdr_size(path) if is_hdr(path) else image_size(path)
            except (ValueError, OSError) as error:
                return str(error)
            if sizes.setdefault(key, size) != size:
                height, width = sizes[key]
                return f'{path}: {size[0]} x {size[1]}, the frames before it {height} x {width}'
        try:
            plan_sizes(self.pipeline.transforms, sizes, sample)
        except ValueError as error:
            return f'{sample.get("lq_path") or sample.get("gt_path")}: {error}'
        return None


def sample_files(sample: dict) -> list[tuple[str, str]]:
    """A sample's image files, each after the key of what it is read into."""
    frames = sample.get('frame_paths')
    files = [('lq', path) for path in frames or [sample.get('lq_path')]]
    files += [('gt', sample.get('gt_path'))]
    if sample.get('gt_frame_paths'):
        # The folder that `lq_path` names holds these, from which the input is made.
        files = files if frames else files[1:]
        files += zip(('gt_under', 'gt_over'), sample['gt_frame_paths'], strict=True)
    return [(key, path) for key, path in files if path]


def _label(value: object) -> str:
    return '-'.join(map(str, value)) if isinstance(value, list | tuple) else str(value)
