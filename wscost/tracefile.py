"""Writing traces: CSV, NDJSON or Parquet by the file's name, or a folder; whole or not at all."""

from __future__ import annotations

import csv
import gzip
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, TypeAlias, cast

import orjson

from wscost.errors import InputError, OutputError
from wscost.notes import Note
from wscost.places import is_file, is_folder, is_there
from wscost.readers.heading import PARQUET_KEY, ROWS_KEY, Heading
from wscost.trace import CONNECTION_COLUMNS, EVENT_COLUMNS, TIME, Trace, TraceStream
from wscost.usage import Window

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

SUFFIXES = (".csv", ".ndjson", ".jsonl", ".parquet")
BATCH_ROWS = 65_536
CONNECTIONS, EVENTS = "connections.parquet", "events.parquet"
"""The files of a folder."""
PART_ROWS = 262_144
"""Rows that are laid out together: row groups of Parquet, and what a stream gives at once."""
Append: TypeAlias = Callable[[Trace], None]
"""Adds a part of a trace to an open file."""
EVENT_KEYS = ("at", "kind", *(name for name in EVENT_COLUMNS if name not in ("at", "kind")))
"""An event line begins with when and what."""


def write_trace(trace: Trace, path: str | Path) -> tuple[Note, ...]:
    """Write a trace in the form that the path's suffix names, and return what that form leaves out.

    ``.ndjson`` (or ``.jsonl``) holds everything, and so does a folder (a name that ends in ``/``, or one
    that is there) of two Parquet files; ``.parquet`` holds all but events, ``.csv`` connections alone.
    ``.gz`` may follow but for Parquet. The same trace gives the same bytes. Files appear when they are
    complete; on failure nothing is left behind.

    Raises
    ------
    OutputError
        If the suffix names no form, the file cannot be written, or the folder holds something else.
    """
    return write_days([trace], path, trace.window)


def write_stream(stream: TraceStream, path: str | Path) -> tuple[Note, ...]:
    """Write a trace that is too big to be held: a part at a time, the same bytes as if it were held.

    Parameters and errors are those of ``write_trace``.

    Raises
    ------
    InputError
        If the stream cannot be read to its end.
    ValueError
        If the stream keeps no rows; one that was read with ``rows_wanted`` does.
    """
    if stream.parts is None:
        raise ValueError(f"{stream.source}: this stream keeps no rows")
    return write_days(stream.parts(), path, stream.window, source=stream.source)


def write_days(
    days: Iterable[Trace],
    path: str | Path,
    window: Window,
    progress: Callable[[Trace], None] | None = None,
    *,
    source: str = "The trace",
) -> tuple[Note, ...]:
    """Write a trace that comes in parts, such as ``simulate`` makes, holding one part at a time.

    Parameters
    ----------
    days : iterable of Trace
        The parts in the order of time, each connection in one of them; all with the same grades.
    path : str or Path
        As for ``write_trace``.
    window : Window
        What all parts together observed.
    progress : callable, optional
        Called with each part when it is written.
    source : str
        What the parts are of, where they cannot be read.

    Raises
    ------
    InputError
        If a part cannot be read.
    OutputError
        As ``write_trace``. What goes wrong while a part is made leaves no file either.
    """
    folder = str(path).endswith("/") or is_folder(Path(path), OutputError)
    path = Path(path)
    packed = path.suffix == ".gz"
    suffix = "/" if folder else Path(path.stem).suffix if packed else path.suffix
    if not folder and (suffix not in SUFFIXES or (packed and suffix == ".parquet")):
        raise OutputError(
            f"{path}: the name must end in what to write: {', '.join(SUFFIXES)}; "
            ".gz may follow all but the last. Or it ends in / to be a folder of Parquet, events and all."
        )
    write = {".csv": _csv_writer, ".parquet": _parquet_writer}.get(suffix, _ndjson_writer)
    events, graded = 0, False
    with ExitStack() as open_files:
        if folder:
            append = open_files.enter_context(_folder_writer(path, window))
        else:
            file = open_files.enter_context(_whole(path))
            if packed:
                zipped = gzip.GzipFile(filename="", fileobj=file, mode="wb", mtime=0)
                file = cast(BinaryIO, open_files.enter_context(zipped))
            append = open_files.enter_context(write(file, window))
        for day in _made(days, source):
            append(day)
            events += 0 if day.events is None else len(day.events)
            graded = graded or bool(day.grades)
            if progress is not None:
                progress(day)
    return _left_out(path, suffix, events, graded)


def _made(days: Iterable[Trace], source: str) -> Iterator[Trace]:
    """Yield parts; what keeps one from being read is no fault of the file that is written."""
    try:
        yield from days
    except OSError as error:
        raise InputError(f"{source}: cannot be read: {error.strerror or error}.") from None


