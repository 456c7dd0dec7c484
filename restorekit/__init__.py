"""restorekit restores images with networks that Python config files assemble from registered parts.

`restorekit.restore('photo.jpg')` is the shortest way. Importing the package alone is cheap: torch,
mmengine and OpenCV are imported where they are used. The registries are in `restorekit.registry`,
which is the page to read first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from restorekit.version import __version__

if TYPE_CHECKING:
    from restorekit.inference import Inferencer, load_restorer, restore

__all__ = ['Inferencer', '__version__', 'load_restorer', 'restore']


def __getattr__(name: str) -> Any:
    if name in __all__:
        from restorekit import inference

        return getattr(inference, name)
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
