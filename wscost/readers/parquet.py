"""Parquet, one file or a folder of them: connections, or events where it has ``kind``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from wscost.errors import InputError, WscostError
from wscost.readers.columns import lay_out, table_of
from wscost.readers.findings import findings_of
from wscost.readers.heading import PARQUET_KEY, ROWS_KEY, Heading, heading_of, merged
from wscost.readers.intake import Intake, ignored
from wscost.readers.options import Options
from wscost.readers.source import Part, Source
from wscost.trace import Trace, TraceStream

if TYPE_CHECKING:
    from wscost.notes import Note
    from wscost.readers.bulk.groups import File

NAME = "parquet"
MAGIC = b"PAR1"
BATCH_ROWS = 262_144
STREAMED_FROM_ROWS = 1_000_000
"""From here on, holding all rows takes more memory and time than a pass that keeps none of them."""


def sniff(head: bytes, path: Path | None) -> bool:
    """Tell whether the content begins with Parquet's magic bytes."""
    return head.startswith(MAGIC)


def read(source: Source, options: Options) -> Trace | TraceStream:
    """Return the trace of all rows of all parts; only the columns that a trace has are read.

    Raises
    ------
    InputError
        If a part is no Parquet, or its columns cannot be those of a trace.
    """
    intake = Intake(source, options)
    for part in source.parts:
        _read_part(part, intake)
    return intake.trace()


def _read_part(part: Part, intake: Intake) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    with part.seekable() as stream:
        try:
            file = parquet.ParquetFile(stream)
            schema = file.schema_arrow
            table = table_of(schema.names)
            layout, strange = lay_out(schema.names, table, part.name)
            intake.ignore(_meant(strange))
            intake.take_heading(_heading(part, schema.metadata or {}))
            row = 1
            for batch in file.iter_batches(BATCH_ROWS, columns=list(layout)):
                arrays = {raw: batch.column(raw) for raw in layout}
                intake.take(part, table, arrays, range(row, row + len(batch)))
                row += len(batch)
        except (pa.ArrowException, OSError) as error:
            raise part.damaged("Parquet file", error) from None


def stream(source: Source, options: Options, notes: tuple[Note, ...]) -> TraceStream | None:
    """Return a trace as a stream of its files; None if it is small, or lies in no plain files.

    None, too, where rows have to be put together, which is done on disk: events that have no connections
    beside them, or do not all name their object.

    A small one is a stream too if another engine than this process is to meter it.

    Raises
    ------
    InputError
        As ``read`` does, for what is seen without reading rows.
    """
    from wscost.readers.bulk.opening import check_types, nameless, stream_of
    from wscost.readers.bulk.stream import Input

    files = _files(source)
    rows = sum(file.metadata.num_rows for file in files)
    least = 0 if options.engine else STREAMED_FROM_ROWS
    if not files or rows < least:
        return None
    events = [file for file in files if file.table == "events"]
    if events and nameless(events) and options.engine:
        raise InputError(
            f"{source.name}: some event names no object, so that all rows have to be seen together, which "
            "other engines than local do not. Write object_id into each, or leave --engine out."
        )
    if events and (len(events) == len(files) or nameless(events)):
        return None
    for file in files:
        check_types(file, options)
    heading = merged(_heading(file.part, file.schema.metadata or {}) for file in files)
    if not rows and heading.window is None:
        raise InputError(f"{source.name}: there are no rows in it.")
    strange = {name: None for file in files for name in _meant(file.schema.names) if name not in file.layout}
    given = Input(source.name, files, options, heading.grades, ignored(strange), notes)

    @cache
    def checked() -> Trace | TraceStream:
        options.remark(f"{source.name}: a connection_id may stand twice; reading again with every check.")
        found = read(source, options)
        if isinstance(found, Trace):  # which says itself what a stream says at the end of a pass
            found = replace(found, notes=(*found.notes, *notes))
            return replace(found, notes=(*found.notes, findings_of(found).note()))
        return found

    surely_once = options.engine is not None or _all_checked(files)
    return stream_of(given, options.window or heading.window, None if surely_once else checked)


def _files(source: Source) -> list[File]:
    """Return all parts as files; none unless all of them are plain."""
    from wscost.readers.bulk.groups import File

    files = []
    for part in source.parts:
        if (place := part.file) is None:
            return []
        files.append(File.of(part, place))
    return files


def _all_checked(files: Sequence[File]) -> bool:
    """Tell whether no id can repeat: there are none, or wscost has written them, all into one file."""
    named = [
        file
        for file in files
        if file.table == "connections" and "connection_id" in {column.name for column in file.layout.values()}
    ]
    return not named or (len(named) == 1 and _as_written(named[0]))


def _as_written(file: File) -> bool:
    """Tell whether a file is as wscost wrote it: one that was put together or cut has lost what tells."""
    told = (file.metadata.metadata or {}).get(ROWS_KEY)
    return bool(told == str(file.metadata.num_rows).encode())


def _meant(names: Iterable[str]) -> list[str]:
    """Leave out the columns that hold a frame's index, which nobody wrote on purpose."""
    return [name for name in names if not name.startswith("__index_level_")]


def _heading(part: Part, metadata: dict[bytes, bytes]) -> Heading:
    if PARQUET_KEY not in metadata:
        return Heading()
    try:
        return heading_of(orjson.loads(metadata[PARQUET_KEY]))
    except (orjson.JSONDecodeError, AttributeError):
        raise InputError(
            f"{part.name}: the heading under {PARQUET_KEY.decode()} is no JSON object."
        ) from None
    except WscostError as error:
        raise InputError(f"{part.name}: {error}") from None
