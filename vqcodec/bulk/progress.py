"""A line a minute on how far a run is, where there is no terminal for bars."""

from __future__ import annotations

import time
from collections.abc import Callable

from vqcodec.bulk.reports import Totals
from vqcodec.system.sizes import readable_size

__all__ = ["Progress"]

INTERVAL = 60  # seconds between lines


class Progress:
    """Says how far a run is.

    Args:
        tell: called with a line.
        items: how many items there are to do; 0 if nobody knows.
        parts: how many parts there are to do.
        clock: seconds of a clock.
    """

    def __init__(
        self, tell: Callable[[str], object], items: int, parts: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._tell, self._items, self._parts, self._clock = tell, items, parts, clock
        self._began = self._told = clock()

    @property
    def seconds(self) -> float:
        """Since the run began."""
        return self._clock() - self._began

    def update(self, totals: Totals, parts: int) -> None:
        """So many parts are done, with these totals."""
        now = self._clock()
        if now - self._told < INTERVAL:
            return
        self._told = now
        seconds = now - self._began
        settled = totals.done + totals.failed
        share = settled / self._items if self._items else parts / self._parts
        left = seconds / share - seconds if share else float("inf")
        known = f"{settled:,} of {self._items:,}" if self._items else f"{settled:,}, {parts:,} of {self._parts:,} parts"
        rates = f"{settled / seconds:.3g} a second, {readable_size(totals.read / seconds)} a second"
        self._tell(f"{known}, {rates}, {_time(left)} left" + (f", {totals.failed:,} failed" if totals.failed else ""))


def _time(seconds: float) -> str:
    if seconds == float("inf"):
        return "unknown time"
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{minutes} min"
