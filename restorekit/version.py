"""The version, and those of what a run's figures depend on."""

from importlib.metadata import PackageNotFoundError, version

__version__ = '0.1.0'

PACKAGES = (
    'restorekit',
    'torch',
    'onedl-mmengine',
    'mmengine',
    'onedl-mmcv',
    'mmcv',
    'numpy',
    'opencv-python',
)


def versions() -> dict[str, str]:
    """Versions of what a run's figures depend on, where it is installed."""
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
