"""The spool: connections set aside on disk as they are read, and in the end one file of them, in order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wscost.readers.columns import COLUMNS, KIND_OF_TYPE, TIME_OF_TABLE, Table, arrow_type
from wscost.readers.spooling.disk import on_disk, scratch
from wscost.readers.spooling.doubles import Double, Ids
from wscost.readers.spooling.runs import ROW, RUN_BYTES, RUN_ROWS, Runs, in_tables_of
from wscost.readers.spooling.slices import SLICED_ROWS, Slices
from wscost.trace import OPEN

BLOCK_ROWS = 65_536
"""Rows that are read again at once."""
PLACES = {"line": pa.int64(), "part": pa.int32(), ROW: pa.int64()}
"""What rows carry beside their columns: where they come from."""


class Extent(NamedTuple):
    """The first and the last time of what happened. [µs]"""

    first: int
    last: int


NOTHING = Extent(OPEN, -OPEN)


class Spool:
    """Rows of one table, set aside in any order.

    Rows carry, beside the columns of their table (and those of ``beside``), the ``part`` and ``line`` that
    they come from; those that carry no number (``row``) are numbered as they come.
    """

    def __init__(self, table: Table, *, beside: Mapping[str, pa.DataType] = MappingProxyType({})) -> None:
        self.rows = 0
        self._after = 0
        """The number after the last."""
        self._times = ("opened_at", "closed_at") if table == "connections" else ("at",)
        self._extent = NOTHING
        self._time = TIME_OF_TABLE[table]
        self._dropped = np.zeros(0, dtype=np.uint8)
        self.schema = schema_of(table, beside)
        self._schema = pa.schema([field for field in self.schema if field.name not in PLACES])
        self._runs = Runs(self.schema, self._time)
        self._ids = Ids() if table == "connections" else None
        self._waiting: list[pa.Table] = []
        self._waiting_rows = self._waiting_bytes = 0

    def add(self, batch: pa.Table) -> None:
        """Add rows.

        Raises
        ------
        OutputError
            If the temporary folder is full.
        """
        if ROW not in batch.column_names:
            rows = pa.array(np.arange(self.rows, self.rows + len(batch)))
            batch = batch.append_column(ROW, rows)
        self.rows += len(batch)
        self._after = max(self._after, pc.max(batch[ROW]).as_py() or 0) + 1
        self._waiting.append(batch)
        self._waiting_rows += len(batch)
        self._waiting_bytes += batch.nbytes
        if self._waiting_rows >= RUN_ROWS or self._waiting_bytes >= RUN_BYTES:
            self._set_aside()

    def end(self) -> None:
        """Let no more rows be added."""
        self._set_aside()
        self._runs.end()

    def doubles(self) -> Iterator[Double]:
        """Yield the connections whose id stands before."""
        return iter(()) if self._ids is None else self._ids.doubles(self._runs)

    def slices(self) -> Slices:
        """Return the rows that name a connection, in slices of whole connections."""
        slices = Slices(self.schema)
        for rows in in_tables_of(self._runs.as_they_stand(self.schema.names), SLICED_ROWS):
            slices.add(rows)
        slices.end()
        return slices

    def nameless(self) -> Iterator[pa.Table]:
        """Yield what is left of the rows that name no connection."""
        for rows in in_tables_of(self._runs.as_they_stand(self.schema.names), SLICED_ROWS):
            yield self.left(rows.filter(rows["connection_id"].is_null()))

    def drop(self, row: int) -> None:
        """Leave a row out in the end."""
        if not len(self._dropped):
            self._dropped = np.zeros(self._after // 8 + 1, dtype=np.uint8)
        self._dropped[row // 8] |= 1 << row % 8

    def left(self, rows: pa.Table) -> pa.Table:
        """Return those of some rows that were not dropped."""
        if not len(self._dropped):
            return rows
        numbers = rows[ROW].to_numpy()
        return rows.filter(pa.array(self._dropped[numbers // 8] >> (numbers % 8) & 1 == 0))

    def extent(self) -> Extent:
        """Return the first and the last time of what is left."""
        if not len(self._dropped):
            return self._extent
        found = NOTHING
        for rows in self._runs.as_they_stand((*self._times, ROW)):
            found = _around(found, self.left(rows).select(self._times))
        return found

    def kept(self) -> Kept:
        """Return what is left, in order of time.

        Raises
        ------
        OutputError
            If the temporary folder is full.
        """
        kept = Kept(self.extent())
        options = pa.ipc.IpcWriteOptions(compression="lz4")
        with on_disk(), pa.ipc.new_file(kept.file, self._schema, options=options) as writer:
            for rows in in_tables_of(self._left(), BLOCK_ROWS):
                for block in rows.combine_chunks().to_batches():
                    kept.see(block)
                    writer.write_batch(block)
        return kept

    def _set_aside(self) -> None:
        if self._waiting_rows:
            rows = pa.concat_tables(self._waiting)
            self._waiting, self._waiting_rows, self._waiting_bytes = [], 0, 0
            self._extent = _around(self._extent, rows.select(self._times))
            if self._ids is not None:
                self._ids.add(rows["connection_id"])
            self._runs.add(rows)

    def _left(self) -> Iterator[pa.Table]:
        """Yield the rows that were not dropped, in order of time."""
        for rows in self._runs.in_order():
            yield self.left(rows).select(self._schema.names)


class Kept:
    """Rows in order of time, in a file of our own."""

    def __init__(self, extent: Extent) -> None:
        self.file = scratch(self)
        self.rows = 0
        self.extent = extent
        self.names_objects = False

    def see(self, block: pa.RecordBatch) -> None:
        """Count rows that are written."""
        self.rows += len(block)
        self.names_objects |= block.column("object_id").null_count < len(block)

    def blocks(self) -> Iterator[pa.RecordBatch]:
        """Yield all rows."""
        with on_disk():
            reader = pa.ipc.open_file(self.file)
            for block in range(reader.num_record_batches):
                yield reader.get_batch(block)


def schema_of(table: Table, beside: Mapping[str, pa.DataType] = MappingProxyType({})) -> pa.Schema:
    """Return the schema of a table's rows with their places."""
    columns = {name: arrow_type(KIND_OF_TYPE[dtype]) for name, dtype in COLUMNS[table].items()}
    return pa.schema(columns | dict(beside) | PLACES)


def _around(extent: Extent, times: pa.Table) -> Extent:
    """Return an extent that holds some times, too."""
    for column in times.columns:
        ends = pc.min_max(column.cast(pa.int64()))
        if ends["min"].is_valid:
            extent = Extent(min(extent.first, ends["min"].as_py()), max(extent.last, ends["max"].as_py()))
    return extent
