"""How far a loop is: a bar on a terminal, and lines elsewhere."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable
from typing import TextIO

ON_TERMINAL, ELSEWHERE = 0.2, 30.0  # seconds between two states
BAR = 24


class Progress:
    """Shows how far a loop is: a bar on a terminal, elsewhere a line every half minute.

    Args:
        title: Of what is done.
        total: How many steps there are.
        say: What takes the lines.
        stream: Where the bar goes, if it is a terminal.
        clock: Seconds.
    """

    def __init__(
        self,
        title: str,
        total: int,
        *,
        say: Callable[[str], None],
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.title = title
        self.total = total
        self._say, self._clock = say, clock
        self._stream = sys.stderr if stream is None else stream
        self._terminal = self._stream.isatty()
        self._start = self._shown = clock()
        if self._terminal:
            self._draw(0)

    def update(self, done: int) -> None:
        """Show a state, if it is time to."""
        now = self._clock()
        if done >= self.total:
            self.clear()
        elif now - self._shown >= (ON_TERMINAL if self._terminal else ELSEWHERE):
            self._shown = now
            if self._terminal:
                self._draw(done)
            else:
                self._say(self._state(done))

    def clear(self) -> None:
        """Take the bar away, so that a line can be printed; the next update draws it again."""
        if self._terminal:
            self._wipe()
            self._shown = -math.inf

    def _wipe(self) -> None:
        self._stream.write('\r\033[K')
        self._stream.flush()

    def _draw(self, done: int) -> None:
        filled = BAR * done // max(self.total, 1)
        bar = '#' * filled + '.' * (BAR - filled)
        self._stream.write(f'\r\033[K[{bar}] {self._state(done)}')
        self._stream.flush()

    def _state(self, done: int) -> str:
        text = f'{self.title}: {done} of {self.total}'
        seconds = self._clock() - self._start
        if not done or seconds <= 0:
            return text
        left = round(seconds / done * (self.total - done))
        rate = done / seconds
        pace = f'{rate:.1f} a second' if rate >= 1 else f'{1 / rate:.1f} s each'
        return f'{text}, {pace}, {left // 3600}:{left // 60 % 60:02}:{left % 60:02} left'
