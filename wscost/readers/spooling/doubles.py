"""Connections whose id stands twice among rows that lie on disk.

Hashes of all ids are sorted on disk: as long as no two are the same, as in most logs, nobody looks at the
ids again. Where some are, the ids of their slices (each a 128th of all hashes) are compared themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wscost.compiling import compiled
from wscost.readers.spooling.disk import on_disk, scratch
from wscost.readers.spooling.runs import ROW, Runs

SLICES = 128
SHIFT = 64 - 7
"""How far to shift a hash for its slice."""
EDGES = np.arange(SLICES + 1, dtype=np.uint64)[1:-1] << np.uint64(SHIFT)
BASIS, PRIME, OTHER_PRIME, MASK = 0x811C9DC5, 0x01000193, 0x5BD1E995, 0xFFFFFFFF

Hashes = npt.NDArray[np.uint64]


class Double(NamedTuple):
    """A row whose connection id stands before, too; parts by number."""

    row: int
    part: int
    line: int
    name: str
    first_part: int
    first_line: int


class Ids:
    """The ids of connections as hashes on disk, eight bytes each; ``fast`` compiles what makes them."""

    def __init__(self, *, fast: bool) -> None:
        self.fast = fast
        self._file = scratch(self)
        self._runs: list[npt.NDArray[np.int64]] = []
        self._rows = 0

    def add(self, names: pa.ChunkedArray) -> None:
        """Remember so many ids."""
        hashes = np.sort(np.concatenate([hashed(chunk, fast=self.fast) for chunk in names.chunks]))
        edges = [0, *np.searchsorted(hashes, EDGES), len(hashes)]
        self._runs.append(self._rows + np.array(edges, dtype=np.int64))
        self._rows += len(hashes)
        with on_disk():
            self._file.write(hashes.data)

    def slices_with_doubles(self) -> list[int]:
        """Return the slices of hashes in which one stands twice."""
        with on_disk():
            return [number for number in range(SLICES) if self._has_doubles(number)]

    def _has_doubles(self, number: int) -> bool:
        pieces = []
        for edges in self._runs:
            begin, end = (int(edge) * EDGES.itemsize for edge in edges[number : number + 2])
            self._file.seek(begin)
            pieces.append(np.frombuffer(self._file.read(end - begin), np.uint64))
        hashes = np.sort(np.concatenate(pieces))
        return bool((hashes[1:] == hashes[:-1]).any())

    def doubles(self, rows: Runs) -> Iterator[Double]:
        """Yield the rows whose connection id stands before, slice by slice; ``rows`` are those of the ids."""
        if slices := self.slices_with_doubles():
            yield from _doubles(rows, slices, fast=self.fast)


def _doubles(rows: Runs, slices: list[int], *, fast: bool) -> Iterator[Double]:
    wanted = np.zeros(SLICES, dtype=bool)
    wanted[slices] = True
    of_slice: dict[int, _Slice] = {}
    for block in rows.as_they_stand((ROW, "part", "line", "connection_id")):
        number_of = (hashed(block.column("connection_id"), fast=fast) >> np.uint64(SHIFT)).astype(np.int64)
        for number in np.unique(number_of[wanted[number_of]]).tolist():
            if number not in of_slice:
                of_slice[number] = _Slice(block.schema)
            of_slice[number].add(block.filter(pa.array(number_of == number)))
    for one in of_slice.values():
        yield from _again(one.rows())


class _Slice:
    """Rows of one slice, on disk."""

    def __init__(self, schema: pa.Schema) -> None:
        self._file = scratch(self)
        self._writer = pa.ipc.new_stream(self._file, schema)

    def add(self, rows: pa.RecordBatch) -> None:
        with on_disk():
            self._writer.write_batch(rows)

    def rows(self) -> pa.Table:
        """Return all of them, in the order in which they were read."""
        with on_disk():
            self._writer.close()
            self._file.seek(0)
            return pa.ipc.open_stream(self._file).read_all().sort_by(ROW)


@cache
def _kernel(*, fast: bool) -> Callable[..., None]:
    return compiled(hash_names) if fast else hash_names


def hashed(names: pa.Array, *, fast: bool) -> Hashes:
    """Return 64 bits of each name; the same name has the same in any array."""
    hashes = np.empty(len(names), dtype=np.uint64)
    _, begins, text = names.buffers()
    _kernel(fast=fast)(
        np.frombuffer(text or b"", np.uint8),
        np.frombuffer(begins, np.int32)[names.offset : names.offset + len(names) + 1],
        hashes,
    )
    return hashes


def hash_names(text: npt.NDArray[np.uint8], begins: npt.NDArray[np.int32], hashes: Hashes) -> None:
    """Write two hashes of 32 bits beside each other, for each name."""
    for i in range(len(hashes)):
        one = other = BASIS
        for j in range(begins[i], begins[i + 1]):
            byte = int(text[j])
            one = ((one ^ byte) * PRIME) & MASK
            other = ((other ^ byte ^ (other >> 15)) * OTHER_PRIME) & MASK
        one ^= one >> 16
        hashes[i] = np.uint64(one) << np.uint64(32) | np.uint64(other)


def _again(rows: pa.Table) -> Iterator[Double]:
    first: dict[str, tuple[int, int]] = {}
    for row, part, line, name in zip(*(column.to_pylist() for column in rows.columns), strict=True):
        if name in first:
            yield Double(row, part, line, name, *first[name])
        else:
            first[name] = part, line
