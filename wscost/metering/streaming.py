"""Streams: all that is asked of them from one pass, in memory that rows do not move."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import NamedTuple, TypeAlias

import numpy as np

from wscost.deployment import Deployment
from wscost.intervals import Ints
from wscost.loops import connections
from wscost.metering.clocks import Clocks, pinned_for
from wscost.metering.eventsums import EventSums, Handling, StreamEventSums, told
from wscost.metering.objectclocks import ENDS, NO_RUNS, Handlers, ObjectClocks
from wscost.metering.peaks import Peaks
from wscost.metering.sums import Cpu, FrameSums
from wscost.metering.tally import days_of
from wscost.metering.totals import Totals, narrow, portions
from wscost.notes import Grade, Note
from wscost.trace import COUNTS, UNKNOWN, Batch, OutOfOrderError, TracePass, TraceStream
from wscost.usage import Window

COUNTED = ("opened", "closed", "open_time", "minutes")
"""What is counted of every connection, side by side under the name ``CONNECTIONS``."""
CONNECTIONS, AWAKE, ASLEEP = "connections", "awake", "asleep"


class Question(NamedTuple):
    """What one pass is to find out beside what is the same for every deployment."""

    steps: tuple[int, ...]
    multiples: tuple[int, ...]
    cpu: Cpu
    pinned: int | None
    """How long objects stay active after their last socket [µs]; None: there are no objects."""
    handling: Handling | None = None
    """What handlers take; None: there are no objects, or no events."""

    @classmethod
    def of(
        cls, deployment: Deployment, steps: Iterable[int], multiples: Iterable[int], *, events: bool = False
    ) -> Question:
        """Return what metering a deployment asks."""
        pinned, handling = None, None
        if deployment.in_object:
            pinned, handling = pinned_for(deployment), Handling.of(deployment) if events else None
        return cls(tuple(steps), tuple(multiples), Cpu.of(deployment), pinned, handling)


def streamed(stream: TraceStream, question: Question) -> StreamSums:
    """Return what a stream adds up to; the same question is not asked twice."""
    if question not in stream.passed:
        stream.passed[question] = (stream.elsewhere or _here)(stream, question)
    return stream.passed[question]  # type: ignore[no-any-return]


def _here(stream: TraceStream, question: Question) -> StreamSums:
    """Make as many passes as it takes, mostly one.

    Connects and closes run handlers, whether or not there are events of them: that there are of all is
    expected. Where that turns out to be wrong, connections have to be asked, in a second pass.
    """
    in_order, told = stream.in_order, ENDS
    while True:
        try:
            found = _pass(stream, question, told, in_order=in_order)
        except OutOfOrderError:
            in_order = False
            continue
        if found.asks_for is None or found.asks_for == told:
            return found
        told = found.asks_for


def _pass(stream: TraceStream, question: Question, told: frozenset[str], *, in_order: bool) -> StreamSums:
    rows = stream.read(not in_order)
    sums = StreamSums(stream.window, question)
    if stream.events is not None:
        sums.expect_events(told)
    for batch in rows:
        sums.add(batch)
    return sums.end(rows)


class StreamSums:
    """The sums of a stream, batch after batch in order of time."""

    def __init__(self, window: Window, question: Question) -> None:
        self.window = window
        self.grades: Mapping[str, Grade] = {}
        self.notes: tuple[Note, ...] = ()
        self.rows = self.without_object = self.opened_before = self.still_open = 0
        self._question, self._days = question, days_of(window)
        self._totals = Totals(self._shapes())
        self._known = dict.fromkeys(COUNTS, 0)
        self._awake, self._asleep = ObjectClocks(self._days), ObjectClocks(self._days)
        self._handlers: Handlers | None = None
        self.events: StreamEventSums | None = None
        self.asks_for: frozenset[str] | None = None
        """Which of connects and closes are told by events, as it turned out."""
        self._peaks = Peaks(self._days)

    def expect_events(self, told: frozenset[str]) -> None:
        """Be ready for events, among them of connects or closes as told."""
        self.events = StreamEventSums(self._days, self._question.steps)
        if (handling := self._question.handling) is not None:
            self._handlers = Handlers(self._days, handling, ENDS - told)

    def add(self, batch: Batch) -> None:
        """Add what began no earlier than anything before."""
        start, end, _, _ = self._days
        opened, closed = batch.opened, batch.closed
        self.rows += len(opened)
        if len(opened) and opened[0] < start:
            self.opened_before += int(np.searchsorted(opened, start))
        self.still_open += int(np.count_nonzero(closed > end))
        breaks = np.empty(len(opened), dtype=np.int64)
        counted = self._totals.under_way(CONNECTIONS)
        breaks = breaks[: connections.count(opened, closed, self._days, counted, breaks)]
        for column, counts in batch.counts.items():
            self._known[column] += int(np.count_nonzero(counts != UNKNOWN))
            self._spread(column, batch, counts, breaks)
        self._add_parameters(batch, breaks)
        self._follow(*self._edges(batch))
        if self.events is not None and batch.events is not None:
            self.events.add(batch.events)
        if self._question.pinned is not None:
            self._run_clocks(batch, self._question.pinned)
        self._totals.settle()

    def end(self, rows: TracePass) -> StreamSums:
        """Take what the reader knows at the end, and let the days after the last opening pass."""
        self.grades, self.notes = rows.grades, (*rows.notes, rows.account)
        self._peaks.end()
        if self._handlers is not None and self.events is not None:
            self._asleep.go_on(None, self._handlers.left(), 0, self._totals.under_way(ASLEEP))
            self.asks_for = told_ends(self, self.events)
        del self._awake, self._asleep, self._handlers
        return self

    @property
    def opened(self) -> Ints:
        """How many opened."""
        return self._counted("opened")

    @property
    def closed(self) -> Ints:
        """How many closed."""
        return self._counted("closed")

    @property
    def open_time(self) -> Ints:
        """Time open, summed over connections. [µs]"""
        return self._counted("open_time")

    @property
    def minutes(self) -> Ints:
        """Started minutes of each connection."""
        return self._counted("minutes")

    @property
    def peak(self) -> Ints:
        """Most connections open at one instant, for each UTC day."""
        return self._peaks.most

    @property
    def awake(self) -> Clocks:
        """What objects do whose open sockets keep them active."""
        return Clocks(*self._by_day(AWAKE).T)

    @property
    def asleep(self) -> Clocks:
        """What hibernating objects do, as far as events tell."""
        return Clocks(*self._by_day(ASLEEP).T)

    def known(self, column: str) -> int:
        """Return how many connections tell a count."""
        return self._known[column]

    def total(self, column: str) -> Ints:
        """Return a count, spread evenly over each connection's time."""
        return self._by_day(column)

    def units(self, direction: str, step: int) -> Ints:
        """Return the fewest steps of so many bytes that messages can have taken."""
        return self._by_day((direction, step))

    def overdrawn(self, multiple: int, cpu: Cpu) -> Ints:
        """Return what a multiple of each connection's CPU time takes beyond its wall time. [µs]"""
        return self._by_day((multiple, cpu))

    def _add_parameters(self, batch: Batch, breaks: Ints) -> None:
        """Add what depends on the parameters of price books."""
        for step in self._question.steps:
            for direction in ("in", "out"):
                messages, sizes = (batch.counts.get(f"{what}_{direction}") for what in ("messages", "bytes"))
                unknown = _unknown(len(batch.opened))
                least = np.maximum(
                    unknown if messages is None else messages, 0 if sizes is None else -(-sizes // step)
                )
                self._spread((direction, step), batch, least, breaks)
        for multiple in self._question.multiples:
            cpu = self._question.cpu
            handled = batch.counts.get("messages_in") if cpu.own else None
            if handled is None:
                handled = _unknown(len(batch.opened))
            prices = multiple, cpu.connect, cpu.message, int(cpu.own)
            for some in portions(len(handled), cpu.most(handled, multiple)):
                by_day = self._totals.under_way((multiple, cpu))
                opened, closed = batch.opened[some], batch.closed[some]
                inside = _among(breaks, some)
                connections.overdraw(opened, closed, handled[some], self._days, inside, prices, by_day)
                self._totals.settle()

    def _spread(self, name: object, batch: Batch, totals: Ints, breaks: Ints) -> None:
        for some in portions(len(totals), int(totals.max(initial=0))):
            by_day = self._totals.under_way(name)
            opened, closed = batch.opened[some], batch.closed[some]
            connections.spread(opened, closed, totals[some], self._days, _among(breaks, some), by_day)
            self._totals.settle()

    def _follow(self, opens: Ints, closes: Ints) -> None:
        """Follow how many are open; who outlasts the window never leaves."""
        self._peaks.follow(opens, closes)

    def _edges(self, batch: Batch) -> tuple[Ints, Ints]:
        """Return when sockets come, in order, and when they leave in the window."""
        opens = np.maximum(batch.opened, self._days.start)
        lasting = batch.closed > opens
        leaving = lasting & (batch.closed < self._days.end)
        closes = batch.closed if leaving.all() else batch.closed[leaving]
        return opens if lasting.all() else opens[lasting], closes

    def _run_clocks(self, batch: Batch, pinned: int) -> None:
        self.without_object += int(np.count_nonzero(batch.object < batch.alone))
        calls, events = NO_RUNS, batch.events
        if self._handlers is not None and events is not None:
            calls, handlers = self._handlers.calls(events), self._handlers.of(batch, events)
            asleep = self._totals.under_way(ASLEEP)
            self._asleep.go_on(None, handlers, batch.objects, asleep)
            asleep += np.transpose(self._handlers.alone(batch))
        self._awake.go_on(batch, calls, batch.objects, self._totals.under_way(AWAKE), pinned)

    def _shapes(self) -> Mapping[object, tuple[int, ...]]:
        """Return of which shape the sums are, by name."""
        question, days = self._question, self._days.days
        clocks = (days, len(Clocks._fields))
        units = [(direction, step) for step in question.steps for direction in ("in", "out")]
        beyond = [(multiple, question.cpu) for multiple in question.multiples]
        return {
            CONNECTIONS: (days, len(COUNTED)),
            AWAKE: clocks,
            ASLEEP: clocks,
            **dict.fromkeys((*COUNTS, *units, *beyond), (days,)),
        }

    def _counted(self, name: str) -> Ints:
        return self._by_day(CONNECTIONS)[:, COUNTED.index(name)]

    def _by_day(self, name: object) -> Ints:
        return narrow(self._totals.of(name))


Sums: TypeAlias = FrameSums | StreamSums
"""What connections add up to, whichever way they were counted."""


def told_ends(sums: Sums, events: EventSums) -> frozenset[str]:
    """Return which of connects and closes are all told by events; of others, connections are asked."""
    happened = {"open": sums.opened, "close": sums.closed}
    return frozenset(kind for kind, each in happened.items() if told(events.number(kind), int(each.sum())))


def _among(breaks: Ints, some: slice) -> Ints:
    """Return those places that lie in a portion of rows, as places in it."""
    first, past = np.searchsorted(breaks, [some.start, some.stop])
    inside: Ints = breaks[first:past] - some.start
    return inside


def _unknown(size: int) -> Ints:
    """Return so many counts that are not known."""
    return _unknowns(1 << size.bit_length())[:size]


@cache
def _unknowns(room: int) -> Ints:
    return np.full(room, UNKNOWN, dtype=np.int64)