def _left_out(path: Path, suffix: str, events: int, graded: bool) -> tuple[Note, ...]:
    lost: list[str] = []
    if events and suffix in (".csv", ".parquet"):
        lost.append(f"{events:,} events")
    if suffix == ".csv":
        lost += ["the window"] + (["the grades"] if graded else [])
    if not lost:
        return ()
    return (Note("not-written", f"{path}: this form does not hold {', nor '.join(lost)}.", {"lost": lost}),)


def _pieces(
    rows: pd.DataFrame, columns: Iterable[str] = CONNECTION_COLUMNS, *, begun: bool
) -> Iterator[pd.DataFrame]:
    """Yield rows that are laid out together; a file begins with a piece, even of no rows."""
    for start in range(0, max(len(rows), not begun), PART_ROWS):
        yield rows.iloc[start : start + PART_ROWS][list(columns)]


@contextmanager
def _csv_writer(file: BinaryIO, window: Window) -> Iterator[Append]:
    clocks = [name for name, dtype in CONNECTION_COLUMNS.items() if dtype == TIME]
    header = True

    def append(trace: Trace) -> None:
        nonlocal header
        for piece in _pieces(trace.connections, begun=not header):
            frame = piece.assign(**{name: _clock_texts(piece[name]).to_pylist() for name in clocks})
            returns = any(frame[name].str.contains("\r").any() for name in ("connection_id", "object_id"))
            # Left to itself the writer quotes no carriage return, which would end the row.
            quoting: Literal[0, 2] = csv.QUOTE_NONNUMERIC if returns else csv.QUOTE_MINIMAL
            frame.to_csv(file, index=False, header=header, lineterminator="\n", quoting=quoting)
            header = False

    yield append


@contextmanager
def _folder_writer(folder: Path, window: Window) -> Iterator[Append]:
    """Write a file of connections and, where there are any, one of events."""
    with _folder(folder), ExitStack() as files:
        if strangers := sorted({path.name for path in folder.iterdir()} - {CONNECTIONS, EVENTS}):
            raise OutputError(f"{folder}: {strangers[0]} in it is of something else. Name a new folder.")
        connections = files.enter_context(_parquet_file(folder / CONNECTIONS, window))
        events: Append | None = None

        def append(trace: Trace) -> None:
            nonlocal events
            connections(trace)
            if trace.events is not None:
                if events is None:
                    events = files.enter_context(_parquet_file(folder / EVENTS, window, events=True))
                events(trace)

        yield append
        if events is None:
            (folder / EVENTS).unlink(missing_ok=True)


@contextmanager
def _folder(folder: Path) -> Iterator[None]:
    """Make a folder where there is none; on failure it is gone again."""
    new = not is_there(folder, OutputError)
    try:
        folder.mkdir(exist_ok=True)
        yield
    except BaseException as error:
        if new:
            with suppress(OSError):
                folder.rmdir()
        if isinstance(error, OSError):
            raise OutputError(f"{folder}: cannot be written: {error.strerror or error}.") from None
        raise


@contextmanager
def _parquet_file(path: Path, window: Window, *, events: bool = False) -> Iterator[Append]:
    with _whole(path) as file, _parquet_writer(file, window, events=events) as append:
        yield append


@contextmanager
def _parquet_writer(file: BinaryIO, window: Window, *, events: bool = False) -> Iterator[Append]:
    import pyarrow as pa
    from pyarrow import parquet

    with ExitStack() as opened:
        writer: parquet.ParquetWriter | None = None
        written = 0

        def append(trace: Trace) -> None:
            nonlocal writer, written
            heading = {PARQUET_KEY: Heading(window, trace.grades).to_json()}
            rows, columns = (
                (trace.events, EVENT_COLUMNS) if events else (trace.connections, CONNECTION_COLUMNS)
            )
            assert rows is not None
            for piece in _pieces(rows, columns, begun=writer is not None):
                # In one chunk: how rows came to be here must not show in the bytes.
                table = pa.Table.from_pandas(piece, preserve_index=False).combine_chunks()
                table = table.replace_schema_metadata(heading)
                if writer is None:
                    writer = opened.enter_context(
                        parquet.ParquetWriter(file, table.schema, compression="zstd")
                    )
                writer.write_table(table)
                written += len(table)

        yield append
        if writer is not None:
            writer.add_key_value_metadata({ROWS_KEY: str(written).encode()})


@contextmanager
def _ndjson_writer(file: BinaryIO, window: Window) -> Iterator[Append]:
    begun = False

    def append(trace: Trace) -> None:
        nonlocal begun
        if not begun:
            file.write(Heading(window, trace.grades).to_json() + b"\n")
            begun = True
        _write_lines(trace.connections, tuple(CONNECTION_COLUMNS), file)
        if trace.events is not None:
            _write_lines(trace.events, EVENT_KEYS, file)

    yield append


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


@contextmanager
def _whole(path: Path) -> Iterator[BinaryIO]:
    """Give a file that takes the path's place when all is written; a device or pipe is written as it is."""
    straight = is_there(path, OutputError) and not is_file(path, OutputError)
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
            with suppress(OSError):  # the name may be one that no file can have
                written.unlink(missing_ok=True)
