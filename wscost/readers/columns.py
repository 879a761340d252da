"""Columns of a trace: what they may be called, and their values in the canonical types.

Times come as RFC 3339 text (``opened_at``), as timestamps, or as Unix numbers whose column names the
unit (``opened_at_s``, ``_ms``, ``_us``, ``_ns``); a unit is never guessed from the size of a number.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Literal

from wscost.errors import InputError
from wscost.readers.arrays import flags, numbers, scalar
from wscost.readers.refusals import shown
from wscost.trace import CONNECTION_COLUMNS, EVENT_COLUMNS, LARGEST, LONGEST_MS, TIME
from wscost.units import EARLIEST, LATEST, MICROSECONDS_PER_SECOND, OUTSIDE, microseconds_of

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

Table = Literal["connections", "events"]
Kind = Literal["time", "text", "count", "flag", "number"]
Faults = dict[int, str]
"""What is wrong with which row of a batch."""

COLUMNS: dict[Table, dict[str, str]] = {"connections": CONNECTION_COLUMNS, "events": EVENT_COLUMNS}
TIME_OF_TABLE: dict[Table, str] = {"connections": "opened_at", "events": "at"}
KIND_OF_TYPE: dict[str, Kind] = {
    TIME: "time",
    "string": "text",
    "Int64": "count",
    "boolean": "flag",
    "Float64": "number",
}
EXPECTED: dict[Kind, str] = {
    "time": "an RFC 3339 time such as 2026-11-01T09:30:00Z",
    "text": "text",
    "count": "a whole number",
    "flag": "true or false",
    "number": "a number",
}
PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
CURE_OF_NAIVE = "Write it with Z or an offset, or pass --assume-utc if it is UTC."
CLOSE = 0.8
"""How alike two names are (of 1) for one to be a misspelling of the other."""


@dataclass(frozen=True, slots=True)
class Column:
    """A raw column: the canonical column that it fills, and the unit where it holds Unix times."""

    raw: str
    name: str
    kind: Kind
    unit: str | None = None

    @property
    def expected(self) -> str:
        """What its cells must be, in words."""
        return f"a Unix time in {self.unit}" if self.unit else EXPECTED[self.kind]

    def unfit(self, cell: object) -> str:
        """Return the sentence for a cell that is not what the column holds."""
        if self.kind == "time" and not self.unit and _like_a_number(cell):
            return f"{self.raw} {shown(cell)} is a number without a unit. {_name_it(self.name)}"
        if not isinstance(cell, (str, int, float)):
            return f"{self.raw} (a {type(cell).__name__}) is not {self.expected}."
        return f"{self.raw} {shown(cell)} is not {self.expected}."


def known_columns(table: Table) -> dict[str, Column]:
    """Return every raw column that a table may have, by its name."""
    found = {}
    for name, dtype in COLUMNS[table].items():
        kind = KIND_OF_TYPE[dtype]
        found[name] = Column(name, name, kind)
        if kind == "time":
            found |= {f"{name}_{unit}": Column(f"{name}_{unit}", name, kind, unit) for unit in PER_SECOND}
    return found


def table_of(names: Iterable[str]) -> Table:
    """Return the table whose columns these are: with ``kind`` they are events."""
    return "events" if "kind" in names else "connections"


def lay_out(names: Iterable[str], table: Table, place: str) -> tuple[dict[str, Column], tuple[str, ...]]:
    """Return the columns that a table uses, by raw name, and the names that it ignores.

    Raises
    ------
    InputError
        If the time column is missing, a name looks misspelt, or two columns tell the same.
    """
    known, names = known_columns(table), list(names)
    used = {name: known[name] for name in names if name in known}
    for name in used:
        if names.count(name) > 1:
            raise InputError(f"{place}: the column {shown(name)} stands twice.")
    targets = [column.name for column in used.values()]
    ignored = tuple(name for name in names if name not in known)
    for name in ignored:
        close = get_close_matches(name.lower(), known, n=1, cutoff=CLOSE)
        if close and known[close[0]].name not in targets:
            raise InputError(f"{place}: there is no column {shown(name)}. Did you mean {close[0]}?")
    for target in targets:
        same = [name for name, column in used.items() if column.name == target]
        if len(same) > 1:
            raise InputError(f"{place}: {' and '.join(same)} tell the same; leave one of them out.")
    time = TIME_OF_TABLE[table]
    if time not in targets:
        units = ", ".join(f"{time}_{unit}" for unit in PER_SECOND)
        raise InputError(f"{place}: the column {time} is missing (or one of {units}).")
    return used, ignored


def canonical(array: pa.Array, column: Column, *, assume_utc: bool = False) -> tuple[pa.Array, Faults]:
    """Return a column's values in its canonical type, and the rows whose value it refuses.

    Raises
    ------
    InputError
        If the array's type cannot hold what the column holds.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_dictionary(array.type):
        array = array.cast(array.type.value_type)
    if pa.types.is_null(array.type):
        return pa.nulls(len(array), arrow_type(column.kind)), {}
    if column.kind == "time":
        return _from_unix(array, column) if column.unit else _from_clock(array, column, assume_utc)
    if column.kind in ("count", "number"):
        return _count(array, column) if column.kind == "count" else _number(array, column)
    if column.kind == "text" and (_textual(array.type) or pa.types.is_integer(array.type)):
        text = array.cast(pa.string())
        sizes = pc.binary_length(text)
        if pc.min(sizes).as_py() == 0:
            text = pc.if_else(pc.equal(sizes, scalar(0, sizes.type)), pa.nulls(1, text.type)[0], text)
        return text, {}
    if column.kind == "flag" and pa.types.is_boolean(array.type):
        return array, {}
    raise _cannot_hold(array, column)


