"""Rows that are good at a glance: what nearly all of a big file are, without a look at rule after rule."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import pyarrow as pa

from wscost.loops.connections import proper
from wscost.readers.arrays import numbers
from wscost.readers.columns import EARLIEST, EPOCH, LATEST, Column, fits
from wscost.trace import COUNTS


def sound(arrays: Mapping[str, pa.Array], layout: Mapping[str, Column]) -> dict[str, pa.Array] | None:
    """Return connections by canonical column if none can have a fault; None where that takes a closer look.

    They are sound if every value is there, of its canonical type and in its range, and closes follow opens.
    """
    columns: dict[str, pa.Array] = {}
    for raw, array in arrays.items():
        column = layout[raw]
        if array.null_count or not fits(array.type, column):
            return None
        if column.kind == "count" and int(numbers(array).min(initial=0)) < 0:
            return None
        if column.kind not in ("count", "time"):
            return None
        columns[column.name] = array
    if "closed_at" not in columns:
        return None
    rows = len(columns["closed_at"])
    columns |= {name: pa.nulls(rows, pa.int64()) for name in COUNTS if name not in columns}
    opened, closed = (numbers(columns[name].view(pa.int64())) for name in ("opened_at", "closed_at"))
    return columns if proper(opened, closed, _micros(EARLIEST), _micros(LATEST)) else None


def _micros(at: datetime) -> int:
    return (at - EPOCH) // timedelta(microseconds=1)
