"""What of a run's log the terminal shows: not the pages that only a file is searched for."""

from __future__ import annotations

import logging

# How mmengine begins what it says of the environment, the config and the hooks.
ONLY_IN_THE_FILE = (
    '\n------------------------------------------------------------\nSystem environment:',
    'Config:\n',
    'Hooks will be executed in the following order:',
    'Distributed training is not used, all SyncBatchNorm',
)


def spare_the_terminal(logger: logging.Logger) -> None:
    """Keep long descriptions out of the handlers that write to no file."""
    for handler in logger.handlers:
        if not isinstance(handler, logging.FileHandler) and _is_short not in handler.filters:
            handler.addFilter(_is_short)


def _is_short(record: logging.LogRecord) -> bool:
    return not str(record.msg).startswith(ONLY_IN_THE_FILE)
