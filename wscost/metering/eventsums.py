"""What events add up to by UTC day, whether all are at hand or pass by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from wscost.deployment import Deployment, HandlerTime
from wscost.intervals import Ints, count_by_day, sum_by_day
from wscost.loops import eventcolumns, events
from wscost.metering.columns import Events, Flags
from wscost.metering.tally import Days
from wscost.trace import KINDS, MESSAGE, SENT, UNKNOWN, EventBatch
from wscost.units import MICROSECONDS_PER_DAY

CALLS = ("alarm", "request")
NO_HANDLER = -1
"""In place of a handler's time: none runs."""


class Sized(NamedTuple):
    """Messages by day: how many, and their bytes where known; and of how many they are not."""

    number: Ints
    bytes: Ints
    unsized: int

    @property
    def some(self) -> bool:
        """Whether there is any."""
        return bool(self.number.any())

    def __add__(self, other: object) -> Sized:
        """Return both together."""
        assert isinstance(other, Sized)
        return Sized(self.number + other.number, self.bytes + other.bytes, self.unsized + other.unsized)


class Handling(NamedTuple):
    """How long handlers are taken to run where events do not say: by kind [µs], and whether answers do."""

    walls: tuple[int, ...]
    answers: bool

    @classmethod
    def of(cls, deployment: Deployment) -> Handling:
        """Return what a deployment says."""
        walls = (handler_time(deployment.handler_ms, kind) for kind in KINDS)
        return cls((*walls, NO_HANDLER), not deployment.auto_response)

    @property
    def calls(self) -> Ints:
        """The times of calls alone."""
        return np.array(
            [wall if kind in CALLS else NO_HANDLER for wall, kind in zip(self.walls, KINDS, strict=False)]
            + [NO_HANDLER]
        )


class Runs(NamedTuple):
    """Handler runs in order of time: from when, until when [µs], and the object's number."""

    begun: Ints
    ended: Ints
    object: npt.NDArray[np.int32]

    def at(self, places: Any) -> Runs:
        """Return those at some places."""
        return Runs(self.begun[places], self.ended[places], self.object[places])


def handler_time(handler_ms: HandlerTime, kind: str) -> int:
    """Return how long a handler of some kind of event is taken to run. [µs]"""
    return int(getattr(handler_ms, kind) * 1000)


