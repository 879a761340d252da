"""Partitions: some row groups of an input, described so that whoever sees the files can read them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from wscost.errors import InputError
from wscost.readers.bulk.groups import File, Group, groups_of
from wscost.readers.bulk.stream import Input, Pass
from wscost.readers.options import Options
from wscost.readers.source import Part, Place
from wscost.usage import Window

PARTITION_ROWS = 2_097_152
"""Row groups are put together until they have as many rows, or are one."""
MOST_PARTITIONS = 1_024
"""Beyond, partitions get bigger: who hands them out would be busier than who reads them."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Row groups of one file."""

    name: str
    place: Place
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ParquetPartition:
    """Row groups of one file or several, all of connections or all of events, and how to read them."""

    source: str
    events: bool
    pieces: tuple[Piece, ...]
    rows: int
    size: int
    assume_utc: bool
    skip_bad_rows: bool

    def read(self, window: Window) -> Pass:
        """Begin to read what overlaps a window.

        Raises
        ------
        InputError
            If this process does not see the files, or sees others.
        """
        files, groups = [], []
        for piece in self.pieces:
            part = Part(piece.name, piece.place)
            try:
                file = File.of(part, piece.place)
            except FileNotFoundError:
                raise InputError(
                    f"{piece.name}: where a worker runs, there is no such file. All workers must see the "
                    "files under the same name: in a shared folder or an object store."
                ) from None
            files.append(file)
            groups += [group for group in groups_of(file) if group.number in piece.numbers]
        if sum(group.rows for group in groups) != self.rows:
            raise InputError(f"{self.source}: a worker found other rows under this name; nothing is counted.")
        options = Options(assume_utc=self.assume_utc, skip_bad_rows=self.skip_bad_rows)
        return Pass(Input(self.source, files, options, {}, (), ()), groups, window, sort=False)


def partitions_of(given: Input, groups: Sequence[Group]) -> list[ParquetPartition]:
    """Cut row groups, in their order, into partitions of about ``PARTITION_ROWS``."""
    rows = max(PARTITION_ROWS, sum(group.rows for group in groups) // MOST_PARTITIONS)
    return [
        ParquetPartition(
            given.source,
            together[0].file.table == "events",
            tuple(_pieces(together)),
            sum(group.rows for group in together),
            sum(group.size for group in together),
            given.options.assume_utc,
            given.options.skip_bad_rows,
        )
        for together in _cut(groups, rows)
    ]


def _cut(groups: Sequence[Group], rows: int) -> Iterator[list[Group]]:
    together: list[Group] = []
    for group in groups:
        full = sum(each.rows for each in together) + group.rows > rows
        if together and (full or group.file.table != together[0].file.table):
            yield together
            together = []
        together.append(group)
    if together:
        yield together


def _pieces(groups: Sequence[Group]) -> Iterator[Piece]:
    for file, same in groupby(groups, key=lambda group: group.file):
        place = file.part.path
        assert place is not None, "only plain files are streamed"
        yield Piece(file.part.name, place, tuple(group.number for group in same))
