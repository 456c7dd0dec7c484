"""What every preparation asks of its folders."""

from __future__ import annotations

from pathlib import Path

from restorekit.io import check_writable


def check_folders(source: Path, out: Path) -> None:
    """See that there is a source and a folder of its own for the results, which is made.

    Raises:
        OSError: If the source is missing, or the other folder cannot be written.
        ValueError: If the two are one.
    """
    if not source.is_dir():
        raise FileNotFoundError(f'{source}: no such folder')
    if out.resolve() == source.resolve():
        raise ValueError(
            f'{out}: results would be written among their sources; name another folder'
        )
    check_writable(out)