def arrow_type(kind: Kind) -> pa.DataType:
    """Return the canonical type of a kind of column."""
    import pyarrow as pa

    return {
        "time": pa.timestamp("us", "UTC"),
        "text": pa.string(),
        "count": pa.int64(),
        "flag": pa.bool_(),
        "number": pa.float64(),
    }[kind]


def fits(type_: pa.DataType, column: Column) -> bool:
    """Tell whether an array's type is the canonical one of its column, as it is or in a dictionary."""
    import pyarrow as pa

    if pa.types.is_dictionary(type_):
        type_ = type_.value_type
    return not column.unit and bool(type_ == arrow_type(column.kind))


def _number(array: pa.Array, column: Column) -> tuple[pa.Array, Faults]:
    import numpy as np
    import pyarrow as pa

    values, given = _floats(array, column)
    bad = given & ~(np.isfinite(values) & (values >= 0))
    sentences = {row: f"{column.raw} {_cell(array, row)} is not a number from 0 up." for row in _rows(bad)}
    too_long = given & ~bad & (values >= LONGEST_MS) if column.name == "wall_ms" else bad[:0]
    for row in _rows(too_long):
        sentences[row] = f"{column.raw} {_cell(array, row)} is longer than sixty years. It is read in ms."
    return array.cast(pa.float64()), sentences


def _count(array: pa.Array, column: Column) -> tuple[pa.Array, Faults]:
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_signed_integer(array.type):
        met = pc.min_max(array).as_py()
        if met["min"] is None or 0 <= met["min"] <= met["max"] <= LARGEST:
            return array.cast(pa.int64()), {}
    values, given = _floats(array, column)
    whole = np.isfinite(values) & (np.floor(values) == values) & (np.abs(values) < 2.0**63)
    faults = {row: column.unfit(array[row].as_py()) for row in _rows(given & ~whole)}
    exact = numbers(array, 0) if pa.types.is_integer(array.type) else values
    too_many = _rows(given & whole & (exact > LARGEST))
    faults |= {row: f"{column.raw} {_cell(array, row)} is more than {LARGEST:,} (2^53)." for row in too_many}
    negative = _rows(given & whole & (values < 0))
    faults |= {row: f"{column.raw} must not be negative ({_cell(array, row)})." for row in negative}
    if not whole.all():
        array = pa.array(np.where(whole, values, 0), mask=~given)
    return array.cast(pa.int64()), faults


