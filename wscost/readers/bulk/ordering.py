"""Rows in any order, sorted by time on disk: memory holds one run of them, never all."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from wscost.readers.spooling.disk import on_disk
from wscost.trace import Batch, EventBatch

RUN_ROWS = 262_144
"""Rows that are sorted in memory at once."""
LEAST_ROWS = 4_096
"""Rows that are read of a run at once, however many runs there are."""

Columns = list[npt.NDArray[Any]]
"""The time first, then the other columns of a batch."""


def in_time_order(batches: Iterable[Batch]) -> Generator[Batch]:
    """Yield the same connections in order of opening."""
    names: tuple[str, ...] = ()
    objects = 0

    def columns() -> Iterator[Columns]:
        nonlocal names, objects
        for batch in batches:
            names, objects = tuple(batch.counts), batch.objects
            yield [batch.opened, batch.closed, batch.object, *batch.counts.values()]

    for opened, closed, object_, *counts in sorted_on_disk(columns()):
        yield Batch(opened, closed, object_, objects, dict(zip(names, counts, strict=True)))


def events_in_time_order(batches: Iterable[EventBatch]) -> Generator[EventBatch]:
    """Yield the same events in order of time."""
    for columns in sorted_on_disk(list(batch) for batch in batches):
        yield EventBatch(*columns)


def sorted_on_disk(parts: Iterable[Columns]) -> Iterator[Columns]:
    """Yield the same rows in order of their first column.

    Sorted runs go to one temporary file as long as the arrays are; then all runs are read side by side.
    Each round takes from every run what is no later than the earliest of the last rows at hand.
    """
    with on_disk(), tempfile.TemporaryFile() as spool:
        runs: list[_Run] = []
        waiting: list[Columns] = []
        for columns in parts:
            waiting.append(columns)
            if sum(len(columns[0]) for columns in waiting) >= RUN_ROWS:
                runs.append(_Run(spool, _sorted(waiting)))
                waiting = []
        if waiting:
            runs.append(_Run(spool, _sorted(waiting)))
            waiting = []
        yield from _merged(runs, max(RUN_ROWS // max(len(runs), 1), LEAST_ROWS))


def in_slices(
    connections: Iterator[Batch], events: Iterator[EventBatch], objects: Callable[[], int]
) -> Generator[Batch]:
    """Yield both together, each in order of time, in slices of the same time.

    A slice ends with the last row of what is at hand of one of them; ``objects`` are those met so far.
    """
    none = np.empty(0, dtype=np.int64)
    opening: Batch | None = next(connections, None)
    happening: EventBatch | None = next(events, None)
    while opening is not None or happening is not None:
        last = [int(batch[0][-1]) for batch in (opening, happening) if batch is not None]
        began = Batch(none, none, none.astype(np.int32), 0, {})
        happened = EventBatch(*(none.astype(kind) for kind in (int, "i1", "i4", int, bool, int)))
        if opening is not None:
            until = int(np.searchsorted(opening.opened, min(last), "right"))
            began, opening = opening.among(slice(until)), opening.among(slice(until, None))
        if happening is not None:
            until = int(np.searchsorted(happening.at, min(last), "right"))
            happened, happening = happening.among(slice(until)), happening.among(slice(until, None))
        yield began._replace(objects=objects(), events=happened)
        if opening is not None and not len(opening.opened):
            opening = next(connections, None)
        if happening is not None and not len(happening.at):
            happening = next(events, None)


class _Run:
    """Sorted rows in a file, read from their beginning a block at a time."""

    def __init__(self, spool: IO[bytes], columns: Columns) -> None:
        self._spool = spool
        self._types = [column.dtype for column in columns]
        self._rows, self._read = len(columns[0]), 0
        self._starts = []
        for column in columns:
            self._starts.append(spool.seek(0, 2))
            spool.write(column.data)
        self.block: Columns = []

    @property
    def exhausted(self) -> bool:
        """Whether all rows are in the block or were taken."""
        return self._read == self._rows

    def fill(self, rows: int) -> None:
        """Read more rows where the block is empty."""
        if self.exhausted or (self.block and len(self.block[0])):
            return
        rows = min(rows, self._rows - self._read)
        self.block = []
        for start, kind in zip(self._starts, self._types, strict=True):
            self._spool.seek(start + self._read * kind.itemsize)
            self.block.append(np.frombuffer(self._spool.read(rows * kind.itemsize), kind))
        self._read += rows

    def take(self, until: int) -> Columns:
        """Return the rows of the block that are no later than an instant."""
        cut = int(np.searchsorted(self.block[0], until, "right"))
        taken = [column[:cut] for column in self.block]
        self.block = [column[cut:] for column in self.block]
        return taken


def _merged(runs: list[_Run], rows: int) -> Iterator[Columns]:
    while runs:
        for run in runs:
            run.fill(rows)
        until = min(int(run.block[0][-1]) for run in runs)
        yield _sorted([run.take(until) for run in runs])
        runs = [run for run in runs if not run.exhausted or len(run.block[0])]


def _sorted(parts: list[Columns]) -> Columns:
    """Return several parts as one, in order of time."""
    order = np.argsort(np.concatenate([part[0] for part in parts]))
    return [np.concatenate(pieces)[order] for pieces in zip(*parts, strict=True)]
