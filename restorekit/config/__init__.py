"""Configs: found, read and checked; also those that come as data inside files."""

from restorekit.config.checking import ConfigError, check_config
from restorekit.config.embedded import embedded_config
from restorekit.config.loading import load_config
from restorekit.config.packaged import config_folder, config_names, find_config

__all__ = [
    'ConfigError',
    'check_config',
    'config_folder',
    'config_names',
    'embedded_config',
    'find_config',
    'load_config',
]
