"""Peaks: the most connections open at one instant of each day, through openings in order of time."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from wscost.intervals import Ints
from wscost.loops import Flags
from wscost.loops.connections import tally
from wscost.metering.tally import Days
from wscost.units import MICROSECONDS_PER_DAY

OPENINGS_A_STRETCH = 8
NONE_YET = np.empty(0, dtype=np.int64)


class Peaks:
    """How many are open, and the most of each day; closes wait unsorted until openings pass them.

    Time is cut into short stretches. How many are open when one begins takes only counting; in which order
    sockets come and go within it is found out only where the peak of a day can lie: where more come than
    are missing to the highest number that is known.
    """

    def __init__(self, days: Days, reached: int = 0) -> None:
        self._days, self._reached, self._open = days, reached, 0
        self._closes = NONE_YET
        self.most = np.zeros(days.days, dtype=np.int64)
        """By day."""

    def follow(self, opens: Ints, closes: Ints) -> None:
        """Go on through rising openings; each of the closes lies after an opening that has been met."""
        if not len(opens):
            return
        last = int(opens[-1])
        last_day = last // MICROSECONDS_PER_DAY - self._days.first_day
        midnights = self._midnight(np.arange(self._reached + 1, last_day + 1))
        stretches = _Stretches(opens, np.concatenate([self._closes, closes]), midnights)
        levels = self._open + stretches.rises
        unsure = np.zeros(len(levels), dtype=bool)
        edges = [0, *(stretches.of(midnights) + 1).tolist(), len(levels)]
        for day, (begin, end) in enumerate(pairwise(edges), self._reached):
            here = slice(begin, end)
            self.most[day] = max(self.most[day], int(levels[here].max(initial=0)))
            unsure[here] = levels[here] + stretches.came[here] > self.most[day]
        unsure[stretches.of(midnights)] = True
        if unsure.any():
            at, level = stretches.levels(unsure)
            days = at // MICROSECONDS_PER_DAY - self._days.first_day
            np.maximum.at(self.most, days, self._open + level)
        self._open += len(opens) - int(stretches.left.sum())
        self._reached, self._closes = last_day, stretches.waiting

    def end(self) -> Ints:
        """Let the days after the last opening pass, and return the most of each day."""
        closes, self._closes = np.sort(self._closes), NONE_YET
        after = np.arange(self._reached + 1, self._days.days)
        left = self._open - np.searchsorted(closes, self._midnight(after), "right")
        self.most[after] = np.maximum(self.most[after], left)
        return self.most

    def _midnight(self, days: Ints) -> Ints:
        return (self._days.first_day + days) * MICROSECONDS_PER_DAY


class _Stretches:
    """Equal stretches of the time from the first of rising openings or midnights to the last opening."""

    def __init__(self, opens: Ints, closes: Ints, midnights: Ints) -> None:
        self._opens, self._midnights = opens, midnights
        self._begin, last = int(min([*opens[:1], *midnights[:1]])), int(opens[-1])
        self._shift = (OPENINGS_A_STRETCH * (last - self._begin) // len(opens)).bit_length()
        count = ((last - self._begin) >> self._shift) + 1
        self.came, self.left = np.zeros(count, dtype=np.int32), np.zeros(count, dtype=np.int32)
        gone, waiting = np.empty_like(closes), np.empty_like(closes)
        late = tally(opens, closes, (self._begin, self._shift), self.came, self.left, gone, waiting)
        self.waiting = waiting[:late].copy()
        """Closes after the last opening."""
        self._gone = gone[: len(closes) - late]
        self.rises = np.cumsum(self.came - self.left) - (self.came - self.left)
        """How many more are open when each begins than when the first does."""

    def of(self, at: Ints) -> Ints:
        """Return in which each instant lies; those before the first in the first."""
        within: Ints = np.maximum(at - self._begin, 0) >> self._shift
        return within

    def levels(self, chosen: Flags) -> tuple[Ints, Ints]:
        """Return openings and midnights in some stretches, and how many more are open then than at first."""
        places = np.flatnonzero(np.repeat(chosen, self.came))
        gone = np.sort(self._gone[chosen[self.of(self._gone)]])
        at = np.concatenate([self._opens[places], self._midnights])
        come = np.concatenate([places + 1, np.searchsorted(self._opens, self._midnights)])
        stretch = self.of(at)
        left_before = (np.cumsum(self.left) - self.left)[stretch]
        left_within = np.searchsorted(gone, at, "right") - np.searchsorted(self.of(gone), stretch)
        return at, come - left_before - left_within
