"""The work on a stream cut into partitions, each step a function of its arguments alone, wherever it runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from wscost.compiling import COMPILED_FROM_ROWS
from wscost.errors import InputError
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
from wscost.metering.streaming import Question, StreamSums
from wscost.readers.bulk.ahead import ahead
from wscost.trace import Cut, Partition, TraceStream

ROWS_A_SHARE = 8_388_608
"""What is settled at once is about as much as there is of so many connections, where they share nothing."""


class Reduced(NamedTuple):
    """A partition without its connections."""

    partial: Partial
    reckoning: Any
    """What reading it came to."""


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
    shares = min(max(-(-stream.rows // ROWS_A_SHARE), cores), MOST_SHARES)
    return Task(stream.window, question, shares, stream.rows >= COMPILED_FROM_ROWS)


def reduced(partition: Partition, task: Task) -> Reduced:
    """Read and meter a partition as far as that goes alone."""
    rows, sums = partition.read(task.window), PartialSums(task)
    for batch in ahead(rows.batches()):
        sums.add(batch.in_order())
    return Reduced(sums.partial(rows.names, rows.buckets(task.shares), task.shares), rows.reckoning)


def counted(one: Reduced) -> tuple[Counted, Any]:
    """Return what of a partition just adds up."""
    return one.partial.counted, one.reckoning


def share(one: Reduced, number: int, task: Task) -> Share:
    """Return what of a partition belongs to one share."""
    return one.partial.share(number, task)


def settled(shares: list[Share], task: Task) -> Settled:
    """Put one share of all partitions together."""
    return settle(shares, task)


def whole(
    cut: Cut, task: Task, parts: Sequence[tuple[Counted, Any]], shares: Iterable[Settled]
) -> StreamSums:
    """Return the sums of the stream, as one pass over it would.

    Raises
    ------
    InputError
        As the end of a pass does.
    """
    sums = WholeSums(task.window, task.question)
    for one, _ in parts:
        sums.add_counted(one)
    return sums.conclude(shares, cut.rejoin(reckoning for _, reckoning in parts))
