"""Partial sums: a stream metered in parts that know nothing of each other, and put together again.

Most sums just add up. Two do not: an object's sockets may lie in several parts, and the peak is one of all
parts. Of these a part keeps what decides them, reduced as far as it can alone: for each object as few
connections as live its life, and the instants of openings and closings. They are cut into shares, objects by
their name and instants by the quarter of an hour, and each share of all parts is settled for itself.

Everything is a sum of integers: parts and shares in any order come to the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wscost.compiling import compiled
from wscost.intervals import Ints
from wscost.metering.clocks import Clocks
from wscost.metering.coalescing import NONE, Columns, coalesce
from wscost.metering.objectclocks import NO_RUNS, NOTHING, ObjectClocks
from wscost.metering.peaks import Peaks
from wscost.metering.streaming import Question, StreamSums, kernel
from wscost.metering.tally import Days, days_of
from wscost.trace import Batch, TracePass
from wscost.units import MICROSECONDS_PER_DAY, MICROSECONDS_PER_SECOND
from wscost.usage import Window

QUARTERS_A_DAY = 96
QUARTER = 15 * 60 * MICROSECONDS_PER_SECOND
"""Short enough that an instant in it takes four bytes. [µs]"""

MOST_SHARES = 256

N = TypeVar("N", bound=np.integer[Any])
Offsets = npt.NDArray[np.uint32]


class Task(NamedTuple):
    """What is asked of every part of a stream."""

    window: Window
    question: Question
    shares: int
    fast: bool

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
    sums: Mapping[object, Sequence[int]]


class Edges(NamedTuple):
    """Openings and closings within one quarter of an hour, each in order. [µs since it began]

    A closing belongs to the quarter that it ends: one at its very end is past what opens there.
    """

    opens: Offsets
    closes: Offsets


class Share(NamedTuple):
    """Of one part: some of the objects, by name, and some quarters of an hour, by number."""

    names: pa.Array
    visits: Columns
    """What its objects lived through, each object by its place in ``names``."""
    quarters: Mapping[int, Edges]


class Rise(NamedTuple):
    """How many more are open than when a quarter of an hour began: at most, and when it ends."""

    most: int
    at_end: int


class Settled(NamedTuple):
    """One share of all parts together: the clocks of its objects, and how its quarters rise."""

    clocks: Clocks
    rises: Mapping[int, Rise]


@dataclass(frozen=True, slots=True)
class Partial:
    """One part of a stream: what adds up, and what has to be seen together with other parts."""

    counted: Counted
    names: pa.Array
    """Of objects, those of the same share side by side."""
    objects_from: Ints
    """Where the objects of each share begin, and where the last ones end."""
    visits: Columns
    """What objects lived through, in the order of shares; each object by its place in ``names``."""
    visits_from: Ints
    opens: Ints
    closes: Ints

    def share(self, number: int, task: Task) -> Share:
        """Return one share of what has to be seen together."""
        first, past = self.objects_from[number : number + 2]
        chosen = slice(*self.visits_from[number : number + 2])
        opened, closed, objects = self.visits
        visits = opened[chosen], closed[chosen], objects[chosen] - np.int32(first)
        quarters = {}
        for quarter in range(number, task.days.days * QUARTERS_A_DAY, task.shares):
            since = task.days.first_day * MICROSECONDS_PER_DAY + quarter * QUARTER
            edges = Edges(_within(self.opens, since), _within(self.closes, since))
            if len(edges.opens) or len(edges.closes):
                quarters[quarter] = edges
        names = self.names.take(pa.array(np.arange(first, past)))
        return Share(names, visits, quarters)


class PartialSums(StreamSums):
    """The sums of some connections of a stream, batch after batch, each in order of opening."""

    def __init__(self, task: Task) -> None:
        super().__init__(task.window, task.question, kernel(fast=task.fast))
        self._coalesce = compiled(coalesce) if task.fast else coalesce
        self._latest = np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
        self._visits: Columns = (NOTHING, NOTHING, NOTHING.astype(np.int32))
        self._count = 0
        self._opens: list[Ints] = []
        self._ends: list[Ints] = []

    def partial(self, names: pa.Array, shares: npt.NDArray[np.int32], count: int) -> Partial:
        """Return what was added up, given the objects' names and shares by number, and how many shares."""
        if not self._count:
            names, shares = names[:0], shares[:0]
        shares = shares.astype(np.uint8 if count <= MOST_SHARES else np.int32)  # so that sorting is counting
        order, bounds = _by_share(shares, count)
        place = np.empty(len(order), dtype=np.int32)
        place[order] = np.arange(len(order), dtype=np.int32)
        opened, closed, objects = self._visits
        turn, visits_from = _by_share(shares[objects[: self._count]], count)
        return Partial(
            Counted(
                self.rows, self.without_object, self.opened_before, self.still_open, self._known, self._sums
            ),
            names.take(pa.array(order)),
            bounds,
            (opened[turn], closed[turn], place[objects[turn]]),
            visits_from,
            np.sort(np.concatenate([*self._opens, NOTHING])),
            np.sort(np.concatenate([*self._ends, NOTHING])),
        )

    def _follow(self, opens: Ints, closes: Ints) -> None:
        """Keep the instants that all parts together will be followed through."""
        self._opens.append(opens)
        self._ends.append(closes - 1)

    def _run_clocks(self, batch: Batch, pinned: int) -> None:
        """Keep what objects live through; one without a name nobody else knows, so that its clock can run."""
        named = batch.object >= 0
        if not named.all():
            super()._run_clocks(Batch(*_chosen(batch, ~named), batch.objects, {}), pinned)
        sockets = _chosen(batch, named)
        self._make_room(batch.objects, self._count + len(sockets[0]))
        self._count = self._coalesce(
            sockets, self._days.end, pinned, self._latest, (self._visits, self._count)
        )

    def _make_room(self, objects: int, visits: int) -> None:
        closing, outlasting = (_longer(latest, objects, NONE) for latest in self._latest)
        opened, closed, numbers = self._visits
        self._latest = closing, outlasting
        self._visits = _longer(opened, visits), _longer(closed, visits), _longer(numbers, visits)


