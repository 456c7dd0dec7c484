"""Models by name: what there is, what it is good for, and its file."""

from restorekit.catalogue.card import Card, Task, card_from
from restorekit.catalogue.download import DownloadError, cache_folder
from restorekit.catalogue.entries import (
    Entry,
    UnknownModelError,
    catalogue,
    find_model,
    is_model,
)

__all__ = [
    'Card',
    'DownloadError',
    'Entry',
    'Task',
    'UnknownModelError',
    'cache_folder',
    'card_from',
    'catalogue',
    'find_model',
    'is_model',
]
