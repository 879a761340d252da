"""Row groups: what a Parquet file's own statistics tell before a row is read."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
from pyarrow import parquet

from wscost.readers.building import TICK
from wscost.readers.columns import PER_SECOND, TIME_OF_TABLE, Column, Table, lay_out, table_of
from wscost.readers.source import Part, Place
from wscost.units import EARLIEST, LATEST, MICROSECONDS_PER_SECOND, moment_at
from wscost.usage import Window

READ_BYTES = 1_048_576
"""What is read of a column at once where a row group is large."""
LARGE_BYTES = 64 * READ_BYTES
"""Of a row group no larger, each column is read at once."""
WORDS = ("kind", "direction")
"""Columns of few words, which are read as their places in a dictionary."""
REPEATING = 0.75
"""Names that take at most so much of what they would take each by itself are read so, too."""
_LENGTH_BYTES = 4
NAMES = ("object_id", "connection_id")
_UNITS = {"milliseconds": "ms", "microseconds": "us", "nanoseconds": "ns"}


class Extent(NamedTuple):
    """The first and the last time in a column. [µs]"""

    first: int
    last: int

    @property
    def window(self) -> Window:
        """From the first time to just after the last."""
        first, last = map(moment_at, self)
        return Window(first, last + TICK)


@dataclass(frozen=True, slots=True)
class File:
    """A part that is a Parquet file: what its end tells, and the columns of it that a trace has.

    It is open only while rows are read: a folder may have more files than a process may open.
    """

    part: Part
    place: Place
    metadata: parquet.FileMetaData
    schema: pa.Schema
    layout: Mapping[str, Column]
    words: tuple[str, ...]
    """The columns that are read as places in a dictionary."""

    @classmethod
    def of(cls, part: Part, place: Place) -> File:
        """Return the file that lies somewhere.

        Raises
        ------
        InputError
            If it is damaged, cannot be read, or has not the columns of a trace.
        FileNotFoundError
            If there is none.
        """
        try:
            with _opened(place) as rows:
                metadata, schema = rows.metadata, rows.schema_arrow
        except FileNotFoundError:
            raise
        except (pa.ArrowException, OSError) as error:
            raise part.damaged("Parquet file", error) from None
        words = [name for name in WORDS if name in schema.names]
        words += [name for name in NAMES if _repeats(metadata, name)]
        layout, _ = lay_out(schema.names, table_of(schema.names), part.name)
        return cls(part, place, metadata, schema, layout, tuple(words))

    @property
    def table(self) -> Table:
        """Whether its rows are connections or events."""
        return table_of(column.name for column in self.layout.values())

    def open(self, columns: Sequence[str]) -> parquet.ParquetFile:
        """Open it for some columns; of one in a store, what is needed comes in few and large pieces."""
        return _opened(self.place, self.metadata, [name for name in columns if name in self.words])


def _opened(
    place: Place, metadata: parquet.FileMetaData | None = None, words: Sequence[str] = ()
) -> parquet.ParquetFile:
    options: dict[str, Any] = {"metadata": metadata, "read_dictionary": words}
    if not isinstance(place, Path):
        return parquet.ParquetFile(place.open(cache_type="none"), pre_buffer=True, **options)
    piece = READ_BYTES if metadata is None or has_large_groups(metadata) else 0
    return parquet.ParquetFile(place, pre_buffer=False, buffer_size=piece, **options)


def has_large_groups(metadata: parquet.FileMetaData) -> bool:
    """Tell whether some row group is too large for its columns to be read at once."""
    groups = map(metadata.row_group, range(metadata.num_row_groups))
    return any(group.total_byte_size > LARGE_BYTES for group in groups)


@dataclass(frozen=True, slots=True)
class Group:
    """A row group: the number of its first row, and what is known of it; an extent of None is not known.

    Its rows begin when connections opened or events happened, and end when connections closed.
    """

    file: File
    number: int
    first_row: int
    rows: int
    size: int
    begun: Extent | None
    ended: Extent | None
    endless: bool
    """Whether no row has an end."""
    names_objects: bool
    lacking: frozenset[str]
    """Of the names that events have, those that some row may lack."""


def groups_of(file: File) -> list[Group]:
    """Return a file's row groups in the order of their rows."""
    metadata, found, row = file.metadata, [], 1
    begin = TIME_OF_TABLE[file.table]
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        by_name = {}
        for index in range(group.num_columns):
            chunk = group.column(index)
            by_name[chunk.path_in_schema] = (chunk, metadata.schema.column(index))
        chosen = {column.name: by_name[raw] for raw, column in file.layout.items() if raw in by_name}
        columns = {column.name: column for column in file.layout.values()}
        found.append(
            Group(
                file,
                number,
                row,
                group.num_rows,
                sum(chunk.total_compressed_size for chunk, _ in chosen.values()),
                _extent(*chosen[begin], columns[begin]),
                _extent(*chosen["closed_at"], columns["closed_at"]) if "closed_at" in chosen else None,
                "closed_at" not in chosen or _nulls(chosen["closed_at"][0]) == group.num_rows,
                "object_id" in chosen and not _nameless(chosen["object_id"][0], group.num_rows),
                frozenset(name for name in NAMES if name not in chosen or _lacks(chosen[name][0])),
            )
        )
        row += group.num_rows
    return found


