"""Cells as text files give them, JSON values and CSV fields, as arrays that ``columns`` understands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from wscost.readers.columns import Column, Faults

if TYPE_CHECKING:
    import pyarrow as pa

WHOLE = r"^[+-]?\d{1,18}(\.0*)?$"
NUMBER = r"^[+-]?\d{1,40}(\.\d{1,40})?([eE][+-]?\d{1,2})?$"
TRUE, FALSE = ["true", "1"], ["false", "0"]


def from_values(cells: Sequence[Any], column: Column) -> tuple[pa.Array, Faults]:
    """Return JSON values as an array of one type, and the rows whose value is of another."""
    import pyarrow as pa

    accepted, type_ = _json_types(column)
    try:
        array = pa.array(cells, type_)
        if type_ is not None or pa.types.is_null(array.type) or _counts(array.type):
            return array, {}
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
        pass
    plain = accepted[-1]
    kept: list[Any] = [None] * len(cells)
    faults: Faults = {}
    for row, cell in enumerate(cells):
        if cell is None:
            continue
        if isinstance(cell, accepted) and (plain is bool or not isinstance(cell, bool)):
            kept[row] = plain(cell)
        else:
            faults[row] = column.unfit(cell)
    return pa.array(kept, type_ or pa.float64()), faults


def from_fields(fields: pa.Array, column: Column) -> tuple[pa.Array, Faults]:
    """Return CSV fields (text) as an array of the type they are written in; an empty field is null."""
    import pyarrow as pa
    import pyarrow.compute as pc

    fields = pc.if_else(pc.equal(fields, ""), pa.scalar(None, pa.string()), fields)
    if column.kind == "text" or (column.kind == "time" and not column.unit):
        return fields, {}
    text = pc.utf8_trim_whitespace(fields)
    if column.kind == "flag":
        lower = pc.utf8_lower(text)
        true, false = (pc.is_in(lower, pa.array(words)) for words in (TRUE, FALSE))
        fits, values = pc.or_(true, false), true
    else:
        fits = pc.match_substring_regex(text, WHOLE if column.kind == "count" else NUMBER)
        values = pc.replace_substring_regex(text, r"^\+|\.0*$", "")
    fits = fits.fill_null(False)
    values = pc.if_else(fits, values, pa.scalar(None, values.type))
    unfit = pc.and_(fields.is_valid(), pc.invert(fits)).to_numpy(zero_copy_only=False).nonzero()[0]
    faults = {int(row): column.unfit(fields[row].as_py()) for row in unfit}
    if column.kind == "flag":
        return values, faults
    try:
        return values.cast(pa.int64()), faults
    except pa.ArrowInvalid:
        return values.cast(pa.float64()), faults


def _json_types(column: Column) -> tuple[tuple[type, ...], pa.DataType | None]:
    """Return the Python types that a column takes, plainest last, and its array type; None: by the values."""
    import pyarrow as pa

    if column.kind == "flag":
        return (bool,), pa.bool_()
    if column.kind == "text":
        return (int, str), pa.string()
    if column.kind == "time" and not column.unit:
        return (str,), pa.string()
    return (int, float), None


def _counts(type_: pa.DataType) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_integer(type_) or pa.types.is_floating(type_))
