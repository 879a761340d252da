"""Rows on disk by connection: each slice has whole connections, and is small enough to be held.

A row's slice are the first bits of the hash of its ``connection_id``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wscost.loops import Hashes
from wscost.loops.names import hash_names
from wscost.readers.spooling.disk import on_disk, scratch
from wscost.readers.spooling.runs import ROW

SLICES = 128
SLICED_ROWS = 131_072
"""Rows that are best shared out at once: blocks of a slice are not too small then."""
SHIFT = 64 - 7
"""How far to shift a hash for its slice."""


class Slices:
    """Rows of one table, written in tables of many and read slice by slice."""

    def __init__(self, schema: pa.Schema) -> None:
        self._file = scratch(self)
        self._writer = pa.ipc.new_file(self._file, schema, options=pa.ipc.IpcWriteOptions(compression="lz4"))
        self._blocks: list[list[int]] = [[] for _ in range(SLICES)]
        self._written = 0

    def add(self, rows: pa.Table, only: Iterable[int] | None = None) -> None:
        """Write the rows that name a connection, all or of some slices alone."""
        if rows["connection_id"].null_count:
            rows = rows.filter(rows["connection_id"].is_valid())
        rows = rows.combine_chunks()
        if not len(rows):
            return
        number = slice_of(rows["connection_id"].chunk(0))
        order = np.argsort(number, kind="stable")
        edges = np.searchsorted(number[order], np.arange(SLICES + 1))
        rows = rows.take(pa.array(order)).combine_chunks()
        pa.default_memory_pool().release_unused()
        with on_disk():
            for one in range(SLICES) if only is None else only:
                for block in rows.slice(edges[one], edges[one + 1] - edges[one]).to_batches():
                    self._writer.write_batch(block)
                    self._blocks[one].append(self._written)
                    self._written += 1

    def end(self) -> None:
        """Let no more rows be added, and all be read."""
        with on_disk():
            self._writer.close()

    def tables(self) -> Iterator[pa.Table]:
        """Yield each slice, its rows in the order in which they were read."""
        return map(self.table, self.numbers)

    @property
    def numbers(self) -> range:
        """The numbers of the slices."""
        return range(len(self._blocks))

    def table(self, number: int, wanted: Callable[[pa.RecordBatch], pa.Array] | None = None) -> pa.Table:
        """Return one slice, or what is wanted of it, in the order in which its rows were read."""
        with on_disk():
            reader = pa.ipc.open_file(self._file)
            rows = (reader.get_batch(block) for block in self._blocks[number])
            kept = [batch if wanted is None else batch.filter(wanted(batch)) for batch in rows]
            return pa.Table.from_batches(kept, reader.schema).sort_by(ROW)


def slice_of(names: pa.Array) -> npt.NDArray[np.int64]:
    """Return the slice of each name."""
    return (hashed(names) >> np.uint64(SHIFT)).astype(np.int64)


def hashed(names: pa.Array) -> Hashes:
    """Return 64 bits of each name; the same name has the same in any array."""
    hashes = np.empty(len(names), dtype=np.uint64)
    _, begins, text = names.buffers()
    hash_names(
        memoryview(text or b"").cast("B"),
        np.frombuffer(begins, np.int32)[names.offset : names.offset + len(names) + 1],
        hashes,
    )
    return hashes
