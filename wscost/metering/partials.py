"""Partial sums: a stream metered in parts that know nothing of each other, and put together again.

Most sums just add up. Two do not: an object's sockets may lie in several parts, and the peak is one of all
parts. Of these a part keeps what decides them, reduced as far as it can alone: the disjoint times of each
object, and the instants of openings and closings. They are cut into shares, objects by their name and
instants by the quarter of an hour, and each share of all parts is settled for itself.

Everything is a sum of integers: parts and shares in any order come to the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wscost.intervals import Intervals, Ints, union
from wscost.metering.clocks import Clocks, Lives, clocks_of, lives_of, visits_of
from wscost.metering.streaming import Question, StreamSums, kernel
from wscost.metering.tally import Days, days_of
from wscost.trace import Batch, TracePass
from wscost.units import MICROSECONDS_PER_DAY, MICROSECONDS_PER_SECOND
from wscost.usage import Window

QUARTERS_A_DAY = 96
QUARTER = 15 * 60 * MICROSECONDS_PER_SECOND
"""Short enough that an instant in it takes four bytes. [µs]"""

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
    lives: Lives
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
    bounds: npt.NDArray[np.int64]
    """Where the objects of each share begin, and where the last ones end."""
    lives: Lives
    """Of objects by their place in ``names``."""
    opens: Ints
    closes: Ints

    def share(self, number: int, task: Task) -> Share:
        """Return one share of what has to be seen together."""
        first, past = (int(n) for n in self.bounds[number : number + 2])
        lives = Lives(*(_between(intervals, first, past) for intervals in self.lives))
        chosen = pa.array(np.arange(first, past))
        quarters = {}
        for quarter in range(number, task.days.days * QUARTERS_A_DAY, task.shares):
            since = task.days.first_day * MICROSECONDS_PER_DAY + quarter * QUARTER
            edges = Edges(_within(self.opens, since), _within(self.closes, since))
            if len(edges.opens) or len(edges.closes):
                quarters[quarter] = edges
        return Share(self.names.take(chosen), lives, quarters)


class PartialSums(StreamSums):
    """The sums of some connections of a stream, batch after batch, each in order of opening."""

    def __init__(self, task: Task) -> None:
        super().__init__(task.window, task.question, kernel(fast=task.fast))
        self._lives: list[Lives] = []
        self._opens: list[Ints] = []
        self._ends: list[Ints] = []

    def partial(self, names: pa.Array, shares: npt.NDArray[np.int32], count: int) -> Partial:
        """Return what was added up, given each object's name and share by number."""
        if not self._lives:
            names, shares = names[:0], shares[:0]
        order = np.argsort(shares, kind="stable")
        place = np.empty(len(order), dtype=np.int64)
        place[order] = np.arange(len(order))
        lives = _together(self._lives)
        return Partial(
            Counted(
                self.rows, self.without_object, self.opened_before, self.still_open, self._known, self._sums
            ),
            names.take(pa.array(order)),
            np.searchsorted(shares[order], np.arange(count + 1)),
            Lives(*(union(one._replace(group=place[one.group])) for one in lives)),
            np.sort(np.concatenate([*self._opens, _NOTHING])),
            np.sort(np.concatenate([*self._ends, _NOTHING])),
        )

    def _climb(self, batch: Batch) -> None:
        """Keep the instants that all parts together will be followed through."""
        opens, closes = self._edges(batch)
        self._opens.append(opens)
        self._ends.append(closes - 1)

    def _run_clocks(self, batch: Batch, pinned: int) -> None:
        """Keep when objects live; one without a name is known to nobody else, so that its clock can run."""
        start, end, _, _ = self._days
        busy, tail = visits_of(
            Intervals(batch.object.astype(np.int64), batch.opened, batch.closed), end, pinned
        )
        nameless = batch.object < 0
        if nameless.any():
            self.without_object += int(nameless.sum())
            each = Intervals(np.arange(int(nameless.sum())), busy.start[nameless], busy.end[nameless])
            clocks = clocks_of(lives_of(each, tail[nameless], start, end), self._days)
            self._sum_all(Clocks._fields, clocks)
            busy, tail = Intervals(*(column[~nameless] for column in busy)), tail[~nameless]
        self._lives.append(lives_of(busy, tail, start, end))


def settle(shares: Iterable[Share], task: Task) -> Settled:
    """Return what one share of all parts comes to."""
    parts = list(shares)
    names = pa.chunked_array([part.names for part in parts], pa.large_string())
    numbers = names.combine_chunks().dictionary_encode().indices.to_numpy().astype(np.int64)
    lives, first = [], 0
    for part in parts:
        mine = numbers[first : first + len(part.names)]
        lives.append(Lives(*(one._replace(group=mine[one.group]) for one in part.lives)))
        first += len(part.names)
    together = Lives(*(union(one) for one in _together(lives)))
    quarters = {quarter for part in parts for quarter in part.quarters}
    rises = {
        quarter: _rise(quarter, [part.quarters[quarter] for part in parts if quarter in part.quarters], task)
        for quarter in sorted(quarters)
    }
    return Settled(clocks_of(together, task.days), rises)


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
            self._most[day] = max(int(self._most[day]), open_now + rise.most)
            open_now += rise.at_end
        self.grades, self.notes = rows.grades, (*rows.notes, rows.account)
        return self


_NOTHING = np.empty(0, dtype=np.int64)
_NO_LIVES = Lives(*(Intervals(_NOTHING, _NOTHING, _NOTHING),) * 2)


def _together(lives: Sequence[Lives]) -> Lives:
    """Return the lives of several parts side by side."""

    def joined(each: Iterable[Intervals]) -> Intervals:
        return Intervals(*(np.concatenate(columns) for columns in zip(*each, strict=True)))

    return Lives(*(joined(each) for each in zip(*lives, _NO_LIVES, strict=True)))


def _between(intervals: Intervals, first: int, past: int) -> Intervals:
    """Return the intervals of some groups, which stand in order, numbered from zero."""
    begin, end = np.searchsorted(intervals.group, [first, past])
    group, start, until = (column[begin:end] for column in intervals)
    return Intervals(group - first, start, until)


def _within(instants: Ints, since: int) -> Offsets:
    """Return which of rising instants lie in a quarter of an hour."""
    first, past = np.searchsorted(instants, [since, since + QUARTER])
    return (instants[first:past] - since).astype(np.uint32)


def _rise(quarter: int, parts: Sequence[Edges], task: Task) -> Rise:
    day = quarter // QUARTERS_A_DAY
    first_day = task.days.first_day
    since = first_day * MICROSECONDS_PER_DAY + quarter * QUARTER
    opens, closes = (
        np.sort(np.concatenate(columns)).astype(np.int64) + since for columns in zip(*parts, strict=True)
    )
    most = np.zeros(task.days.days, dtype=np.int64)
    kernel(fast=task.fast).climb(opens, closes + 1, first_day, np.array([0, day]), most)
    return Rise(int(most[day]), len(opens) - len(closes))
