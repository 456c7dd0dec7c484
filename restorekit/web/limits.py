"""How much a page takes, of what, and for how long."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one server allows.

    Attributes:
        pixels: Of all pictures of a job together, and of its result. Memory peaks at some 50 bytes
            for each.
        megabytes: Of all files of a job together.
        files: Of a job.
        users: Jobs that are uploaded, wait or are computed at a time.
        kept_megabytes: Of all results that are kept; the oldest go, but never the newest.
        silence: Seconds without a question from the page, after which a job is given up. Browsers
            let a page in the background ask once a minute.
        stall: Seconds without a byte, after which an upload is given up.
        keep: Seconds that results are kept after the page has last asked for one.
        keep_downloaded: The same after a download.
    Raises:
        ValueError: If one is not positive.
    """

    pixels: int = 10**8
    megabytes: float = 200
    files: int = 20
    users: int = 16
    kept_megabytes: float = 4000
    silence: float = 150
    stall: float = 30
    keep: float = 1800
    keep_downloaded: float = 300

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not value > 0:
                raise ValueError(f'Limits: {field.name} must be more than 0, got {value}')

    @property
    def size(self) -> int:
        """`megabytes` in bytes."""
        return round(self.megabytes * 1e6)

    @property
    def kept_size(self) -> int:
        """`kept_megabytes` in bytes."""
        return round(self.kept_megabytes * 1e6)


def millions(count: float) -> str:
    """A number of pixels for people.

    >>> millions(2**25)
    '33.6 million'
    """
    return f'{count / 1e6:.1f} million' if count >= 1e6 else f'{count:,.0f}'
