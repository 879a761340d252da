"""Connections whose id stands twice among rows that lie on disk.

Hashes of all ids are sorted on disk: as long as no two are the same, as in most logs, nobody looks at the
ids again. Where some are, the ids of their slices are compared themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wscost.readers.spooling.disk import on_disk, scratch
from wscost.readers.spooling.runs import ROW, RUN_ROWS, Runs, in_tables_of
from wscost.readers.spooling.slices import SHIFT, SLICES, Slices, hashed

EDGES = np.arange(SLICES + 1, dtype=np.uint64)[1:-1] << np.uint64(SHIFT)
COLUMNS = ("connection_id", "part", "line", ROW)


class Double(NamedTuple):
    """A row whose connection id stands before, too; parts by number."""

    row: int
    part: int
    line: int
    name: str
    first_part: int
    first_line: int


class Ids:
    """The ids of connections as hashes on disk, eight bytes each."""

    def __init__(self) -> None:
        self._file = scratch(self)
        self._runs: list[npt.NDArray[np.int64]] = []
        self._rows = 0

    def add(self, names: pa.ChunkedArray) -> None:
        """Remember so many ids."""
        hashes = np.sort(np.concatenate([hashed(chunk) for chunk in names.chunks]))
        edges = [0, *np.searchsorted(hashes, EDGES), len(hashes)]
        self._runs.append(self._rows + np.array(edges, dtype=np.int64))
        self._rows += len(hashes)
        with on_disk():
            self._file.write(hashes.data)

    @property
    def may_repeat(self) -> bool:
        """Whether two hashes are the same, and so perhaps two ids."""
        with on_disk():
            return any(self._has_doubles(number) for number in range(SLICES))

    def doubles(self, rows: Runs) -> Iterator[Double]:
        """Yield the rows whose connection id stands before, slice by slice; ``rows`` are those of the ids."""
        with on_disk():
            several = [number for number in range(SLICES) if self._has_doubles(number)]
        if not several:
            return
        slices = Slices(rows.schema_of(COLUMNS))
        for table in in_tables_of(rows.as_they_stand(COLUMNS), RUN_ROWS):
            slices.add(table, several)
        slices.end()
        for table in slices.tables():
            yield from _again(table)

    def _has_doubles(self, number: int) -> bool:
        pieces = [EDGES[:0]]
        for edges in self._runs:
            begin, end = (int(edge) * EDGES.itemsize for edge in edges[number : number + 2])
            self._file.seek(begin)
            pieces.append(np.frombuffer(self._file.read(end - begin), np.uint64))
        hashes = np.sort(np.concatenate(pieces))
        return bool((hashes[1:] == hashes[:-1]).any())


def _again(rows: pa.Table) -> Iterator[Double]:
    first: dict[str, tuple[int, int]] = {}
    for name, part, line, row in zip(*(rows[name].to_pylist() for name in COLUMNS), strict=True):
        if name in first:
            yield Double(row, part, line, name, *first[name])
        else:
            first[name] = part, line
