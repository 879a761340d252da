"""Peaks: the most connections open at one instant of each day, through openings in order of time."""

from __future__ import annotations

import numpy as np

from wscost.intervals import Ints
from wscost.loops import connections
from wscost.metering.tally import Days
from wscost.units import MICROSECONDS_PER_DAY

NONE_YET = np.empty(0, dtype=np.int64)


class Peaks:
    """How many are open, and the most of each day; closes wait unsorted until openings pass them."""

    def __init__(self, days: Days, reached: int = 0) -> None:
        self._days = days
        self._now = np.array([0, reached], dtype=np.int64)
        self._closes = NONE_YET
        self.most = np.zeros(days.days, dtype=np.int64)
        """By day."""

    def follow(self, opens: Ints, closes: Ints) -> None:
        """Go on through rising openings; each of the closes lies after an opening that has been met."""
        if not len(opens):
            return
        instants, midnights = self._with_midnights(opens)
        begin, last = int(instants[0]), int(instants[-1])
        shift = ((last - begin) // len(instants)).bit_length()
        firsts = np.empty(((last - begin) >> shift) + 2, dtype=np.int32)
        left = np.zeros(len(instants), dtype=np.int32)
        closes = np.concatenate([self._closes, closes])
        waiting = np.empty(len(closes), dtype=np.int64)
        late = connections.place(instants, closes, shift, firsts, left, waiting)
        self._closes = waiting[:late].copy()
        connections.climb(left, midnights, self._now, self.most)

    def end(self) -> Ints:
        """Let the days after the last opening pass, and return the most of each day."""
        open_now, reached = (int(n) for n in self._now)
        closes, self._closes = np.sort(self._closes), NONE_YET
        after = np.arange(reached + 1, self._days.days)
        left = open_now - np.searchsorted(closes, self._midnight(after), "right")
        self.most[after] = np.maximum(self.most[after], left)
        return self.most

    def _with_midnights(self, opens: Ints) -> tuple[Ints, Ints]:
        """Return instants of openings and of the midnights before them, and where those are."""
        last_day = int(opens[-1]) // MICROSECONDS_PER_DAY - self._days.first_day
        days = np.arange(int(self._now[1]) + 1, last_day + 1)
        if not len(days):
            return opens, days
        places = np.searchsorted(opens, self._midnight(days))
        return np.insert(opens, places, self._midnight(days)), places + np.arange(len(days))

    def _midnight(self, days: Ints) -> Ints:
        return (self._days.first_day + days) * MICROSECONDS_PER_DAY
