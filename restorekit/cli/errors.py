"""What the commands say of an error, and where they keep its traceback."""

from __future__ import annotations

import logging
import os
import re
import sys
import traceback
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

# Raised for the user, with a text that stands alone; of others the type is said too.
FOR_USERS = (ValueError, OSError, ModuleNotFoundError)
FILE = 'traceback.txt'


def one_message(error: Exception) -> str:
    """What went wrong, in one sentence where it is not ours.

    Of an error that a data loader's worker met it leaves out the worker's traceback; of a missing
    package it says the extra that brings it.
    """
    text = str(error).strip()
    if text.startswith('Caught ') and 'DataLoader worker' in text:
        text = text.splitlines()[-1].partition(': ')[2]
    if isinstance(error, ImportError):
        text += _extra(text)
    if isinstance(error, FOR_USERS) and text:
        return text
    first = next((line.strip() for line in text.splitlines() if line.strip()), 'no message')
    return f'{type(error).__name__}: {first}'


def _extra(text: str) -> str:
    """How to install what an ImportError names, if an extra of this package brings it."""
    try:
        needs = requires('restorekit') or []
    except PackageNotFoundError:
        return ''
    for need in needs:
        extra = re.search(r"""extra == ['"]([\w-]+)['"]""", need)
        name = re.match(r'[\w-]+', need)
        if extra and name and re.search(rf'\b{re.escape(name[0])}\b', text):
            return f'; pip install "restorekit[{extra[1]}]"'
    return ''


def is_interruption(error: Exception) -> bool:
    """Whether it was raised of a Ctrl-C that somebody's `except:` has taken for a fault.

    mmengine does so while it formats a config.
    """
    link: BaseException | None = error
    while link is not None and not isinstance(link, KeyboardInterrupt):
        link = link.__cause__ or link.__context__
    return link is not None


def remove_unused_folders() -> None:
    """Remove the folders that the command has made and left empty.

    Not where a launcher has started several processes: another may be about to write there.
    """
    files = sys.modules.get('restorekit.io.files')
    if files is not None and not {'RANK', 'SLURM_PROCID'} & os.environ.keys():
        files.remove_unused()


def keep_traceback(work_dir: str | Path | None) -> str | None:
    """Write the traceback of the error at hand into the run's log, or into a file of its folder.

    Args:
        work_dir: The command's, if it has one; it is not made.
    Returns:
        The file, or None where there is no such place.
    """
    text = traceback.format_exc()
    if 'mmengine.logging' in sys.modules:
        logger = sys.modules['mmengine.logging'].MMLogger.get_current_instance()
        for handler in logger.handlers:
            if isinstance(handler, logging.FileHandler):
                handler.emit(logging.makeLogRecord({'msg': text, 'levelno': logging.ERROR}))
                return handler.baseFilename
    if work_dir is None or not Path(work_dir).is_dir():
        return None
    rank = os.environ.get('RANK', '0')
    path = Path(work_dir) / (FILE if rank == '0' else f'rank{rank}_{FILE}')
    try:
        path.write_text(text, encoding='utf-8')
    except OSError:  # a full disk may be the error itself
        return None
    return str(path)
