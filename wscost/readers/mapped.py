"""Any CSV with a header, or NDJSON, by a mapping from the trace's columns to the file's own.

``map`` lists ``column=name`` by commas. Columns are those of connections (``connection_id``, ``object_id``,
``opened_at``, ``closed_at``, ``messages_in`` …) with ``duration`` beside them, which stands in for either
time; or, where ``at`` is among them, those of events (``at``, ``kind``, ``direction``, ``bytes`` …). A name
may carry a unit: ``opened_at=start:unix_ms`` (``unix_s``, ``unix_us``, ``unix_ns``), ``duration=took:ms``;
a time without unit is RFC 3339. In NDJSON ``a.b`` is the field ``b`` within ``a``. A word in quotes is
itself the value: ``kind='message'``.

    wscost convert sockets.csv --map opened_at=start:unix_ms,duration=ms:ms,object_id=room -o trace.parquet

The format is recognised by the option, not by the content.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from wscost.errors import ConfigError, InputError, UnknownNameError
from wscost.readers.cells import from_fields, from_values
from wscost.readers.columns import COLUMNS, KIND_OF_TYPE, PER_SECOND, Column, Faults, Table, canonical
from wscost.readers.csv import batches_of, header_of
from wscost.readers.fields import ROOM_FROM, room_rule
from wscost.readers.intake import BATCH_ROWS, Intake
from wscost.readers.options import Options
from wscost.readers.refusals import SHOWN_CHARACTERS, shown
from wscost.readers.source import BOM, Part, Source
from wscost.trace import Trace, TraceStream
from wscost.units import MICROSECONDS_PER_SECOND

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

NAME = "mapped"
CHOSEN_BY = "map"
OPTIONS = {
    "map": "Which column of the file is which of a trace: opened_at=start:unix_ms,closed_at=end:unix_ms, …",
    "room_from": ROOM_FROM,
}
DURATION = "duration"
LONGEST_S = 200 * 366 * 86_400
_LITERAL = re.compile(r"'([^']*)'|\"([^\"]*)\"")
_UNIT = re.compile(r"(.*):(?:unix_)?(s|ms|us|ns|rfc3339)")


@dataclass(frozen=True, slots=True)
class Layout:
    """A mapping, understood: columns by their name in a trace, and fixed values."""

    table: Table
    columns: Mapping[str, Column]
    literals: Mapping[str, str]

    @property
    def raws(self) -> tuple[str, ...]:
        """The names that the file must have."""
        return tuple(dict.fromkeys(column.raw for column in self.columns.values()))


def sniff(head: bytes, path: Path | None) -> bool:
    """Claim nothing: what any file may be is said by the option ``map``."""
    return False


def read(source: Source, options: Options) -> Trace | TraceStream:
    """Return the trace of all rows of all parts.

    Raises
    ------
    ConfigError
        If the mapping cannot be understood.
    UnknownNameError
        If it names a column that a trace or the file does not have.
    InputError
        If the mapping is missing, a part is neither CSV nor NDJSON, or rows are bad.
    """
    layout = parse_map(options.own.get("map", ""), source.name)
    intake = Intake(source, options)
    for part in source.parts:
        batches = _json_batches if part.head.removeprefix(BOM).lstrip()[:1] == b"{" else _csv_batches
        for batch in batches(intake, part, layout):
            _take(intake, part, layout, batch)
    return intake.trace()


def parse_map(text: str, source: str) -> Layout:
    """Return what a mapping says.

    Raises
    ------
    InputError
        If it is empty.
    ConfigError
        If an item has another form, or no time is mapped.
    UnknownNameError
        If a trace has no such column.
    """
    pairs = list(_items(text, source))
    items = dict(pairs)
    for target, times in Counter(target for target, _ in pairs).items():
        if times > 1:
            raise ConfigError(f"--map: {target} is mapped twice. Leave one out.")
    table: Table = "events" if "at" in items else "connections"
    known = [*COLUMNS[table], *([DURATION] if table == "connections" else [])]
    columns: dict[str, Column] = {}
    literals: dict[str, str] = {}
    for target, spec in items.items():
        if target not in known:
            raise UnknownNameError(f"column of {table}", target, known)
        if literal := _LITERAL.fullmatch(spec):
            literals[target] = literal[1] or literal[2] or ""
        else:
            columns[target] = _column(target, spec, table)
    if table == "connections" and not {"opened_at", DURATION} & items.keys():
        raise ConfigError("--map: opened_at is missing; or map closed_at and duration.")
    if table == "connections" and "opened_at" not in items and "closed_at" not in items:
        raise ConfigError("--map: duration needs opened_at or closed_at beside it.")
    if table == "connections" and {"opened_at", "closed_at", DURATION} <= items.keys():
        raise ConfigError("--map: opened_at, closed_at and duration tell the same twice. Leave one out.")
    if table == "events" and "kind" not in items:
        raise ConfigError("--map: events need a kind, as a column or in quotes: kind='message'.")
    return Layout(table, columns, literals)


def _items(text: str, source: str) -> Iterator[tuple[str, str]]:
    if not text.strip():
        raise InputError(f"{source}: say which column is which: --map opened_at=start,closed_at=end.")
    for item in text.split(","):
        target, equals, spec = (piece.strip() for piece in item.partition("="))
        if not (target and equals and spec):
            raise ConfigError(f"--map: {shown(item)} is not column=name, as in opened_at=start:unix_ms.")
        yield target, spec


def _column(target: str, spec: str, table: Table) -> Column:
    with_unit = _UNIT.fullmatch(spec)
    raw, unit = (with_unit[1], with_unit[2]) if with_unit else (spec, None)
    if target == DURATION:
        if unit not in PER_SECOND:
            raise ConfigError(f"--map: {DURATION}={raw} needs a unit: {DURATION}={raw}:s (or ms, us, ns).")
        return Column(raw, DURATION, "number", unit)
    kind = KIND_OF_TYPE[COLUMNS[table][target]]
    if unit is not None and kind != "time":
        raise ConfigError(f"--map: {target} is no time and takes no unit.")
    return Column(raw, target, kind, None if unit == "rfc3339" else unit)


class _Batch(NamedTuple):
    """Arrays by the trace's column, what is wrong with which row, and the rows' lines."""

    arrays: dict[str, pa.Array]
    faults: Faults
    lines: Sequence[int] | npt.NDArray[np.int64]


def _csv_batches(intake: Intake, part: Part, layout: Layout) -> Iterator[_Batch]:
    separator, names = header_of(part.head)
    for name in layout.raws:
        if name not in names:
            brief = [name for name in names if 0 < len(name) <= SHOWN_CHARACTERS][:20]
            raise InputError(f"{part.name}:1: {UnknownNameError('column', name, brief)}")
        if names.count(name) > 1:
            raise InputError(f"{part.name}:1: the column {shown(name)} stands twice.")
    unique = [name if name in layout.raws else f"column {place}" for place, name in enumerate(names)]
    for batch, lines in batches_of(intake, part, separator, unique):
        arrays: dict[str, pa.Array] = {}
        faults: Faults = {}
        for target, column in layout.columns.items():
            plain = Column(column.raw, target, "number") if target == DURATION else column
            arrays[target], found = from_fields(batch.column(column.raw), plain)
            faults = found | faults
        yield _Batch(arrays, faults, lines)


def _json_batches(intake: Intake, part: Part, layout: Layout) -> Iterator[_Batch]:
    rows: list[dict[str, Any]] = []
    lines: list[int] = []
    for number, line in part.lines():
        try:
            row = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            intake.refuse(part, number, f"this is not JSON ({error.msg}, character {error.colno}).")
            continue
        if not isinstance(row, dict):
            intake.refuse(part, number, "this is JSON, but no object in braces.")
            continue
        rows.append(row)
        lines.append(number)
        if len(rows) == BATCH_ROWS:
            yield _arrays(rows, lines, layout)
            rows, lines = [], []
    if rows:
        yield _arrays(rows, lines, layout)


def _arrays(rows: Sequence[dict[str, Any]], lines: Sequence[int], layout: Layout) -> _Batch:
    arrays: dict[str, pa.Array] = {}
    faults: Faults = {}
    for target, column in layout.columns.items():
        arrays[target], found = from_values([_within(row, column.raw) for row in rows], column)
        faults = found | faults
    return _Batch(arrays, faults, lines)


def _within(row: Any, path: str) -> Any:
    """Return a field by its name, or by its path of names with dots between."""
    if path in row:
        return row[path]
    for name in path.split("."):
        row = row.get(name) if isinstance(row, dict) else None
    return row


def _take(intake: Intake, part: Part, layout: Layout, batch: _Batch) -> None:
    """Hand a batch over, its times canonical, a duration turned into the time that is missing."""
    import pyarrow as pa

    done: dict[str, pa.Array] = {}
    faults = batch.faults
    for target, array in batch.arrays.items():
        column = layout.columns[target]
        try:
            if target == DURATION:
                column = Column(column.raw, target, "number")
            done[target], found = canonical(array, column, assume_utc=intake.options.assume_utc)
        except InputError as error:
            raise InputError(f"{part.name}: {error}") from None
        faults = found | faults
    for target, value in layout.literals.items():
        done[target] = pa.array([value] * len(batch.lines))
    if DURATION in done:
        known = "opened_at" if "opened_at" in done else "closed_at"
        missing = "closed_at" if known == "opened_at" else "opened_at"
        unit = layout.columns[DURATION]
        done[missing], found = _shifted(
            done[known], done.pop(DURATION), unit, 1 if missing == "closed_at" else -1
        )
        faults = found | faults
    if "object_id" in done and "room_from" in intake.options.own:
        rule = room_rule(intake.options)
        done["object_id"] = pa.array([rule(url) for url in done["object_id"].to_pylist()], pa.string())
    intake.take(part, layout.table, done, batch.lines, faults)


def _shifted(times: pa.Array, lengths: pa.Array, column: Column, sign: int) -> tuple[pa.Array, Faults]:
    """Return times so much later, or earlier; null where either is unknown."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    factor = MICROSECONDS_PER_SECOND / PER_SECOND[column.unit or "s"]
    given = lengths.is_valid().to_numpy(zero_copy_only=False)
    microseconds = lengths.fill_null(0.0).to_numpy(zero_copy_only=False) * factor
    too_long = ~(microseconds < LONGEST_S * MICROSECONDS_PER_SECOND)
    faults = {
        int(row): f"{column.raw} is longer than two centuries." for row in (given & too_long).nonzero()[0]
    }
    steps = np.rint(np.where(too_long, 0, microseconds)).astype(np.int64) * sign
    shifted = pc.add(times.cast(pa.int64()), pa.array(steps, mask=~given))
    return shifted.cast(times.type), faults
