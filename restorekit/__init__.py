"""restorekit restores images with networks that Python config files assemble from registered parts.

Importing the package alone is cheap: torch, mmengine and OpenCV are imported where they are used.
The registries are in `restorekit.registry`, which is the page to read first.
"""

from restorekit.version import __version__

__all__ = ['__version__']
