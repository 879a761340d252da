"""Partial sums: a stream metered in parts that know nothing of each other, and put together again.

Most sums just add up. Two do not: an object's sockets and events may lie in several parts, and the peak is
one of all parts. Of these a part keeps what decides them, reduced as far as it can alone: for each object as
few spans as live its life, and the instants of openings and closings. They are cut into shares, objects by
their name and instants by the quarter of an hour, and each share of all parts is settled for itself.

Everything is a sum of integers: parts and shares in any order come to the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wscost.intervals import Ints
from wscost.metering.clocks import Clocks
from wscost.metering.coalescing import Coalescing, InShares, bounds
from wscost.metering.eventsums import Runs
from wscost.metering.objectclocks import ENDS, NOTHING, ObjectClocks
from wscost.metering.packing import Packed, pack
from wscost.metering.peaks import Peaks
from wscost.metering.streaming import ASLEEP, AWAKE, Question, StreamSums
from wscost.metering.tally import Days, days_of
from wscost.metering.totals import Totals
from wscost.trace import Batch, EventBatch, TracePass
from wscost.units import MICROSECONDS_PER_DAY, MICROSECONDS_PER_SECOND
from wscost.usage import Window

QUARTERS_A_DAY = 96
QUARTER = 15 * 60 * MICROSECONDS_PER_SECOND
"""Short enough that an instant in it takes four bytes. [µs]"""

MOST_SHARES = 256

T = TypeVar("T")
Offsets = npt.NDArray[np.uint32]


class Task(NamedTuple):
    """What is asked of every part of a stream."""

    window: Window
    question: Question
    shares: int
    events: bool
    """Whether the stream has any recorded."""

    @property
    def days(self) -> Days:
        """The window as whole numbers."""
        return days_of(self.window)


class Counted(NamedTuple):
    """What adds up."""

    rows: int
    without_object: int
    opened_before: int
    still_open: int
    known: Mapping[str, int]
    totals: Totals
    events: Totals | None


class Edges(NamedTuple):
    """Openings and closings within one quarter of an hour, each in order. [µs since it began]

    A closing belongs to the quarter that it ends: one at its very end is past what opens there.
    """

    opens: Offsets
    closes: Offsets


class Lives(NamedTuple, Generic[T]):
    """What decides the clocks of objects, in one form or another."""

    visits: T
    """When sockets are open."""
    calls: T
    """When handlers of calls run, which keep even those active that nothing lets sleep."""
    handlers: T
    """When any handlers run."""


class Share(NamedTuple):
    """Of one part: some of the objects, by name, and some quarters of an hour, by number.

    Spans name each object by its place in ``names``.
    """

    names: pa.Array
    lives: Lives[Packed]
    quarters: Mapping[int, Edges]


class Rise(NamedTuple):
    """How many more are open than when a quarter of an hour began: at most, and when it ends."""

    most: int
    at_end: int


class Settled(NamedTuple):
    """One share of all parts together: the clocks of its objects, and how its quarters rise."""

    awake: Clocks
    asleep: Clocks
    rises: Mapping[int, Rise]


@dataclass(frozen=True, slots=True)
class Partial:
    """One part of a stream: what adds up, and what has to be seen together with other parts."""

    counted: Counted
    names: pa.Array
    """Of objects, those of the same share side by side."""
    objects_from: Ints
    """Where the objects of each share begin, and where the last ones end."""
    lives: Lives[InShares]
    opens: Ints
    closes: Ints

    def share(self, number: int, task: Task) -> Share:
        """Return one share of what has to be seen together."""
        first, past = self.objects_from[number : number + 2]
        numbers = np.arange(number, task.days.days * QUARTERS_A_DAY, task.shares)
        since = task.days.first_day * MICROSECONDS_PER_DAY + numbers * QUARTER
        edges = map(Edges, _within(self.opens, since), _within(self.closes, since))
        quarters = {
            quarter: one
            for quarter, one in zip(numbers.tolist(), edges, strict=True)
            if len(one.opens) or len(one.closes)
        }
        names = self.names.take(pa.array(np.arange(first, past)))
        return Share(names, Lives(*(pack(spans.share(number, first)) for spans in self.lives)), quarters)


class PartialSums(StreamSums):
    """The sums of some connections or events of a stream, batch after batch, each in order of time."""

    def __init__(self, task: Task, told: frozenset[str]) -> None:
        super().__init__(task.window, task.question)
        if task.events:
            self.expect_events(told)
        visits = Coalescing(self._days.end, task.question.pinned or 0)
        self._lives = Lives(visits, Coalescing(), Coalescing())
        self._opens: list[Ints] = []
        self._ends: list[Ints] = []

    def add_events(self, batch: EventBatch) -> None:
        """Add events."""
        assert self.events is not None, "events were not expected"
        self.events.add(batch)
        if self._handlers is not None:
            self._lives.calls.add(self._handlers.calls(batch))
            self._lives.handlers.add(self._handlers.of_events(batch))

    def partial(self, names: pa.Array, shares: npt.NDArray[np.int32], count: int) -> Partial:
        """Return what was added up, given the objects' names and shares by number, and how many shares."""
        shares = shares.astype(np.uint8 if count <= MOST_SHARES else np.int32)  # so that sorting is counting
        living = np.zeros(len(shares), dtype=bool)
        for spans in self._lives:
            living[spans.objects] = True
        order = np.flatnonzero(living)
        order = order[np.argsort(shares[order], kind="stable")]
        places = np.zeros(len(shares), dtype=np.int32)
        places[order] = np.arange(len(order), dtype=np.int32)
        return Partial(
            Counted(
                self.rows,
                self.without_object,
                self.opened_before,
                self.still_open,
                self._known,
                self._totals,
                None if self.events is None else self.events.totals,
            ),
            names.take(pa.array(order)),
            bounds(shares[order], count),
            Lives(*(spans.in_shares(places, shares, count) for spans in self._lives)),
            np.sort(np.concatenate([*self._opens, NOTHING])),
            np.sort(np.concatenate([*self._ends, NOTHING])),
        )

    def _follow(self, opens: Ints, closes: Ints) -> None:
        """Keep the instants that all parts together will be followed through."""
        self._opens.append(opens)
        self._ends.append(closes - 1)

    def _run_clocks(self, batch: Batch, pinned: int) -> None:
        """Keep what objects live through; one without a name nobody else knows, so that its clock can run."""
        batch, named = batch._replace(counts={}), batch.object >= 0
        if not named.all():
            nameless = batch.among(~named)
            super()._run_clocks(nameless, pinned)
            if self._handlers is not None:
                self._totals.under_way(ASLEEP)[:] += np.transpose(self._handlers.alone(nameless))
            batch = batch.among(named)
        self._lives.visits.add((batch.opened, batch.closed, batch.object))
        if self._handlers is not None:
            self._lives.handlers.add(self._handlers.of_ends(batch))


