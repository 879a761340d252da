"""The clocks of objects through a stream: one clock an object, two numbers kept for each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from wscost.intervals import Intervals, Ints
from wscost.loops import connections
from wscost.loops.eventcolumns import ALARM, REQUEST
from wscost.metering.clocks import HIBERNATES_AFTER_US, Clocks, clocks_of, lives_of
from wscost.metering.eventsums import Handling, Runs, RunsRoom
from wscost.metering.tally import Days
from wscost.trace import KINDS, NEVER, Batch, EventBatch

NOTHING = np.empty(0, dtype=np.int64)
NO_RUNS = Runs(NOTHING, NOTHING, np.empty(0, dtype=np.int32))
ENDS = frozenset({"open", "close"})
"""The events at which a connection begins and ends."""


class ObjectClocks:
    """The clocks of all objects, through sockets and handler runs in order of time."""

    def __init__(self, days: Days) -> None:
        self._days = days
        self._reached = np.empty((0, 2), dtype=np.int64)

    def go_on(self, batch: Batch | None, runs: Runs, objects: int, by_day: Ints, pinned: int = 0) -> None:
        """Let them run through sockets, handler runs, or both, that began after those before.

        Add what they tell to ``by_day``; ``pinned`` is how long objects outlast their last socket. [µs]
        """
        self._reached = _at_least(self._reached, objects)
        sockets = NO_RUNS if batch is None else (batch.opened, batch.closed, batch.object)
        lasting = pinned, HIBERNATES_AFTER_US
        connections.run_clocks(*sockets, *runs, self._days, lasting, self._reached, by_day)


class Handlers:
    """Handler runs in order of time: those of events, and of connects and closes that are in no event."""

    def __init__(self, days: Days, handling: Handling, unseen: frozenset[str]) -> None:
        self._days, self._handling, self._unseen = days, handling, unseen
        self._walls = handling.by_answer
        self._waiting = NO_RUNS
        self._calls, self._of_events = RunsRoom(), RunsRoom()

    def calls(self, events: EventBatch) -> Runs:
        """Return the runs of calls alone; few events are one."""
        calls = np.flatnonzero((events.kind == ALARM) | (events.kind == REQUEST))
        return self._calls.runs_of(events.among(calls), np.repeat(self._walls[:, :1], 2, axis=1))

    def of_events(self, events: EventBatch) -> Runs:
        """Return the runs of all that have one."""
        return self._of_events.runs_of(events, self._walls)

    def of_ends(self, batch: Batch) -> Runs:
        """Return the runs at the ends of connections that name their object, where no event is of them."""
        rows = np.flatnonzero(batch.object >= 0)
        ends = (self._ends(kind, batch, rows, batch.object[rows]) for kind in self._unseen)
        return _side_by_side([NO_RUNS, *ends])

    def of(self, batch: Batch, events: EventBatch) -> Runs:
        """Return the runs that began until the end of a batch, but after those before."""
        runs = self.of_events(events)
        if not self._unseen:
            return runs
        until = max(int(column[-1]) for column in (batch.opened, events.at) if len(column))
        return self._in_order([self._waiting, runs, self.of_ends(batch)], until)

    def alone(self, batch: Batch) -> Clocks:
        """Return what the ends of connections come to that name no object: each is all of its own."""
        nameless = np.flatnonzero(batch.object < 0)
        if not (self._unseen and len(nameless)):
            return Clocks(*np.zeros((len(Clocks._fields), self._days.days), dtype=np.int64))
        parts = (self._ends(kind, batch, nameless, nameless) for kind in self._unseen)
        begun, ended, owner = _side_by_side(parts)
        start, end, _, _ = self._days
        busy = Intervals(owner.astype(np.int64), begun, ended)
        return clocks_of(lives_of(busy, HIBERNATES_AFTER_US, start, end), self._days)

    def left(self) -> Runs:
        """Return the runs that began after the last batch."""
        return self._in_order([self._waiting], self._days.end)

    def _ends(self, kind: str, batch: Batch, rows: Ints, objects: npt.NDArray[Any]) -> Runs:
        """Return the runs at the beginning or end of some connections, where that is in the window."""
        at = (batch.opened if kind == "open" else batch.closed)[rows]
        inside = (at >= self._days.start) & (at < self._days.end)
        at = at[inside]
        return Runs(at, at + self._handling.walls[KINDS.index(kind)], objects[inside])

    def _in_order(self, parts: list[Runs], until: int) -> Runs:
        """Return what began until an instant; the rest waits."""
        together = _side_by_side(parts)
        order = np.argsort(together.begun)
        due = int(np.searchsorted(together.begun, until, "right", order))
        self._waiting = together.at(order[due:])
        return together.at(order[:due])


def _side_by_side(parts: Iterable[Runs]) -> Runs:
    begun, ended, objects = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    return Runs(begun, ended, objects)


def _at_least(reached: Ints, objects: int) -> Ints:
    """Make room for objects met for the first time, twice as much as there was."""
    if objects <= len(reached):
        return reached
    room = np.full((max(objects, 2 * len(reached)), 2), NEVER, dtype=np.int64)
    room[: len(reached)] = reached
    return room
