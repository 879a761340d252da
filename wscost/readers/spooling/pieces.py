"""Pieces of connections, as logs tell them line by line: kept until all are read, put together after.

Few are held. Many lie on disk, so that whoever puts them together sees whole connections, but few at once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wscost.compiling import COMPILED_FROM_ROWS
from wscost.readers.intake import BATCH_ROWS, Intake, Places
from wscost.readers.spooling.runs import ROW, in_tables_of
from wscost.readers.spooling.slices import SLICED_ROWS, Slices
from wscost.trace import UNKNOWN

NAME = "connection_id"
ABSENT = -1
"""In place of a piece's place: there is none."""

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


class Pieces:
    """The pieces of one log.

    Parameters
    ----------
    intake
        Of the log; its options say whether many may lie on disk.
    columns
        What a piece tells beside its connection: text, or a number from 0 up; None where it does not.
    """

    def __init__(self, intake: Intake, columns: Mapping[str, Literal["text", "number"]]) -> None:
        types = {name: pa.string() if kind == "text" else pa.int64() for name, kind in columns.items()}
        places = {"part": pa.int32(), "line": pa.int64(), ROW: pa.int64()}
        self._schema = pa.schema({NAME: pa.string(), **types, **places})
        self._intake = intake
        self._batch: list[tuple[Any, ...]] = []
        self._waiting: list[pa.Table] = []
        self._waiting_rows = 0
        self._slices: Slices | None = None
        self._ended = False
        self.rows = 0

    def add(self, connection: str, *cells: Any) -> None:
        """Add a piece: its cells in the order of the columns, then the numbers of its part and line.

        Raises
        ------
        OutputError
            If the temporary folder is full.
        """
        self._batch.append((connection, *cells, self.rows))
        self.rows += 1
        if len(self._batch) >= BATCH_ROWS:
            self._lay_out()

    def whole(self) -> Iterator[Whole]:
        """Yield the pieces of all connections, those of one together; may be asked again.

        Raises
        ------
        OutputError
            If the temporary folder is full.
        """
        if not self._ended:
            self._ended = True
            self._lay_out()
            if self._slices is not None:
                self._set_aside(self._slices)
                self._slices.end()
        if self._slices is None:
            yield Whole(pa.concat_tables([self._schema.empty_table(), *self._waiting]).combine_chunks())
            return
        for rows in self._slices.tables():
            if len(rows):
                yield Whole(rows.combine_chunks())

    def _lay_out(self) -> None:
        """Make a table of what is still Python's."""
        if not self._batch:
            return
        columns = zip(*self._batch, strict=True)
        arrays = [_column(cells, field) for cells, field in zip(columns, self._schema, strict=True)]
        self._batch = []
        self._waiting.append(pa.Table.from_arrays(arrays, schema=self._schema))
        self._waiting_rows += len(arrays[0])
        if self._slices is None and not self._intake.may_hold(self.rows):
            self._slices = Slices(self._schema, fast=self.rows >= COMPILED_FROM_ROWS)
            self._intake.set_aside(self.rows)
        if self._slices is not None and self._waiting_rows >= SLICED_ROWS:
            self._set_aside(self._slices)

    def _set_aside(self, slices: Slices) -> None:
        for rows in in_tables_of(self._let_go(), SLICED_ROWS):
            slices.add(rows)

    def _let_go(self) -> Iterator[pa.Table]:
        """Yield the tables that wait, and hold none that was given."""
        waiting, self._waiting, self._waiting_rows = deque(self._waiting), [], 0
        while waiting:
            yield waiting.popleft()


@dataclass(frozen=True)
class Whole:
    """The pieces of whole connections, in the order in which they were read.

    Connections are numbered as they appear; numbers that a piece does not tell are ``UNKNOWN``.
    """

    rows: pa.Table

    @cached_property
    def names(self) -> pa.Array:
        """The names of the connections."""
        return self._named.dictionary

    @cached_property
    def of(self) -> Ints:
        """The connection of each piece."""
        found: Ints = self._named.indices.to_numpy().astype(np.int64)
        return found

    @property
    def place(self) -> Ints:
        """The place of each piece."""
        return np.arange(len(self.rows))

    def numbers(self, name: str) -> Ints:
        """Return a column of numbers."""
        found: Ints = self.rows[name].to_numpy().astype(np.int64, copy=False)
        return found

    def text(self, name: str, places: Ints) -> pa.Array:
        """Return what pieces at some places tell; null where one is ``ABSENT``."""
        return self.rows[name].combine_chunks().take(pa.array(places, mask=places == ABSENT))

    def at(self, name: str, places: Ints) -> Ints:
        """Return the numbers that pieces at some places tell; ``UNKNOWN`` where one is ``ABSENT``."""
        return np.append(self.numbers(name), UNKNOWN)[places]

    def first(self, chosen: Flags | None = None) -> Ints:
        """Return the place of each connection's first piece among the chosen, ``ABSENT`` where none is."""
        return self._found(chosen, slice(None, None, -1))

    def last(self, chosen: Flags | None = None) -> Ints:
        """Return the place of each connection's last piece among the chosen, ``ABSENT`` where none is."""
        return self._found(chosen, slice(None))

    def count(self, chosen: Flags) -> Ints:
        """Return how many pieces of each connection are chosen."""
        return np.bincount(self.of[chosen], minlength=len(self.names))

    def total(self, values: Ints, chosen: Flags) -> Ints:
        """Return the sum over each connection's chosen pieces."""
        found = np.zeros(len(self.names), dtype=np.int64)
        np.add.at(found, self.of[chosen], values[chosen])
        return found

    def least(self, values: Ints, chosen: Flags) -> Ints:
        """Return the least of each connection's chosen pieces."""
        found = np.full(len(self.names), np.iinfo(np.int64).max)
        np.minimum.at(found, self.of[chosen], values[chosen])
        return found

    def most(self, values: Ints, chosen: Flags) -> Ints:
        """Return the most of each connection's chosen pieces."""
        found = np.full(len(self.names), np.iinfo(np.int64).min)
        np.maximum.at(found, self.of[chosen], values[chosen])
        return found

    def places(self, rows: Ints) -> Places:
        """Return where pieces at some places stand in the log."""
        return Places(*(self.numbers(name)[rows] for name in Places._fields))

    @cached_property
    def _named(self) -> pa.DictionaryArray:
        return self.rows[NAME].combine_chunks().dictionary_encode()

    def _found(self, chosen: Flags | None, way: slice) -> Ints:
        """Let each connection keep the last of its pieces, gone through one way or the other."""
        places = self.place if chosen is None else np.flatnonzero(chosen)
        found = np.full(len(self.names), ABSENT)
        found[self.of[places][way]] = places[way]
        return found


def _column(cells: tuple[Any, ...], field: pa.Field) -> pa.Array:
    array = pa.array(cells, field.type)
    return array if pa.types.is_string(field.type) else array.fill_null(UNKNOWN)
