"""The work on a stream cut into partitions, each step a function of its arguments alone, wherever it runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, TypeAlias

from wscost.errors import InputError
from wscost.metering.objectclocks import ENDS
from wscost.metering.partials import (
    MOST_SHARES,
    Counted,
    Partial,
    PartialSums,
    Settled,
    Share,
    Task,
    WholeSums,
    settle,
)
from wscost.metering.streaming import Question, StreamSums, told_ends
from wscost.readers.bulk.ahead import ahead
from wscost.trace import Cut, Partition, TraceStream

ROWS_A_SHARE = 8_388_608
"""What is settled at once is about as much as there is of so many rows, where they share nothing."""


class Reduced(NamedTuple):
    """A partition without its rows."""

    partial: Partial
    reckoning: Any
    """What reading it came to."""


Part: TypeAlias = tuple[Counted, Any]
"""What of a partition just adds up, and what reading it came to."""


def cut(stream: TraceStream) -> Cut:
    """Return a stream in partitions.

    Raises
    ------
    InputError
        If it is not in files that can be cut.
    """
    if stream.cut is None:
        raise InputError(f"{stream.source}: this cannot be cut into parts for other engines than local.")
    return stream.cut()


def task_of(stream: TraceStream, question: Question, cores: int) -> Task:
    """Return what is asked of each partition, in shares enough for every core."""
    rows = stream.rows + (stream.events or 0)
    shares = min(max(-(-rows // ROWS_A_SHARE), cores), MOST_SHARES)
    return Task(stream.window, question, shares, stream.events is not None)


def turns(cut: Cut) -> tuple[list[Partition], list[Partition]]:
    """Return partitions of events, and of connections, which are asked what events do not tell."""
    of_events, others = (
        [partition for partition in cut.partitions if partition.events is events] for events in (True, False)
    )
    return of_events, others


def reduced(partition: Partition, task: Task, told: frozenset[str] = ENDS) -> Reduced:
    """Read and meter a partition as far as that goes alone; connects or closes are told by events or not."""
    rows, sums = partition.read(task.window), PartialSums(task, told)
    for batch in ahead(rows.batches()):
        sums.add(batch.in_order())
    for events in ahead(rows.events()):
        sums.add_events(events.in_order())
    return Reduced(sums.partial(rows.names, rows.buckets(task.shares), task.shares), rows.reckoning)


def counted(one: Reduced) -> Part:
    """Return what of a partition just adds up."""
    return one.partial.counted, one.reckoning


def told(parts: Iterable[Part], task: Task) -> frozenset[str]:
    """Return which of connects and closes are told by events, as far as some partitions let it be known."""
    sums = WholeSums(task)
    for one, _ in parts:
        sums.add_counted(one)
    return ENDS if sums.events is None else told_ends(sums, sums.events)


def share(one: Reduced, number: int, task: Task) -> Share:
    """Return what of a partition belongs to one share."""
    return one.partial.share(number, task)


def settled(shares: list[Share], task: Task) -> Settled:
    """Put one share of all partitions together."""
    return settle(shares, task)


def whole(cut: Cut, task: Task, parts: Sequence[Part], shares: Iterable[Settled]) -> StreamSums:
    """Return the sums of the stream, as one pass over it would.

    Raises
    ------
    InputError
        As the end of a pass does.
    """
    sums = WholeSums(task)
    for one, _ in parts:
        sums.add_counted(one)
    return sums.conclude(shares, cut.rejoin(reckoning for _, reckoning in parts))
