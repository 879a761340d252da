"""Rows on disk in runs, each in order of time; read side by side they are all in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wscost.readers.spooling.disk import on_disk, scratch

RUN_ROWS = 262_144
RUN_BYTES = 32 * 1024 * 1024
"""What is sorted in memory at once, whichever is less."""
BLOCK_ROWS = 4_096
BLOCK_BYTES = 512 * 1024
"""What is read of a run at once, whichever is less: in the worst order every run has one block in memory."""
ROW = "row"
"""The column that numbers rows as they were read: of rows at one instant the first stays the first."""


class Place(NamedTuple):
    """Where a row stands in the order of all."""

    at: int
    row: int


LAST = Place(2**63 - 1, 2**63 - 1)


class _Run(NamedTuple):
    """Blocks of the file, from one to before another, and where the first row stands."""

    begin: int
    end: int
    first: Place


class Runs:
    """Runs of one table, one after the other in a file of our own.

    Parameters
    ----------
    schema
        Of the rows; it holds ``ROW``.
    time
        The column whose order counts: times in microseconds, or integers.
    """

    def __init__(self, schema: pa.Schema, time: str) -> None:
        self._time = time
        self._schema = schema
        self._runs: list[_Run] = []
        self._blocks = 0
        self._file = scratch(self)
        self._writer = pa.ipc.new_file(self._file, schema, options=pa.ipc.IpcWriteOptions(compression="lz4"))

    def add(self, rows: pa.Table) -> None:
        """Write rows, numbered as they were read, as one run."""
        at, row = _integers(rows[self._time]), _integers(rows[ROW])
        if np.any((at[1:] < at[:-1]) | (row[1:] < row[:-1])):
            rows = rows.take(pa.array(np.lexsort((row, at))))
        size = max(1, min(BLOCK_ROWS, len(rows) * BLOCK_BYTES // max(rows.nbytes, 1)))
        blocks = rows.combine_chunks().to_batches(size)
        first = Place(*(int(_integers(rows[name][:1])[0]) for name in (self._time, ROW)))
        self._runs.append(_Run(self._blocks, self._blocks + len(blocks), first))
        self._blocks += len(blocks)
        with on_disk():
            for block in blocks:
                self._writer.write_batch(block)
        pa.default_memory_pool().release_unused()

    def end(self) -> None:
        """Let no more rows be added, and all be read."""
        with on_disk():
            self._writer.close()

    def schema_of(self, columns: Sequence[str]) -> pa.Schema:
        """Return the schema of some columns."""
        return pa.schema([self._schema.field(name) for name in columns])

    def as_they_stand(self, columns: Sequence[str]) -> Iterator[pa.Table]:
        """Yield some columns of all rows, run after run, each in order of time."""
        fields = [self._schema.get_field_index(name) for name in columns]
        with on_disk():
            reader = pa.ipc.open_file(self._file, options=pa.ipc.IpcReadOptions(included_fields=fields))
            for block in range(self._blocks):
                yield pa.Table.from_batches([reader.get_batch(block)]).select(list(columns))

    def in_order(self) -> Iterator[pa.Table]:
        """Yield all rows in order of time, those of one instant as they were read.

        Each round takes from every run that has begun what stands no later than the earliest of the last
        rows at hand; a run begins when the others have come to its first row.
        """
        with on_disk():
            reader = pa.ipc.open_file(self._file)
            waiting = deque(sorted(self._runs, key=lambda run: run.first))
            begun: list[_Begun] = []
            while waiting or begun:
                until = min((run.sure_until for run in begun), default=LAST)
                if waiting and (not begun or waiting[0].first <= until):
                    begun.append(_Begun(reader, waiting.popleft(), self._time))
                    continue
                taken = [rows for run in begun if len(rows := run.take(until))]
                begun = [run for run in begun if run.fill()]
                yield taken[0] if len(taken) == 1 else self._sorted(taken)

    def _sorted(self, several: list[pa.Table]) -> pa.Table:
        rows = pa.concat_tables(several)
        order = np.lexsort((_integers(rows[ROW]), _integers(rows[self._time])))
        return rows.take(pa.array(order))


class _Begun:
    """A run under way: the rows at hand, and how far it has come."""

    def __init__(self, reader: pa.RecordBatchFileReader, run: _Run, time: str) -> None:
        self._reader, self._time = reader, time
        self._next, self._end = run.begin, run.end
        self._hold(self._block())

    @property
    def sure_until(self) -> Place:
        """The last row before which this run has nothing that is not at hand."""
        if self._next == self._end:
            return LAST
        return Place(int(self._at[-1]), int(self._row[-1]))

    def take(self, until: Place) -> pa.Table:
        """Return the rows at hand that stand no later than a place."""
        begin = int(self._at.searchsorted(until.at, "left"))
        end = int(self._at.searchsorted(until.at, "right"))
        cut = begin + int(self._row[begin:end].searchsorted(until.row, "right"))
        taken = self._rows.slice(0, cut)
        self._hold(self._rows.slice(cut))
        return taken

    def fill(self) -> bool:
        """Read the next block where no row is at hand; tell whether one is."""
        if not len(self._rows) and self._next < self._end:
            self._hold(self._block())
        return len(self._rows) > 0

    def _block(self) -> pa.Table:
        self._next += 1
        return pa.Table.from_batches([self._reader.get_batch(self._next - 1)])

    def _hold(self, rows: pa.Table) -> None:
        self._rows = rows
        self._at, self._row = _integers(rows[self._time]), _integers(rows[ROW])


def _integers(column: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    found: npt.NDArray[np.int64] = column.cast(pa.int64()).to_numpy()
    return found


def in_tables_of(tables: Iterator[pa.Table], size: int) -> Iterator[pa.Table]:
    """Yield the same rows in tables of so many, the last one less."""
    waiting: list[pa.Table] = []
    rows = 0
    for table in tables:
        waiting.append(table)
        rows += len(table)
        while rows >= size:
            whole = pa.concat_tables(waiting)
            yield whole.slice(0, size)
            waiting = [whole.slice(size)]
            rows -= size
    if rows:
        yield pa.concat_tables(waiting)
