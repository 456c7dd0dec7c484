"""Finding and reading config files."""

from __future__ import annotations

from pathlib import Path

from mmengine.config import Config

from restorekit.config.checking import TOP_LEVEL, ConfigError, check_config
from restorekit.config.settings import spread_settings
from restorekit.options import nearest


def config_folder() -> Path:
    """The packaged configs: inside an installed package, beside it in a checkout."""
    installed = Path(__file__).parents[1] / '.configs'
    return installed if installed.is_dir() else Path(__file__).parents[2] / 'configs'


def find_config(name: str) -> Path:
    """A config file by path, or a packaged one by its path (`ain/…`, `configs/ain/…py`).

    Raises:
        FileNotFoundError: With the nearest packaged configs.
    """
    if Path(name).is_file():
        return Path(name)
    folder = config_folder()
    packaged = {
        path.relative_to(folder).as_posix(): path
        for path in sorted(folder.rglob('*.py'))
        if '_base_' not in path.parts
    }
    inside = name.removeprefix('configs/')
    for candidate in (inside, f'{inside}.py'):
        if candidate in packaged:
            return packaged[candidate]
    raise FileNotFoundError(
        f'{name}: no such config, neither on disk nor in {folder}; '
        f'{nearest(inside, list(packaged))}'
    )


def load_config(name: str, options: dict | None = None) -> Config:
    """Read a config file, apply `--cfg-options`, and check every name in it.

    Config files are Python and are run: read one as you would a program before using it.

    Args:
        name: See `find_config`.
        options: Overrides by dotted key: {'model.backbone.num_blocks': 4}.
    Raises:
        FileNotFoundError: If there is no such file.
        ConfigError: If it is no valid Python, or if a type, option or key is misspelt.
    """
    path = find_config(name)
    try:
        config = Config.fromfile(str(path))
        heads = {key.partition('.')[0] for key in options or {}}
        unknown = sorted(heads - {*config, *TOP_LEVEL})
        if not unknown:
            config.merge_from_dict(options or {})
    except FileNotFoundError:
        raise
    except Exception as error:
        raise ConfigError(f'{path}: cannot be read: {type(error).__name__}: {error}') from error
    if unknown:
        known = sorted({*config, *TOP_LEVEL})
        raise ConfigError(
            f'--cfg-options: no key {unknown[0]!r} in {path}; {nearest(unknown[0], known)}'
        )
    spread_settings(config, str(path))
    check_config(config, str(path))
    return config
