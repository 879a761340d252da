"""What reading rows came to, without the rows: it adds up, in whatever order parts of an input are read."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from wscost.readers.bulk.groups import Extent
from wscost.readers.refusals import Refusals
from wscost.trace import COUNTS, MESSAGE, OPEN, SENT, UNKNOWN, Batch, EventBatch

Ints = npt.NDArray[np.int64]


@dataclass(slots=True)
class Reckoning:
    """How many rows were met, kept, cut or refused, and what of the kept ones is known."""

    refusals: Refusals
    met: int = 0
    """Rows that are good, in the window or not."""
    kept: int = 0
    named: int = 0
    """Kept ones that name their object."""
    opened_before: int = 0
    still_open: int = 0
    unknown: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COUNTS, 0))
    """Kept ones that do not tell a count, by column."""
    events_met: int = 0
    events_kept: int = 0
    told: set[str] = field(default_factory=set)
    """The counts that events in the window tell themselves."""
    outside: Extent | None = None
    """The times of rows that are good and not in the window."""

    @property
    def rows(self) -> int:
        """How many rows there were."""
        return self.met + self.events_met + self.refusals.total

    def see_inside(self, batch: Batch, start: int, end: int) -> None:
        """Count connections that overlap the window."""
        self.kept += len(batch.opened)
        self.named += int(np.count_nonzero(batch.object >= batch.alone))
        self.opened_before += int(np.count_nonzero(batch.opened < start))
        self.still_open += int(np.count_nonzero(batch.closed >= end))

    def see_events(self, batch: EventBatch) -> None:
        """Count events in the window."""
        self.events_kept += len(batch.at)
        for direction, kind in (("in", MESSAGE), ("out", SENT)):
            messages, size = f"messages_{direction}", f"bytes_{direction}"
            if not {messages, size} <= self.told and (chosen := batch.kind == kind).any():
                self.told.add(messages)
                if (batch.bytes[chosen] != UNKNOWN).any():
                    self.told.add(size)

    def see_outside(self, opened: Ints, closed: Ints) -> None:
        """Remember between which times the others lie."""
        ends = closed[closed != OPEN]
        last = int(max(opened.max(), ends.max(initial=0)))
        self.outside = _around(self.outside, Extent(int(opened.min()), last))

    def add(self, other: Reckoning) -> None:
        """Add what reading other rows came to."""
        self.refusals.add_all(other.refusals)
        self.met += other.met
        self.kept += other.kept
        self.named += other.named
        self.opened_before += other.opened_before
        self.still_open += other.still_open
        for column, number in other.unknown.items():
            self.unknown[column] += number
        self.events_met += other.events_met
        self.events_kept += other.events_kept
        self.told |= other.told
        self.outside = _around(self.outside, other.outside)


def _around(one: Extent | None, other: Extent | None) -> Extent | None:
    if one is None or other is None:
        return one or other
    return Extent(min(one.first, other.first), max(one.last, other.last))
