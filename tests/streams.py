"""Big traces in small: Parquet files that stream, however few rows they have, and the same ones held."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from wscost.errors import InputError
from wscost.inputs import ReadOptions, open_input
from wscost.readers import parquet as reader
from wscost.readers import read_input
from wscost.readers.bulk import ordering, stream
from wscost.trace import Trace, TraceStream

CLOCK = pa.timestamp("us", "UTC")
TYPES = {
    "connection_id": pa.string(),
    "object_id": pa.string(),
    "opened_at": CLOCK,
    "closed_at": CLOCK,
    **dict.fromkeys(("messages_in", "messages_out", "bytes_in", "bytes_out"), pa.int64()),
}
EVENT_TYPES = {
    "object_id": pa.string(),
    "connection_id": pa.string(),
    "at": CLOCK,
    "kind": pa.string(),
    "direction": pa.string(),
    "bytes": pa.int64(),
    "auto_response": pa.bool_(),
    "wall_ms": pa.float64(),
}


def tiny(patch: pytest.MonkeyPatch) -> None:
    """Take every Parquet file as too big, cut it into tiny batches, sort in tiny runs."""
    patch.setattr(reader, "STREAMED_FROM_ROWS", 0)
    batches_of(patch, 3)
    patch.setattr(ordering, "RUN_ROWS", 7)
    patch.setattr(ordering, "LEAST_ROWS", 2)


def batches_of(patch: pytest.MonkeyPatch, connections: int) -> None:
    """Read so few connections at once, and four times as many events."""
    patch.setattr(stream, "CONNECTION_ROWS", connections)
    patch.setattr(stream, "EVENT_ROWS", 4 * connections)


def write(path: Path, rows: Iterable[Mapping[str, Any]], group: int = 5, **types: pa.DataType) -> Path:
    """Write connections as Parquet with the columns that any of them has."""
    listed = list(rows)
    names = [name for name in {**TYPES, **types} if any(name in one for one in listed)] or ["opened_at"]
    return _written(path, listed, {name: {**TYPES, **types}[name] for name in names}, group)


def write_events(path: Path, rows: Iterable[Mapping[str, Any]], group: int = 5, **types: pa.DataType) -> Path:
    """Write events as Parquet."""
    return _written(path, list(rows), {**EVENT_TYPES, **types}, group)


def _written(path: Path, rows: list[Mapping[str, Any]], types: Mapping[str, pa.DataType], group: int) -> Path:
    columns = {name: [one.get(name) for one in rows] for name in types}
    parquet.write_table(pa.table(columns, pa.schema(types.items())), path, row_group_size=group)
    return path


def streamed(path: Path, **options: Any) -> TraceStream:
    found = read_input(path, streamed=True, **options)
    assert isinstance(found, TraceStream)
    return found


def held(path: Path, **options: Any) -> Trace:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader, "STREAMED_FROM_ROWS", 10**9)
        found = open_input(path, ReadOptions(**options))
    assert isinstance(found, Trace)
    return found


def held_by(work: Callable[[], object]) -> int:
    """Return the most memory that some work takes at once, Python's and Arrow's. [bytes]"""
    before = pa.default_memory_pool()
    watched = pa.proxy_memory_pool(before)
    pa.set_memory_pool(watched)
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1] + watched.max_memory()
    finally:
        tracemalloc.stop()
        pa.set_memory_pool(before)


def refusal(attempt: Callable[[], object]) -> str | None:
    """Return what an attempt complains of, None if it succeeds."""
    try:
        attempt()
    except InputError as complaint:
        return str(complaint)
    return None


class Passes:
    """A stream that counts how often it is begun, and how often it was asked to sort."""

    def __init__(self, given: TraceStream) -> None:
        self.sorting: list[bool] = []
        self.stream = replace(given, read=self._read, passed={})
        self._given = given

    def _read(self, sort: bool) -> Any:
        self.sorting.append(sort)
        return self._given.read(sort)