def _from_unix(array: pa.Array, column: Column) -> tuple[pa.Array, Faults]:
    import numpy as np
    import pyarrow as pa

    values, given = _floats(array, column)
    whole = pa.types.is_integer(array.type)
    if whole:
        values = numbers(array)
    per_second = PER_SECOND[column.unit or "s"]
    low, high = (int(at.timestamp()) * per_second for at in (EARLIEST, LATEST))
    inside = given & (values >= low) & (values < high)
    values = np.where(inside, values, 0)
    if not whole:
        instants = np.rint(values * (MICROSECONDS_PER_SECOND / per_second)).astype(np.int64)
    elif per_second <= MICROSECONDS_PER_SECOND:
        instants = values.astype(np.int64) * (MICROSECONDS_PER_SECOND // per_second)
    else:
        instants = values.astype(np.int64) // (per_second // MICROSECONDS_PER_SECOND)
    faults = {row: _strange_year(array[row].as_py(), column) for row in _rows(given & ~inside)}
    return pa.array(instants, mask=~inside).cast(arrow_type("time")), faults


def _from_clock(array: pa.Array, column: Column, assume_utc: bool) -> tuple[pa.Array, Faults]:
    import pyarrow as pa
    import pyarrow.compute as pc

    faults: Faults = {}
    if _textual(array.type):
        instants, faults = _from_text(array.cast(pa.string()), column, assume_utc)
    elif pa.types.is_timestamp(array.type):
        if array.type.tz is None and not assume_utc:
            raise InputError(f"{column.raw} has no time zone. {CURE_OF_NAIVE}")
        instants = array.cast(pa.timestamp("us", array.type.tz), safe=False).cast(arrow_type("time"))
    elif _numeric(array.type):
        raise InputError(f"{column.raw} holds numbers without a unit. {_name_it(column.name)}")
    else:
        raise _cannot_hold(array, column)
    since_epoch = instants.cast(pa.int64())
    first, past = (int(at.timestamp()) * MICROSECONDS_PER_SECOND for at in (EARLIEST, LATEST))
    met = pc.min_max(since_epoch).as_py()
    if met["min"] is not None and not first <= met["min"] <= met["max"] < past:
        at = numbers(since_epoch, first)
        for row in _rows((at < first) | (at >= past)):
            faults[row] = f"{column.raw} {_cell(array, row)} {OUTSIDE}."
    return instants, faults


def _from_text(array: pa.Array, column: Column, assume_utc: bool) -> tuple[pa.Array, Faults]:
    import pyarrow as pa

    try:
        return array.cast(arrow_type("time")), {}
    except pa.ArrowInvalid:
        pass
    instants: list[int | None] = []
    faults: Faults = {}
    for row, text in enumerate(array.to_pylist()):
        at = None
        if text is not None:
            try:
                at = datetime.fromisoformat(text.strip().upper())
            except ValueError:
                faults[row] = column.unfit(text)
        if at is not None and at.tzinfo is None:
            if not assume_utc:
                faults[row] = f"{column.raw} {shown(text)} has no time zone. {CURE_OF_NAIVE}"
            at = at.replace(tzinfo=UTC)
        instants.append(None if at is None else microseconds_of(at))
    return pa.array(instants, pa.int64()).cast(arrow_type("time")), faults


def _strange_year(value: float, column: Column) -> str:
    for unit, per_second in PER_SECOND.items():
        if EARLIEST.timestamp() <= value / per_second < LATEST.timestamp():
            return (
                f"{column.raw} {shown(value)} {OUTSIDE}. In {unit} it would not: is it {column.name}_{unit}?"
            )
    return f"{column.raw} {shown(value)} {OUTSIDE}."


def _floats(array: pa.Array, column: Column) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Return the values as floats (0 for null) and whether each is given."""
    import pyarrow as pa

    if not _numeric(array.type):
        raise _cannot_hold(array, column)
    return numbers(array.cast(pa.float64(), safe=False)), flags(array.is_valid())


def _rows(mask: Any) -> list[int]:
    return [int(row) for row in mask.nonzero()[0]]


def _cell(array: pa.Array, row: int) -> str:
    try:
        return shown(array[row].as_py())
    except (ValueError, OverflowError):
        return "(past the year 9999)"


def _name_it(name: str) -> str:
    return f"Name the column {', '.join(f'{name}_{unit}' for unit in PER_SECOND)}, whichever it is."


def _cannot_hold(array: pa.Array, column: Column) -> InputError:
    return InputError(f"{column.raw} is of type {array.type}, which cannot hold {column.expected}.")


def _like_a_number(cell: object) -> bool:
    if isinstance(cell, str):
        return cell.strip().lstrip("-").replace(".", "", 1).isdigit()
    return isinstance(cell, (int, float)) and not isinstance(cell, bool)


def _numeric(type_: pa.DataType) -> bool:
    from pyarrow import types

    return bool(types.is_integer(type_) or types.is_floating(type_) or types.is_decimal(type_))


def _textual(type_: pa.DataType) -> bool:
    from pyarrow import types

    return bool(types.is_string(type_) or types.is_large_string(type_) or types.is_string_view(type_))