def settle(shares: Iterable[Share], task: Task) -> Settled:
    """Return what one share of all parts comes to."""
    parts = list(shares)
    quarters = {quarter for part in parts for quarter in part.quarters}
    rises = {
        quarter: _rise(quarter, [part.quarters[quarter] for part in parts if quarter in part.quarters], task)
        for quarter in sorted(quarters)
    }
    objects, lives = _together(parts)
    pinned = task.question.pinned or 0
    visits = Batch(*lives.visits, objects, {})
    awake, asleep = np.zeros((2, task.days.days, len(Clocks._fields)), dtype=np.int64)
    ObjectClocks(task.days).go_on(visits, lives.calls, objects, awake, pinned)
    ObjectClocks(task.days).go_on(None, lives.handlers, objects if task.events else 0, asleep)
    return Settled(Clocks(*awake.T), Clocks(*asleep.T), rises)


def _together(parts: Sequence[Share]) -> tuple[int, Lives[Runs]]:
    """Return how many objects all parts tell of, and what they live through in order of time."""
    numbers, objects = _numbered([part.names for part in parts])
    pa.default_memory_pool().release_unused()  # spans need the room that names took
    in_order = (
        _in_order([part.lives[kind] for part in parts], numbers) for kind in range(len(Lives._fields))
    )
    return objects, Lives(*in_order)


