"""Pieces of connections, as logs tell them line by line: put together when all are read.

Whoever puts them together sees whole connections, but where they lie on disk few at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wscost.readers.intake import Intake, Places
from wscost.readers.spooling.collected import Collected, Columns, Disk
from wscost.readers.spooling.slices import SLICED_ROWS, Slices
from wscost.trace import UNKNOWN

NAME = "connection_id"
ABSENT = -1
"""In place of a piece's place: there is none."""

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


class Pieces(Collected):
    """The pieces of one log.

    Parameters
    ----------
    intake
        Of the log; its options say whether many may lie on disk.
    columns
        What a piece tells beside its connection.
    """

    def __init__(self, intake: Intake, columns: Columns) -> None:
        super().__init__(intake, {NAME: "text", **columns}, SLICED_ROWS)
        self._slices: Slices | None = None

    def whole(self) -> Iterator[Whole]:
        """Yield the pieces of all connections, those of one together; may be asked again.

        Raises
        ------
        OutputError
            If the temporary folder is full.
        """
        self._end()
        for rows in [self._held()] if self._slices is None else self._slices.tables():
            if len(rows):
                yield Whole(rows.combine_chunks())

    def _open(self) -> Disk:
        self._slices = Slices(self._schema)
        return self._slices


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
