"""Rows of a reader's own, told one by one until all are read: few are held, many lie on disk."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any, Literal, Protocol

import pyarrow as pa

from wscost.readers.intake import BATCH_ROWS, Intake
from wscost.readers.spooling.runs import ROW, in_tables_of
from wscost.trace import UNKNOWN

Columns = Mapping[str, Literal["text", "number"]]
"""Text, or numbers from 0 up; either may be None, which is null in text and ``UNKNOWN`` in numbers."""


class Disk(Protocol):
    """Where rows lie that are many."""

    def add(self, rows: pa.Table) -> None:
        """Write rows."""

    def end(self) -> None:
        """Let no more rows be added, and all be read."""


class Collected(ABC):
    """Rows of some columns, and the places that they come from, numbered as they come.

    Once the intake may not hold more, it sets its own rows aside, too; ``at_once`` are set aside together.
    """

    def __init__(self, intake: Intake, columns: Columns, at_once: int) -> None:
        types = {name: pa.string() if kind == "text" else pa.int64() for name, kind in columns.items()}
        self._schema = pa.schema({**types, "part": pa.int32(), "line": pa.int64(), ROW: pa.int64()})
        self._intake, self._at_once = intake, at_once
        self._batch: list[tuple[Any, ...]] = []
        self._waiting: deque[pa.Table] = deque()
        self._waiting_rows = 0
        self._disk: Disk | None = None
        self._ended = False
        self.rows = 0

    def add(self, *cells: Any) -> None:
        """Add a row: its cells in the order of the columns, then the numbers of its part and line.

        Raises
        ------
        OutputError
            If the temporary folder is full.
        """
        self._batch.append((*cells, self.rows))
        self.rows += 1
        if len(self._batch) >= BATCH_ROWS:
            self._lay_out()

    @abstractmethod
    def _open(self) -> Disk:
        """Begin to lie on disk."""

    def _end(self) -> None:
        """Let no more rows be added."""
        if self._ended:
            return
        self._ended = True
        self._lay_out()
        if self._disk is not None:
            self._set_aside(self._disk)
            self._disk.end()

    def _held(self) -> pa.Table:
        """Return all rows where they are held."""
        return pa.concat_tables([self._schema.empty_table(), *self._waiting]).combine_chunks()

    def _lay_out(self) -> None:
        """Make a table of what is still Python's."""
        if not self._batch:
            return
        columns = zip(*self._batch, strict=True)
        arrays = [_column(cells, field) for cells, field in zip(columns, self._schema, strict=True)]
        self._batch = []
        self._waiting.append(pa.Table.from_arrays(arrays, schema=self._schema))
        self._waiting_rows += len(arrays[0])
        if self._disk is None and not self._intake.may_hold(self.rows):
            self._disk = self._open()
            self._intake.set_aside(self.rows)
        if self._disk is not None and self._waiting_rows >= self._at_once:
            self._set_aside(self._disk)

    def _set_aside(self, disk: Disk) -> None:
        for rows in in_tables_of(self._let_go(), self._at_once):
            disk.add(rows)

    def _let_go(self) -> Iterator[pa.Table]:
        """Yield the tables that wait, and hold none that was given."""
        self._waiting_rows = 0
        while self._waiting:
            yield self._waiting.popleft()


def _column(cells: tuple[Any, ...], field: pa.Field) -> pa.Array:
    array = pa.array(cells, field.type)
    return array if pa.types.is_string(field.type) else array.fill_null(UNKNOWN)
