"""Reading config files."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from mmengine.config import Config
from mmengine.logging import MMLogger
from mmengine.utils import import_modules_from_strings

from restorekit.config.checking import ConfigError, check_config, top_level
from restorekit.config.packaged import base_circle, find_config
from restorekit.config.settings import spread_settings
from restorekit.options import nearest

SUFFIXES = ('.py', '.yml', '.yaml', '.json')


def load_config(
    name: str, options: dict | None = None, *, change: Callable[[Config], None] | None = None
) -> Config:
    """Read a config file, apply `--cfg-options`, and check every name in it.

    Config files are Python and are run: read one as you would a program before using it.

    Args:
        name: See `find_config`.
        options: Overrides by dotted key: {'model.backbone.num_blocks': 4}.
        change: Changes the config before it is checked, as other options of a command ask for.
    Raises:
        FileNotFoundError: If there is no such file.
        ConfigError: If it is not valid Python, or if a type, option or key is misspelt.
    """
    path = find_config(name)
    if path.suffix not in SUFFIXES:
        raise ConfigError(
            f'{path}: no config; a name that ends with {", ".join(SUFFIXES)} is accepted'
        )
    circle = base_circle(path)
    if circle:
        raise ConfigError(f'{path}: _base_ goes in a circle: {" -> ".join(map(str, circle))}')
    try:
        with _quiet():
            config = Config.fromfile(str(path))
        heads = {key.partition('.')[0] for key in options or {}}
        unknown = sorted(heads - {*config, *top_level()})
        empty = [key for key, value in (options or {}).items() if value == {}]
    except FileNotFoundError:
        raise
    except Exception as error:
        raise ConfigError(f'{path}: cannot be read: {type(error).__name__}: {error}') from error
    if unknown:
        known = sorted({*config, *top_level()})
        raise ConfigError(
            f'--cfg-options: no key {unknown[0]!r} in {path}; {nearest(unknown[0], known)}'
        )
    if empty:
        raise ConfigError(
            f'--cfg-options: {empty[0]}={{}} changes nothing, for dicts are merged; name a key'
        )
    _override(config, options or {})
    if change is not None:
        change(config)
    spread_settings(config, str(path))
    check_config(config, str(path))
    return config


def _override(config: Config, options: dict) -> None:
    """Apply overrides; packages that one of them names are imported, as those of a file are."""
    try:
        config.merge_from_dict(options)
    except Exception as error:  # there is no such place, say
        pairs = ', '.join(f'{key}={value!r}' for key, value in options.items())
        raise ConfigError(f'--cfg-options: {pairs}: {type(error).__name__}: {error}') from error
    if any(key.partition('.')[0] == 'custom_imports' for key in options):
        try:
            import_modules_from_strings(**config.custom_imports)
        except (ImportError, TypeError) as error:
            raise ConfigError(f'--cfg-options: custom_imports: {error}') from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep mmengine from saying, of each file, which environment variables stand in it."""
    logger = MMLogger.get_current_instance()
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(level)