def settle(shares: Iterable[Share], task: Task) -> Settled:
    """Return what one share of all parts comes to."""
    parts = list(shares)
    quarters = {quarter for part in parts for quarter in part.quarters}
    rises = {
        quarter: _rise(quarter, [part.quarters[quarter] for part in parts if quarter in part.quarters], task)
        for quarter in sorted(quarters)
    }
    batch = _together(parts)
    clocks = ObjectClocks(task.days, kernel(fast=task.fast))
    return Settled(clocks.go_on(batch, NO_RUNS, batch.objects, task.question.pinned or 0), rises)


def _together(parts: Sequence[Share]) -> Batch:
    """Return what all parts tell of the same objects, in order of time."""
    names = pa.chunked_array([part.names for part in parts], pa.large_string()).combine_chunks()
    encoded = names.dictionary_encode()
    numbers, first, objects = encoded.indices.to_numpy(), 0, []
    for part in parts:
        objects.append(numbers[first : first + len(part.names)][part.visits[2]])
        first += len(part.names)
    opened, closed = (np.concatenate([part.visits[i] for part in parts]) for i in range(2))
    return Batch(opened, closed, np.concatenate(objects), len(encoded.dictionary), {}).in_order()


class WholeSums(StreamSums):
    """The sums of a whole stream from those of its parts."""

    def __init__(self, window: Window, question: Question) -> None:
        super().__init__(window, question, kernel(fast=False))

    def add_counted(self, counted: Counted) -> None:
        """Add what adds up of one part."""
        self.rows += counted.rows
        self.without_object += counted.without_object
        self.opened_before += counted.opened_before
        self.still_open += counted.still_open
        for column, known in counted.known.items():
            self._known[column] += known
        for key, by_day in counted.sums.items():
            self._sum(key, by_day)

    def conclude(self, settled: Iterable[Settled], rows: TracePass) -> StreamSums:
        """Take the shares that were settled, and what the reader knows at the end."""
        rises: dict[int, Rise] = {}
        for share in settled:
            self._sum_all(Clocks._fields, share.clocks)
            rises |= share.rises
        open_now = 0
        for quarter in range(self._days.days * QUARTERS_A_DAY):
            day = quarter // QUARTERS_A_DAY
            rise = rises.get(quarter, Rise(0, 0))
            self._peaks.most[day] = max(int(self._peaks.most[day]), open_now + rise.most)
            open_now += rise.at_end
        self.grades, self.notes = rows.grades, (*rows.notes, rows.account)
        return self


def _chosen(batch: Batch, chosen: npt.NDArray[np.bool_]) -> Columns:
    if chosen.all():
        return batch.opened, batch.closed, batch.object
    return batch.opened[chosen], batch.closed[chosen], batch.object[chosen]


def _by_share(shares: npt.NDArray[Any], count: int) -> tuple[Ints, Ints]:
    """Return the order in which shares stand side by side, and where each begins."""
    sizes = np.bincount(shares, minlength=count)
    return np.argsort(shares, kind="stable"), np.concatenate([[0], np.cumsum(sizes)])


def _longer(array: npt.NDArray[N], size: int, value: int = 0) -> npt.NDArray[N]:
    """Make room for at least so many, twice as much as there was."""
    if size <= len(array):
        return array
    room = np.full(max(size, 2 * len(array)), value, dtype=array.dtype)
    room[: len(array)] = array
    return room


def _within(instants: Ints, since: int) -> Offsets:
    """Return which of rising instants lie in a quarter of an hour."""
    first, past = np.searchsorted(instants, [since, since + QUARTER])
    return (instants[first:past] - since).astype(np.uint32)


def _rise(quarter: int, parts: Sequence[Edges], task: Task) -> Rise:
    day = quarter // QUARTERS_A_DAY
    since = task.days.first_day * MICROSECONDS_PER_DAY + quarter * QUARTER
    opens, closes = (
        np.sort(np.concatenate(columns)).astype(np.int64) + since for columns in zip(*parts, strict=True)
    )
    peaks = Peaks(task.days, kernel(fast=task.fast), reached=day)
    peaks.follow(opens, closes + 1)
    return Rise(int(peaks.most[day]), len(opens) - len(closes))
