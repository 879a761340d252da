"""Parquet, one file or a folder of them: connections, or events where it has ``kind``."""

from __future__ import annotations

from pathlib import Path

import orjson

from wscost.errors import InputError, WscostError
from wscost.readers.columns import lay_out, table_of
from wscost.readers.heading import PARQUET_KEY, heading_of
from wscost.readers.intake import Intake
from wscost.readers.options import Options
from wscost.readers.source import Part, Source
from wscost.trace import Trace

NAME = "parquet"
MAGIC = b"PAR1"
BATCH_ROWS = 1_048_576


def sniff(head: bytes, path: Path | None) -> bool:
    """Tell whether the content begins with Parquet's magic bytes."""
    return head.startswith(MAGIC)


def read(source: Source, options: Options) -> Trace:
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
            layout, ignored = lay_out(schema.names, table, part.name)
            intake.ignore(name for name in ignored if not name.startswith("__index_level_"))
            _take_heading(part, intake, schema.metadata or {})
            row = 1
            for batch in file.iter_batches(BATCH_ROWS, columns=list(layout)):
                arrays = {raw: batch.column(raw) for raw in layout}
                intake.take(part, table, arrays, range(row, row + len(batch)))
                row += len(batch)
        except (pa.ArrowException, OSError):
            raise InputError(f"{part.name}: this Parquet file is damaged or cut short.") from None


def _take_heading(part: Part, intake: Intake, metadata: dict[bytes, bytes]) -> None:
    if PARQUET_KEY not in metadata:
        return
    try:
        intake.take_heading(heading_of(orjson.loads(metadata[PARQUET_KEY])))
    except (orjson.JSONDecodeError, AttributeError):
        raise InputError(
            f"{part.name}: the heading under {PARQUET_KEY.decode()} is no JSON object."
        ) from None
    except WscostError as error:
        raise InputError(f"{part.name}: {error}") from None
