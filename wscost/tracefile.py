"""Writing traces: CSV, NDJSON or Parquet by the file's name, whole or not at all."""

from __future__ import annotations

import csv
import gzip
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, cast

import orjson

from wscost.errors import OutputError
from wscost.notes import Note
from wscost.readers.heading import PARQUET_KEY, Heading
from wscost.trace import CONNECTION_COLUMNS, EVENT_COLUMNS, TIME, Trace

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

SUFFIXES = (".csv", ".ndjson", ".jsonl", ".parquet")
BATCH_ROWS = 65_536
EVENT_KEYS = ("at", "kind", *(name for name in EVENT_COLUMNS if name not in ("at", "kind")))
"""An event line begins with when and what."""


def write_trace(trace: Trace, path: str | Path) -> tuple[Note, ...]:
    """Write a trace in the form that the path's suffix names, and return what that form leaves out.

    ``.ndjson`` (or ``.jsonl``) holds everything, ``.parquet`` all but events, ``.csv`` connections
    alone; ``.gz`` may follow but for Parquet. The same trace gives the same bytes. The file appears
    when it is complete; on failure nothing is left behind.

    Raises
    ------
    OutputError
        If the suffix names no form, or the file cannot be written.
    """
    path = Path(path)
    packed = path.suffix == ".gz"
    suffix = Path(path.stem).suffix if packed else path.suffix
    if suffix not in SUFFIXES or (packed and suffix == ".parquet"):
        raise OutputError(
            f"{path}: the name must end in what to write: {', '.join(SUFFIXES)}; "
            ".gz may follow all but the last."
        )
    with _whole(path) as file:
        if suffix == ".parquet":
            _write_parquet(trace, file)
        else:
            write = _write_csv if suffix == ".csv" else _write_ndjson
            if packed:
                with gzip.GzipFile(filename="", fileobj=file, mode="wb", mtime=0) as stream:
                    write(trace, cast(BinaryIO, stream))
            else:
                write(trace, file)
    return _left_out(trace, path, suffix)


def _left_out(trace: Trace, path: Path, suffix: str) -> tuple[Note, ...]:
    lost: list[str] = []
    if trace.events is not None and suffix in (".csv", ".parquet"):
        lost.append(f"{len(trace.events):,} events")
    if suffix == ".csv":
        lost += ["the window"] + (["the grades"] if trace.grades else [])
    if not lost:
        return ()
    return (Note("not-written", f"{path}: this form does not hold {', nor '.join(lost)}.", {"lost": lost}),)


def _write_csv(trace: Trace, file: BinaryIO) -> None:
    frame = trace.connections[list(CONNECTION_COLUMNS)]
    clocks = [name for name, dtype in CONNECTION_COLUMNS.items() if dtype == TIME]
    frame = frame.assign(**{name: _clock_texts(frame[name]).to_pylist() for name in clocks})
    returns = any(frame[name].str.contains("\r").any() for name in ("connection_id", "object_id"))
    # Left to itself the writer quotes no carriage return, which would end the row.
    quoting: Literal[0, 2] = csv.QUOTE_NONNUMERIC if returns else csv.QUOTE_MINIMAL
    frame.to_csv(file, index=False, lineterminator="\n", quoting=quoting)


def _write_parquet(trace: Trace, file: BinaryIO) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    table = pa.Table.from_pandas(trace.connections[list(CONNECTION_COLUMNS)], preserve_index=False)
    table = table.replace_schema_metadata({PARQUET_KEY: _heading(trace)})
    parquet.write_table(table, file, compression="zstd")


def _write_ndjson(trace: Trace, file: BinaryIO) -> None:
    file.write(_heading(trace) + b"\n")
    _write_lines(trace.connections, tuple(CONNECTION_COLUMNS), file)
    if trace.events is not None:
        _write_lines(trace.events, EVENT_KEYS, file)


def _write_lines(frame: pd.DataFrame, keys: tuple[str, ...], file: BinaryIO) -> None:
    """Write one JSON object a row, without its nulls."""
    for start in range(0, len(frame), BATCH_ROWS):
        rows = frame.iloc[start : start + BATCH_ROWS]
        columns = (_values(rows[key]) for key in keys)
        for cells in zip(*columns, strict=True):
            row = {key: cell for key, cell in zip(keys, cells, strict=True) if cell is not None}
            file.write(orjson.dumps(row) + b"\n")


def _values(column: pd.Series[Any]) -> list[Any]:
    import pyarrow as pa

    array = _clock_texts(column) if str(column.dtype) == TIME else pa.Array.from_pandas(column)
    return cast(list[Any], array.to_pylist())


def _clock_texts(times: pd.Series[Any]) -> pa.Array:
    """Return times as RFC 3339 text, to the microsecond."""
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.strftime(pa.Array.from_pandas(times), format="%Y-%m-%dT%H:%M:%SZ")


def _heading(trace: Trace) -> bytes:
    return Heading(trace.window, trace.grades).to_json()


@contextmanager
def _whole(path: Path) -> Iterator[BinaryIO]:
    """Give a file that takes the path's place when all is written; a device or pipe is written as it is."""
    straight = path.exists() and not path.is_file()
    written = path if straight else path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with written.open("wb" if straight else "xb") as file:
            yield file
        if not straight:
            written.replace(path)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror or error}.") from None
    finally:
        if not straight:
            written.unlink(missing_ok=True)
