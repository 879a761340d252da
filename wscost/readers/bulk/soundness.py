"""Rows that are good at a glance: what nearly all of a big file are, without a look at rule after rule.

They are sound if every value that has to be there is, all are of their canonical types and in their range,
and no rule is broken. Whatever takes a closer look is None here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wscost.loops import Ints
from wscost.loops.columns import fill, unpack, whole_micros
from wscost.loops.connections import proper
from wscost.loops.eventcolumns import MISSING, OUT, STRANGE
from wscost.loops.events import read_kinds
from wscost.readers.arrays import numbers, parts, room
from wscost.readers.bulk.numbering import Numbers
from wscost.readers.columns import Column, fits
from wscost.trace import COUNTS, DIRECTIONS, KINDS, LARGEST, MESSAGE, SENT, UNKNOWN, EventBatch, extremes
from wscost.units import EARLIEST, LATEST, microseconds_of

Arrays = Mapping[str, tuple[Column, pa.Array]]
"""By the names that a trace has for them."""
FEW = 1_000
"""Pairs of words; more are none that may stand there."""


def sound_connections(
    arrays: Mapping[str, pa.Array], layout: Mapping[str, Column]
) -> dict[str, pa.Array] | None:
    """Return connections by canonical column if none can have a fault."""
    columns: dict[str, pa.Array] = {}
    for raw, array in arrays.items():
        column = layout[raw]
        if array.null_count or not fits(array.type, column):
            return None
        if column.kind == "count" and not _in_range(numbers(array)):
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
    return columns if proper(opened, closed, microseconds_of(EARLIEST), microseconds_of(LATEST)) else None


def sound_events(arrays: Arrays, size: int, objects: Numbers) -> EventBatch | None:
    """Return events if none can have a fault, whichever connection they are of."""
    if not all(fits(array.type, column) for column, array in arrays.values()) or "at" not in arrays:
        return None
    told = {name: array for name, (_, array) in arrays.items()}
    at = told["at"].view(pa.int64())
    if at.null_count or "kind" not in told:
        return None
    instants = numbers(at)
    first, last = extremes(instants) if size else (microseconds_of(EARLIEST), microseconds_of(EARLIEST))
    if first < microseconds_of(EARLIEST) or last >= microseconds_of(LATEST):
        return None
    kinds = _kinds(told["kind"], told.get("direction"))
    sizes = _sizes(told.get("bytes"), size)
    walls = _walls(told.get("wall_ms"), size)
    if kinds is None or sizes is None or walls is None:
        return None
    answered = room(size, np.bool_) if "auto_response" in told else np.zeros(size, dtype=bool)
    if "auto_response" in told:
        unpack(*_bits(told["auto_response"]), answered)
    owners = objects.of(told.get("object_id", pa.nulls(size)))
    return EventBatch(instants, kinds, owners, sizes, answered, walls)


def _in_range(counts: Ints) -> bool:
    return bool(counts.min(initial=0) >= 0 and counts.max(initial=0) <= LARGEST)


def _sizes(array: pa.Array | None, size: int) -> Ints | None:
    """Return whole numbers, ``UNKNOWN`` where there is none; None if one is no count."""
    if array is None:
        return np.full(size, UNKNOWN, dtype=np.int64)
    values, valid, begin = parts(array)
    if not array.null_count:
        return values if _in_range(values) else None
    found = room(size, np.int64)
    return None if fill(values, valid, begin, UNKNOWN, LARGEST, found) else found


def _walls(array: pa.Array | None, size: int) -> Ints | None:
    """Return times in microseconds, ``UNKNOWN`` where there is none; None if one is no proper time."""
    if array is None:
        return np.full(size, UNKNOWN, dtype=np.int64)
    found = room(size, np.int64)
    return None if whole_micros(*parts(array), UNKNOWN, found) else found


def _kinds(kind: pa.Array, direction: pa.Array | None) -> npt.NDArray[np.int8] | None:
    """Return each event's kind; None if one has none, or a message no direction."""
    kinds, ways = _words(kind), _words(pa.nulls(len(kind), pa.string()) if direction is None else direction)
    if len(kinds.dictionary) * len(ways.dictionary) > FEW:
        return None
    table = _kind_of(kinds.dictionary.to_pylist(), ways.dictionary.to_pylist())
    found = room(len(kind), np.int8)
    return None if read_kinds(*parts(kinds.indices), *parts(ways.indices), table, found) else found


def _words(array: pa.Array) -> pa.DictionaryArray:
    return array if pa.types.is_dictionary(array.type) else array.dictionary_encode()


def _kind_of(kinds: Sequence[Any], directions: Sequence[Any]) -> npt.NDArray[np.int8]:
    """Return what each kind is with each direction, and with none; the last row is that of no kind."""
    table = np.repeat(places_of([*kinds, None], KINDS)[:, np.newaxis], len(directions) + 1, axis=1)
    ways = places_of([*directions, None], DIRECTIONS)
    message = table == MESSAGE
    table[message & (ways == OUT)] = SENT
    table[(message & (ways == MISSING)) | (ways == STRANGE)] = STRANGE
    return table


def places_of(met: Iterable[Any], words: Sequence[str]) -> npt.NDArray[np.int8]:
    """Return the place among some words of each that was met."""
    places = {word: place for place, word in enumerate(words)} | {"": MISSING, None: MISSING}
    return np.array([places.get(word, STRANGE) for word in met], dtype=np.int8)


def _bits(array: pa.Array) -> tuple[memoryview, memoryview, int]:
    validity, bits = array.buffers()
    valid = memoryview(validity if array.null_count else b"").cast("B")
    return memoryview(bits or b"").cast("B"), valid, array.offset
