"""The spool: connections set aside on disk as they are read, and in the end one file of them, in order."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wscost.compiling import COMPILED_FROM_ROWS
from wscost.readers.columns import COLUMNS, KIND_OF_TYPE, TIME_OF_TABLE, Table, arrow_type
from wscost.readers.spooling.disk import on_disk, scratch
from wscost.readers.spooling.doubles import Double, Ids
from wscost.readers.spooling.runs import ROW, Runs
from wscost.trace import OPEN

RUN_ROWS = 524_288
RUN_BYTES = 128 * 1024 * 1024
"""What is sorted in memory at once, whichever is less."""
BLOCK_ROWS = 65_536
"""Rows that are read again at once."""


class Spool:
    """Rows of one table, set aside in any order.

    Rows carry, beside the columns of their table, the ``part`` and ``line`` that they come from.
    """

    def __init__(self, table: Table, rows_coming: int) -> None:
        self.rows = 0
        self._dropped = np.zeros(0, dtype=np.uint8)
        columns = {name: arrow_type(KIND_OF_TYPE[dtype]) for name, dtype in COLUMNS[table].items()}
        self._schema = pa.schema(columns)
        places = {"line": pa.int64(), "part": pa.int32(), ROW: pa.int64()}
        self._columns = [*columns, *places]
        self._runs = Runs(pa.schema(columns | places), TIME_OF_TABLE[table])
        self._ids = Ids(fast=rows_coming >= COMPILED_FROM_ROWS)
        self._waiting: list[pa.Table] = []
        self._waiting_rows = self._waiting_bytes = 0

    def add(self, batch: pa.Table) -> None:
        """Add rows.

        Raises
        ------
        OutputError
            If the temporary folder is full.
        """
        rows = pa.array(np.arange(self.rows, self.rows + len(batch)))
        self.rows += len(batch)
        self._waiting.append(batch.append_column(ROW, rows))
        self._waiting_rows += len(batch)
        self._waiting_bytes += batch.nbytes
        if self._waiting_rows >= RUN_ROWS or self._waiting_bytes >= RUN_BYTES:
            self._set_aside()

    def end(self) -> None:
        """Let no more rows be added."""
        self._set_aside()
        self._runs.end()

    def doubles(self) -> Iterator[Double]:
        """Yield the rows whose connection id stands before."""
        return self._ids.doubles(self._runs)

    def drop(self, row: int) -> None:
        """Leave a row out in the end."""
        if not len(self._dropped):
            self._dropped = np.zeros(self.rows // 8 + 1, dtype=np.uint8)
        self._dropped[row // 8] |= 1 << row % 8

    def kept(self) -> Kept:
        """Return what is left, in order of time.

        Raises
        ------
        OutputError
            If the temporary folder is full.
        """
        kept = Kept()
        options = pa.ipc.IpcWriteOptions(compression="lz4")
        with on_disk(), pa.ipc.new_file(kept.file, self._schema, options=options) as writer:
            for rows in in_tables_of(self._left(), BLOCK_ROWS):
                for block in rows.combine_chunks().to_batches():
                    kept.see(block)
                    writer.write_batch(block)
        return kept

    def as_read(self) -> pa.Table:
        """Return all rows at once, in the order in which they were read."""
        return pa.Table.from_batches(self._runs.as_they_stand(self._columns)).sort_by(ROW).drop(ROW)

    def _set_aside(self) -> None:
        if self._waiting_rows:
            rows = pa.concat_tables(self._waiting)
            self._waiting, self._waiting_rows, self._waiting_bytes = [], 0, 0
            self._ids.add(rows["connection_id"])
            self._runs.add(rows)

    def _left(self) -> Iterator[pa.Table]:
        """Yield the rows that were not dropped, in order of time."""
        for rows in self._runs.in_order():
            columns = rows.select(self._schema.names)
            if len(self._dropped):
                numbers = rows[ROW].to_numpy()
                columns = columns.filter(pa.array(self._dropped[numbers // 8] >> (numbers % 8) & 1 == 0))
            yield columns


class Kept:
    """Connections in order of opening, in a file of our own."""

    def __init__(self) -> None:
        self.file = scratch(self)
        self.rows = 0
        self.first, self.last = OPEN, -OPEN
        """The first and the last time of an opening or close. [µs]"""
        self.names_objects = False

    def see(self, block: pa.RecordBatch) -> None:
        """Count rows that are written."""
        opened, closed = (
            pc.min_max(block.column(name).cast(pa.int64())) for name in ("opened_at", "closed_at")
        )
        self.rows += len(block)
        self.first = min(self.first, opened["min"].as_py())
        self.last = max(self.last, opened["max"].as_py(), closed["max"].as_py() or -OPEN)
        self.names_objects |= block.column("object_id").null_count < len(block)

    def blocks(self) -> Iterator[pa.RecordBatch]:
        """Yield all rows."""
        with on_disk():
            reader = pa.ipc.open_file(self.file)
            for block in range(reader.num_record_batches):
                yield reader.get_batch(block)


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