def _numbered(names: Sequence[pa.Array]) -> tuple[Sequence[npt.NDArray[np.int32]], int]:
    """Return a number for each name of each part, the same for the same name, and how many there are."""
    together = pa.chunked_array(names, pa.large_string()).combine_chunks().dictionary_encode()
    since = np.cumsum([0, *map(len, names)])
    numbers = together.indices.to_numpy().copy()  # so that the names themselves can be forgotten
    return np.split(numbers, since[1:-1]), len(together.dictionary)


def _in_order(parts: Sequence[Packed], numbers: Sequence[npt.NDArray[np.int32]]) -> Runs:
    """Return the spans of all parts in order of time, given the numbers of each part's objects."""
    count, first = sum(len(part.gaps) for part in parts), 0
    runs = Runs(np.empty(count, np.int64), np.empty(count, np.int64), np.empty(count, np.int32))
    for part, of_part in zip(parts, numbers, strict=False):
        here = slice(first, first + len(part.gaps))
        runs.begun[here], runs.ended[here], objects = part.spans
        runs.object[here] = of_part[objects]
        first = here.stop
    order = np.argsort(runs.begun, kind="stable")
    for column in runs:
        column[:] = column[order]
    return runs


class WholeSums(StreamSums):
    """The sums of a whole stream from those of its parts."""

    def __init__(self, task: Task) -> None:
        super().__init__(task.window, task.question)
        if task.events:
            self.expect_events(ENDS)

    def add_counted(self, counted: Counted) -> None:
        """Add what adds up of one part."""
        self.rows += counted.rows
        self.without_object += counted.without_object
        self.opened_before += counted.opened_before
        self.still_open += counted.still_open
        for column, known in counted.known.items():
            self._known[column] += known
        self._totals.add_all(counted.totals)
        if self.events is not None and counted.events is not None:
            self.events.totals.add_all(counted.events)

    def conclude(self, settled: Iterable[Settled], rows: TracePass) -> StreamSums:
        """Take the shares that were settled, and what the reader knows at the end."""
        rises: dict[int, Rise] = {}
        for share in settled:
            self._totals.under_way(AWAKE)[:] += np.transpose(share.awake)
            self._totals.under_way(ASLEEP)[:] += np.transpose(share.asleep)
            self._totals.settle()
            rises |= share.rises
        open_now = 0
        for quarter in range(self._days.days * QUARTERS_A_DAY):
            day = quarter // QUARTERS_A_DAY
            rise = rises.get(quarter, Rise(0, 0))
            self._peaks.most[day] = max(int(self._peaks.most[day]), open_now + rise.most)
            open_now += rise.at_end
        self.grades, self.notes = rows.grades, (*rows.notes, rows.account)
        return self


def _within(instants: Ints, since: Ints) -> list[Offsets]:
    """Return which of rising instants lie in each of some quarters of an hour.

    They are searched at once: what came from elsewhere may lie so in memory that any search copies it all.
    """
    bounds = np.searchsorted(instants, np.stack([since, since + QUARTER]))
    return [
        (instants[first:past] - begin).astype(np.uint32)
        for begin, first, past in zip(since, *bounds, strict=True)
    ]


def _rise(quarter: int, parts: Sequence[Edges], task: Task) -> Rise:
    day = quarter // QUARTERS_A_DAY
    since = task.days.first_day * MICROSECONDS_PER_DAY + quarter * QUARTER
    opens, closes = (
        np.sort(np.concatenate(columns)).astype(np.int64) + since for columns in zip(*parts, strict=True)
    )
    peaks = Peaks(task.days, reached=day)
    peaks.follow(opens, closes + 1)
    return Rise(int(peaks.most[day]), len(opens) - len(closes))
