"""Real photographs that come with a dependency, so that a first run needs no download."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from restorekit.data_sample import Sample
from restorekit.datasets.base import MissingFolderError, layout

# The two motorcycles are one scene and stay in one split. The training textures have grain that the
# network must keep.
SPLITS = {
    'train': (
        'coffee.png',
        'rocket.jpg',
        'motorcycle_left.png',
        'motorcycle_right.png',
        'ihc.png',
        'hubble_deep_field.jpg',
        'brick.png',
        'grass.png',
        'gravel.png',
        'moon.png',
    ),
    'val': ('astronaut.png', 'chelsea.png', 'camera.png'),
}


def sample_photo(file: str) -> Path:
    """Where scikit-image keeps one of its photographs; scikit-image itself is not imported.

    Raises:
        MissingFolderError: If scikit-image is not installed, or has no such file.
    """
    spec = find_spec('skimage')
    if spec is None or not spec.submodule_search_locations:
        raise MissingFolderError(
            'the photographs come with scikit-image, which is not '
            'installed; pip install "restorekit[demo]"'
        )
    path = Path(spec.submodule_search_locations[0]) / 'data' / file
    if not path.is_file():
        raise MissingFolderError(f'this scikit-image has no {path}; accepted: 0.22 to 0.26')
    return path


def sample_photos(split: str) -> list[Sample]:
    """Photographs that scikit-image ships (astronaut, chelsea, coffee, rocket and others).

    Args:
        split: 'train' (10 images) or 'val' (3 images).
    Raises:
        MissingFolderError: If scikit-image is not installed.
    """
    if split not in SPLITS:
        raise ValueError(f'SamplePhotos: split must be one of {tuple(SPLITS)}, got {split!r}')
    return [
        {'name': Path(file).stem, 'files': {'gt': [str(sample_photo(file))]}}
        for file in SPLITS[split]
    ]


SamplePhotos = layout('SamplePhotos', sample_photos)
