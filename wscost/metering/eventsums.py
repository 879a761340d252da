"""What events add up to by UTC day, whether all are at hand or pass by."""

from __future__ import annotations

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
from wscost.metering.totals import Exact, Totals, narrow, portions
from wscost.trace import KINDS, MESSAGE, SENT, UNKNOWN, EventBatch
from wscost.units import MICROSECONDS_PER_DAY

CALLS = ("alarm", "request")
BY_KIND = "by kind"
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
    def by_answer(self) -> Ints:
        """The times by kind, and by whether events were answered by auto-response."""
        return np.array([(wall, wall if self.answers else NO_HANDLER) for wall in self.walls])


class Runs(NamedTuple):
    """Handler runs in order of time: from when, until when [µs], and the object's number."""

    begun: Ints
    ended: Ints
    object: npt.NDArray[np.int32]

    def at(self, places: Any) -> Runs:
        """Return those at some places."""
        return Runs(self.begun[places], self.ended[places], self.object[places])


class RunsRoom:
    """Room for handler runs, which each batch of events writes anew."""

    def __init__(self) -> None:
        self._room = _room_for_runs(0)

    def runs_of(self, batch: EventBatch, walls: Ints) -> Runs:
        """Return the handler runs of events, by how long they are taken to run where they do not say.

        They are there until the next are asked for.
        """
        if len(batch.at) > len(self._room.begun):
            self._room = _room_for_runs(2 * len(batch.at))
        room = self._room.at(slice(len(batch.at)))
        happened = batch.at, batch.kind, batch.auto_response, batch.wall, batch.object
        return room.at(slice(events.pick_runs(*happened, walls, *room)))


def _room_for_runs(size: int) -> Runs:
    return Runs(
        np.empty(size, dtype=np.int64), np.empty(size, dtype=np.int64), np.empty(size, dtype=np.int32)
    )


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
        """Messages to clients that were no auto-responses."""
        return self._sized(self.events.of_kind("sent") & ~self.events.auto_response)

    @cached_property
    def answers(self) -> Sized:
        """Auto-responses, where they are recorded."""
        return self._sized(self.events.of_kind("sent") & self.events.auto_response)

    @property
    def calls(self) -> Ints:
        """Alarms and requests."""
        calls = self.events.at[self.events.of_kind(*CALLS)]
        return count_by_day(calls, self.days.first_day, self.days.days)

    def number(self, kind: str) -> int:
        """Return how many events of a kind there are."""
        return int(self.events.of_kind(kind).sum())

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


class StreamEventSums:
    """Sums over events that pass by in order of time."""

    def __init__(self, days: Days, steps: tuple[int, ...]) -> None:
        self._days = days
        self._units = {(way, step): kind for step in steps for way, kind in (("in", MESSAGE), ("out", SENT))}
        self.totals = Totals(
            {
                BY_KIND: (days.days, len(KINDS) + 1, 2, eventcolumns.SUMS),
                **dict.fromkeys(self._units, (days.days,)),
            }
        )
        """Sums by day, kind and whether events were answered; and started steps of bytes by day."""

    def add(self, batch: EventBatch) -> None:
        """Add events that happened after those before."""
        first_day = self._days.first_day
        for some in portions(len(batch.at), int(batch.bytes.max(initial=0))):
            at, kinds, _, sizes, answered, walls = batch.among(some)
            events.add_up(at, kinds, answered, sizes, walls, first_day, self.totals.under_way(BY_KIND))
            for (way, step), kind in self._units.items():
                units = self.totals.under_way((way, step))
                events.add_units(at, kinds, kind, sizes, step, first_day, units)
            self.totals.settle()

    @property
    def received(self) -> Sized:
        """Messages from clients that were not answered by auto-response."""
        return _sized(self._by_kind[:, MESSAGE, 0])

    @property
    def answered(self) -> Sized:
        """Messages from clients that were."""
        return _sized(self._by_kind[:, MESSAGE, 1])

    @property
    def sent(self) -> Sized:
        """Messages to clients that were no auto-responses."""
        return _sized(self._by_kind[:, SENT, 0])

    @property
    def answers(self) -> Sized:
        """Auto-responses, where they are recorded."""
        return _sized(self._by_kind[:, SENT, 1])

    @property
    def calls(self) -> Ints:
        """Alarms and requests."""
        numbers = self._by_kind[:, :, :, eventcolumns.NUMBER].sum(axis=2)
        return narrow(numbers[:, [KINDS.index(kind) for kind in CALLS]].sum(axis=1))

    def number(self, kind: str) -> int:
        """Return how many events of a kind there are."""
        return number_in(self.totals, kind)

    def untimed(self, *, answers: bool) -> int:
        """Return how many handlers, or auto-responses, ran for an unknown time."""
        return int(self._by_kind[:, :SENT, int(answers), eventcolumns.UNTIMED].sum())

    def units(self, direction: str, step: int) -> Ints:
        """Return the started steps of so many bytes of each message."""
        return narrow(self.totals.of((direction, step)))

    @property
    def _by_kind(self) -> Exact:
        return self.totals.of(BY_KIND)


def number_in(totals: Totals, kind: str) -> int:
    """Return how many events of a kind there are."""
    return int(totals.of(BY_KIND)[:, KINDS.index(kind), :, eventcolumns.NUMBER].sum())


def told(events: int, connections: int) -> bool:
    """Tell whether all connects, or all closes, of so many connections have an event of their own."""
    return 0 < events >= connections


def _sized(by_day: Exact) -> Sized:
    number, total, unsized, _ = by_day.T
    return Sized(narrow(number), narrow(total), int(unsized.sum()))


EventSums: TypeAlias = FrameEventSums | StreamEventSums
"""What events add up to, whichever way they were counted."""