def in_turn(groups: Sequence[Group]) -> list[Group] | None:
    """Return groups so that each begins when the one before has ended; None if their times overlap."""
    if any(group.begun is None for group in groups):
        return None
    ordered = sorted(groups, key=lambda group: group.begun or Extent(0, 0))
    ends = [(group.begun or Extent(0, 0)).last for group in ordered]
    begins = [(group.begun or Extent(0, 0)).first for group in ordered]
    if any(end > begin for end, begin in zip(ends, begins[1:], strict=False)):
        return None
    return ordered


def _repeats(metadata: parquet.FileMetaData, name: str) -> bool:
    """Tell whether a column's first names stand in a dictionary, most of them."""
    if not metadata.num_row_groups:
        return False
    group = metadata.row_group(0)
    for chunk in (group.column(index) for index in range(group.num_columns)):
        if chunk.path_in_schema == name and chunk.is_stats_set and chunk.physical_type == "BYTE_ARRAY":
            longest = chunk.statistics.max if chunk.statistics.has_min_max else ""
            each = _LENGTH_BYTES + len(longest)
            return bool(chunk.total_uncompressed_size <= REPEATING * chunk.num_values * each)
    return False


def _nulls(chunk: parquet.ColumnChunkMetaData) -> int | None:
    statistics = chunk.statistics
    return statistics.null_count if statistics is not None and statistics.has_null_count else None


def _lacks(chunk: parquet.ColumnChunkMetaData) -> bool:
    """Whether some name may be null or empty."""
    statistics = chunk.statistics
    return _nulls(chunk) != 0 or not statistics.has_min_max or statistics.min in ("", b"")


def _nameless(chunk: parquet.ColumnChunkMetaData, rows: int) -> bool:
    """Whether every name is null or empty."""
    statistics = chunk.statistics
    last = statistics.max if statistics is not None and statistics.has_min_max else None
    return _nulls(chunk) == rows or last in ("", b"")


def _extent(
    chunk: parquet.ColumnChunkMetaData, schema: parquet.ColumnSchema, column: Column
) -> Extent | None:
    """Return a column's extent where its statistics are integers of a known unit."""
    statistics = chunk.statistics
    if statistics is None or not statistics.has_min_max or chunk.physical_type != "INT64":
        return None
    kind = json.loads(schema.logical_type.to_json())
    unit = column.unit if kind["Type"] == "None" else _UNITS.get(kind.get("timeUnit", ""))
    if unit is None:
        return None
    first, last = (
        raw * MICROSECONDS_PER_SECOND // PER_SECOND[unit] for raw in (statistics.min_raw, statistics.max_raw)
    )
    low, high = (int(at.timestamp()) * MICROSECONDS_PER_SECOND for at in (EARLIEST, LATEST))
    return Extent(first, last) if low <= first and last < high else None
