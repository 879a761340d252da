"""Rows that are good at a glance: what nearly all of a big file are, without a look at rule after rule.

They are sound if every value that has to be there is, all are of their canonical types and in their range,
and no rule is broken. Whatever takes a closer look is None here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wscost.loops.columns import fill, unpack, whole_micros
from wscost.loops.connections import proper
from wscost.loops.eventcolumns import MISSING, STRANGE
from wscost.loops.events import settle
from wscost.readers.arrays import looked_up, numbers, parts
from wscost.readers.bulk.numbering import Numbers
from wscost.readers.columns import EARLIEST, EPOCH, LATEST, Column, fits
from wscost.trace import COUNTS, DIRECTIONS, KINDS, UNKNOWN, EventBatch

Arrays = Mapping[str, tuple[Column, pa.Array]]
"""By the names that a trace has for them."""


def sound_connections(
    arrays: Mapping[str, pa.Array], layout: Mapping[str, Column]
) -> dict[str, pa.Array] | None:
    """Return connections by canonical column if none can have a fault."""
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
    columns["connection_id"] = pa.nulls(rows, pa.string())
    columns |= {name: pa.nulls(rows, pa.int64()) for name in COUNTS if name not in columns}
    opened, closed = (numbers(columns[name].view(pa.int64())) for name in ("opened_at", "closed_at"))
    return columns if proper(opened, closed, _micros(EARLIEST), _micros(LATEST)) else None


def sound_events(arrays: Arrays, size: int, objects: Numbers) -> EventBatch | None:
    """Return events if none can have a fault, whichever connection they are of."""
    if not all(fits(array.type, column) for column, array in arrays.values()) or "at" not in arrays:
        return None
    told = {name: array for name, (_, array) in arrays.items()}
    at = told["at"].view(pa.int64())
    kind = _codes(told.get("kind"), size, KINDS)
    direction = _codes(told.get("direction"), size, DIRECTIONS)
    sizes, walls = np.full((2, size), UNKNOWN, dtype=np.int64)
    answered = np.zeros(size, dtype=bool)
    wrong = at.null_count
    if "bytes" in told:
        wrong += fill(*parts(told["bytes"]), UNKNOWN, sizes)
    if "wall_ms" in told:
        wrong += whole_micros(*parts(told["wall_ms"]), UNKNOWN, walls)
    if "auto_response" in told:
        unpack(*_bits(told["auto_response"]), answered)
    instants = numbers(at, 0)
    if wrong or settle(instants, kind, direction, _micros(EARLIEST), _micros(LATEST)):
        return None
    owners = objects.of(told.get("object_id", pa.nulls(size)))
    return EventBatch(instants, kind, owners, sizes, answered, walls)


def _codes(array: pa.Array | None, size: int, words: Sequence[str]) -> npt.NDArray[np.int8]:
    """Return the place of each word among those that may stand there."""
    if array is None:
        return np.full(size, MISSING, dtype=np.int8)
    if not pa.types.is_dictionary(array.type):
        array = array.dictionary_encode()
    return looked_up(array.indices, places_of(array.dictionary.to_pylist(), words), MISSING)


def places_of(met: Iterable[Any], words: Sequence[str]) -> npt.NDArray[np.int8]:
    """Return the place among some words of each that was met."""
    places = {word: place for place, word in enumerate(words)} | {"": MISSING, None: MISSING}
    return np.array([places.get(word, STRANGE) for word in met], dtype=np.int8)


def _bits(array: pa.Array) -> tuple[memoryview, memoryview, int]:
    validity, bits = array.buffers()
    valid = memoryview(validity if array.null_count else b"").cast("B")
    return memoryview(bits or b"").cast("B"), valid, array.offset


def _micros(at: datetime) -> int:
    return (at - EPOCH) // timedelta(microseconds=1)