@dataclass(frozen=True)
class FrameEventSums:
    """Sums over events that are all at hand, made when asked for."""

    events: Events
    days: Days

    @cached_property
    def received(self) -> Sized:
        """Messages from clients that were not answered by auto-response."""
        return self._sized(self.events.of_kind("message") & ~self.events.auto_response)

    @cached_property
    def answered(self) -> Sized:
        """Messages from clients that were."""
        return self._sized(self.events.of_kind("message") & self.events.auto_response)

    @cached_property
    def sent(self) -> Sized:
        """Messages to clients."""
        return self._sized(self.events.of_kind("sent"))

    @property
    def calls(self) -> Ints:
        """Alarms and requests."""
        calls = self.events.at[self.events.of_kind(*CALLS)]
        return count_by_day(calls, self.days.first_day, self.days.days)

    def untimed(self, *, answers: bool) -> int:
        """Return how many handlers, or auto-responses, ran for an unknown time."""
        chosen = ~self.events.of_kind("sent") & (self.events.auto_response == answers)
        return int((self.events.wall[chosen] == UNKNOWN).sum())

    def units(self, direction: str, step: int) -> Ints:
        """Return the started steps of so many bytes of each message."""
        chosen = self.events.of_kind("message" if direction == "in" else "sent")
        each = np.maximum(-(-self.events.bytes[chosen] // step), 1)
        return sum_by_day(each, self._day(chosen), self.days.first_day, self.days.days)

    def _sized(self, chosen: Flags) -> Sized:
        known = chosen & (self.events.bytes != UNKNOWN)
        number = count_by_day(self.events.at[chosen], self.days.first_day, self.days.days)
        total = sum_by_day(self.events.bytes[known], self._day(known), self.days.first_day, self.days.days)
        return Sized(number, total, int(chosen.sum()) - int(known.sum()))

    def _day(self, chosen: Flags) -> Ints:
        day: Ints = self.events.at[chosen] // MICROSECONDS_PER_DAY
        return day


class EventCounts(NamedTuple):
    """What events add up to, as plain sums by day: those of the loops, and started steps of bytes."""

    by_day: Ints
    units: Mapping[tuple[str, int], Ints]

    @property
    def told(self) -> frozenset[str]:
        """Which of connects and closes there are events of."""
        columns = {"open": eventcolumns.OPENS, "close": eventcolumns.CLOSES}
        return frozenset(kind for kind, column in columns.items() if self.by_day[:, column].any())


class StreamEventSums:
    """Sums over events that pass by in order of time."""

    def __init__(self, days: Days, steps: tuple[int, ...]) -> None:
        self._days = days
        self._sums = np.zeros((days.days, eventcolumns.COLUMNS), dtype=object)
        self._units: Mapping[tuple[str, int], Ints] = {
            (direction, step): np.zeros(days.days, dtype=object)
            for step in steps
            for direction in ("in", "out")
        }

    @property
    def counts(self) -> EventCounts:
        """What they come to so far."""
        return EventCounts(self._sums, self._units)

    def add_counts(self, counts: EventCounts) -> None:
        """Add what other events of the same days came to."""
        self._sums += counts.by_day
        for key, units in counts.units.items():
            self._units[key][:] += units

    def add(self, batch: EventBatch) -> None:
        """Add events that happened after those before."""
        by_day = np.zeros(self._sums.shape, dtype=np.int64)
        first_day = self._days.first_day
        events.add_up(batch.at, batch.kind, batch.auto_response, batch.bytes, batch.wall, first_day, by_day)
        self._sums += by_day
        for (direction, step), units in self._units.items():
            which = MESSAGE if direction == "in" else SENT
            started = np.zeros(self._days.days, dtype=np.int64)
            events.add_units(batch.at, batch.kind, which, batch.bytes, step, first_day, started)
            units[:] += started

    def runs(self, batch: EventBatch, walls: Ints, *, answers: bool) -> Runs:
        """Return the handler runs of a batch."""
        size = len(batch.at)
        runs = Runs(
            np.empty(size, dtype=np.int64), np.empty(size, dtype=np.int64), np.empty(size, dtype=np.int32)
        )
        happened = batch.at, batch.kind, batch.auto_response, batch.wall, batch.object
        count = events.pick_runs(*happened, walls, answers, *runs)
        return runs.at(slice(count))

    @property
    def received(self) -> Sized:
        """Messages from clients that were not answered by auto-response."""
        return self._sized(eventcolumns.RECEIVED)

    @property
    def answered(self) -> Sized:
        """Messages from clients that were."""
        return self._sized(eventcolumns.ANSWERED)

    @property
    def sent(self) -> Sized:
        """Messages to clients."""
        return self._sized(eventcolumns.DELIVERED)

    @property
    def calls(self) -> Ints:
        """Alarms and requests."""
        return self._sums[:, eventcolumns.CALLS].astype(np.int64)

    @property
    def told(self) -> frozenset[str]:
        """Which of connects and closes there are events of."""
        return self.counts.told

    def untimed(self, *, answers: bool) -> int:
        """Return how many handlers, or auto-responses, ran for an unknown time."""
        column = eventcolumns.UNTIMED_ANSWERS if answers else eventcolumns.UNTIMED
        return int(self._sums[:, column].sum())

    def units(self, direction: str, step: int) -> Ints:
        """Return the started steps of so many bytes of each message."""
        return self._units[direction, step].astype(np.int64)

    def _sized(self, place: int) -> Sized:
        number, total, unsized = self._sums[:, place : place + 3].T
        return Sized(number.astype(np.int64), total.astype(np.int64), int(unsized.sum()))


EventSums: TypeAlias = FrameEventSums | StreamEventSums
"""What events add up to, whichever way they were counted."""
