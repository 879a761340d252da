"""CSV with a header, separated by comma, semicolon or tab: connections, or events where it has ``kind``."""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from wscost.errors import InputError
from wscost.readers.cells import from_fields
from wscost.readers.columns import Faults, known_columns, lay_out, table_of
from wscost.readers.intake import Intake
from wscost.readers.options import Options
from wscost.readers.refusals import shown
from wscost.readers.source import BOM, HEAD_BYTES, LINE_LIMIT, Part, Source
from wscost.trace import Trace, TraceStream

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa
    from pyarrow.csv import InvalidRow

NAME = "csv"
SEPARATORS = ",;\t"
_LINE_END = re.compile(rb"[\r\n]")


def sniff(head: bytes, path: Path | None) -> bool:
    """Tell whether the first line is a header with columns of connections or events."""
    names = set(header_of(head)[1])
    connections, events = known_columns("connections").keys(), known_columns("events").keys()
    return bool(names & (connections - events)) or ("kind" in names and len(names & events) > 1)


def read(source: Source, options: Options) -> Trace | TraceStream:
    """Return the trace of all rows of all parts.

    Raises
    ------
    InputError
        If a part is no CSV, or its header cannot be that of a trace.
    """
    intake = Intake(source, options)
    for part in source.parts:
        separator, names = header_of(part.head)
        for name in names:
            if names.count(name) > 1:
                raise InputError(f"{part.name}:1: the column {shown(name)} stands twice.")
        table = table_of(names)
        layout, ignored = lay_out(names, table, f"{part.name}:1")
        intake.ignore(name for name in ignored if name)
        for batch, lines in batches_of(intake, part, separator, names):
            arrays: dict[str, pa.Array] = {}
            faults: Faults = {}
            for raw, column in layout.items():
                arrays[raw], found = from_fields(batch.column(raw), column)
                faults = found | faults
            intake.take(part, table, arrays, lines, faults)
    return intake.trace()


def header_of(head: bytes) -> tuple[str, list[str]]:
    """Return the separator that splits the first line into most fields, and these."""
    line = _LINE_END.split(head.removeprefix(BOM), maxsplit=1)[0].decode("utf-8", "replace")
    split = ((separator, next(csv.reader([line], delimiter=separator), [])) for separator in SEPARATORS)
    separator, names = max(split, key=lambda found: len(found[1]))
    return separator, [name.strip() for name in names]


def batches_of(
    intake: Intake, part: Part, separator: str, names: Sequence[str]
) -> Iterator[tuple[pa.RecordBatch, npt.NDArray[np.int64]]]:
    """Yield rows as columns of text, with their line numbers; rows of the wrong length are refused."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    ragged: deque[tuple[int, int]] = deque()
    record, newlines = 2, 0
    try:
        for batch in _open(part, separator, names, ragged):
            numbers = np.arange(record, record + len(batch) + len(ragged), dtype=np.int64)
            numbers = np.setdiff1d(numbers, [number for number, _ in ragged])[: len(batch)]
            broken = np.zeros(len(batch), dtype=np.int64)
            filled = pa.nulls(len(batch), pa.bool_()).fill_null(False)
            for field in batch.columns:
                broken += pc.count_substring(field, "\n").to_numpy()
                filled = pc.or_(filled, pc.not_equal(field, ""))
            inner = newlines + np.cumsum(broken) - broken
            record = int(numbers.max(initial=record - 1)) + 1
            newlines += int(broken.sum())
            while ragged and ragged[0][0] < record:
                number, fields = ragged.popleft()
                line = number + inner[np.searchsorted(numbers, number)]
                intake.refuse(part, int(line), _ragged(fields, names))
            yield batch.filter(filled), (numbers + inner)[filled.to_numpy(zero_copy_only=False)]
    except pa.ArrowInvalid as error:
        raise _explained(part, str(error)) from None
    for number, fields in ragged:
        intake.refuse(part, number + newlines, _ragged(fields, names))


def _ragged(fields: int, names: Sequence[str]) -> str:
    return f"this row has {fields} field{'s' * (fields != 1)}, the header {len(names)}."


def _open(
    part: Part, separator: str, names: Sequence[str], ragged: deque[tuple[int, int]]
) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    def note_ragged(row: InvalidRow) -> str:
        ragged.append((row.number, row.actual_columns))
        return "skip"

    if len(part.head) < HEAD_BYTES and not _LINE_END.search(part.head.strip()):
        return
    with part.lent() as lend:
        yield from arrow_csv.open_csv(
            lend(),
            read_options=arrow_csv.ReadOptions(
                block_size=LINE_LIMIT, column_names=list(names), skip_rows=1, use_threads=False
            ),
            parse_options=arrow_csv.ParseOptions(
                delimiter=separator,
                newlines_in_values=True,
                ignore_empty_lines=False,
                invalid_row_handler=note_ragged,
            ),
            convert_options=arrow_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string())),
        )


def _explained(part: Part, said: str) -> InputError:
    row = re.search(r"Row #(\d+)", said)
    place = f"{part.name}:{row[1]}" if row else part.name
    if "straddl" in said or "block size" in said:
        return InputError(
            f"{place}: a row is longer than {LINE_LIMIT >> 20} MiB. Is a quotation mark left open?"
        )
    return InputError(f"{place}: this cannot be read as CSV.")
