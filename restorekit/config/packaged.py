"""Configs that come with packages, and how others inherit them: `restorekit::ain/…`."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from mmengine.config import Config
from mmengine.config.utils import MODULE2PACKAGE

from restorekit.options import nearest

SELF = 'restorekit'
INSIDE = ('.mim/configs', 'configs')  # of a package: OpenMMLab's place in wheels, the plain one


def config_folder(package: str = SELF) -> Path:
    """The configs of a package: inside it, or in a checkout of this one beside it.

    Raises:
        FileNotFoundError: If there is no such package, or if it has no configs.
    """
    if package == SELF:
        installed = Path(__file__).parents[1] / INSIDE[0]
        return installed if installed.is_dir() else Path(__file__).parents[2] / 'configs'
    spec = find_spec(package) if package.isidentifier() else None
    if spec is None:
        raise FileNotFoundError(f'{package}::…: no package {package!r} is installed')
    for root in spec.submodule_search_locations or ():
        for place in INSIDE:
            if (Path(root) / place).is_dir():
                return Path(root) / place
    raise FileNotFoundError(f'{package}::…: the package has none of {", ".join(INSIDE)}')


def config_names() -> list[str]:
    """What is packaged and can be run, as `find_config` takes it."""
    folder = config_folder()
    paths = (path.relative_to(folder) for path in sorted(folder.rglob('*.py')))
    return [path.as_posix() for path in paths if '_base_' not in path.parts]


def find_config(name: str) -> Path:
    """A config file by path, or one that comes with a package.

    Args:
        name: A path; one in this package's configs (`ain/…`, `configs/ain/…py`); or one in those of
            any package (`restorekit::ain/…`, `my_package::…`).
    Raises:
        FileNotFoundError: With the nearest packaged configs.
    """
    return Path(name) if Path(name).is_file() else _packaged(name)


def _packaged(name: str) -> Path:
    package, colons, inside = name.rpartition('::')
    folder = config_folder(package or SELF)
    inside = inside.removeprefix('configs/')
    for path in (folder / inside, folder / f'{inside}.py'):
        if path.suffix == '.py' and path.is_file():
            return path
    known = [path.relative_to(folder).as_posix() for path in sorted(folder.rglob('*.py'))]
    known.sort(key=lambda path: '_base_' in path)  # what one runs comes first
    where = f'in {folder}' if colons else f'neither on disk nor in {folder}'
    listed = None if colons else f'`restorekit list configs` shows the {len(known)} that there are'
    raise FileNotFoundError(
        f'{name}: no such config, {where}; {nearest(inside, known, otherwise=listed)}'
    )


_path_in_mmengine = Config._get_cfg_path


def _base_path(base: str, filename: str) -> tuple[str, str | None]:
    """Where an entry of `_base_` lies, and the scope that its parts are marked with.

    mmengine asks its own list of packages, for each of which it needs an index of models beside the
    configs, as wheels have it and checkouts have not. What is inherited here has no mark: it comes
    out as by a relative path.
    """
    package, colons, _ = base.partition('::')
    if not colons or (package in MODULE2PACKAGE and package != SELF):
        return _path_in_mmengine(base, filename)
    try:
        return str(_packaged(base)), None
    except FileNotFoundError as error:
        raise FileNotFoundError(f'{filename}: _base_: {error}') from None


def base_circle(path: Path, above: tuple[Path, ...] = ()) -> list[Path]:
    """Configs that inherit each other in a circle, the first one at both ends; none: empty.

    mmengine would read them over and over until Python's stack ends, half a minute later.

    Args:
        path: A config.
        above: Those that inherit it, resolved.
    """
    path = path.resolve()
    if path in above:
        return [*above[above.index(path) :], path]
    try:
        bases = Config._get_base_files(str(path))
        found = [Path(_base_path(base, str(path))[0]) for base in bases]
    except Exception:  # mmengine, which reads it next, says what is wrong
        return []
    circles = (base_circle(base, (*above, path)) for base in found if base.is_file())
    return next(filter(None, circles), [])


# A subclass would not do: mmengine reads the bases of bases through `Config`, by that name.
Config._get_cfg_path = staticmethod(_base_path)
MODULE2PACKAGE.setdefault(SELF, SELF)  # for mmengine.hub.get_config, which reads a wheel's index
