"""Events of big Parquet files, batch by batch: checked by codes, told in words where one is bad."""

from __future__ import annotations

from collections.abc import Generator, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wscost.loops.eventcolumns import MISSING, OUT, STRANGE
from wscost.readers.arrays import flags, looked_up, numbers
from wscost.readers.bulk.groups import File, Group
from wscost.readers.bulk.numbering import Numbers
from wscost.readers.bulk.reckoning import Reckoning
from wscost.readers.bulk.rows import rows_of
from wscost.readers.bulk.soundness import Arrays, places_of, sound_events
from wscost.readers.columns import Column, Faults, canonical
from wscost.readers.intake import checked
from wscost.readers.options import Options
from wscost.trace import DIRECTIONS, KINDS, LONGEST_MS, MESSAGE, SENT, UNKNOWN, EventBatch, extremes

ENDS = (KINDS.index("open"), KINDS.index("close"))

Codes = npt.NDArray[np.int8]
Flags = npt.NDArray[np.bool_]


class EventRows:
    """The events of some row groups that lie in a window."""

    def __init__(self, window: tuple[int, int], options: Options, numbers: Numbers, reckoning: Reckoning):
        self._start, self._end = window
        self._options, self._numbers, self._reckoning = options, numbers, reckoning

    def batches(self, groups: Sequence[Group], size: int) -> Generator[EventBatch]:
        """Yield them as they stand in the files, but for those that break a rule and are refused."""
        nobody = any("connection_id" in group.lacking for group in groups)
        named = not any("object_id" in group.lacking for group in groups)
        for file, rows, first_row in rows_of(groups, lambda c: nobody or c.name != "connection_id", size):
            arrays = {
                file.layout[raw].name: (file.layout[raw], rows.column(raw)) for raw in rows.schema.names
            }
            try:
                good = self._checked(file, arrays, len(rows), first_row)
            except pa.ArrowException:
                raise file.part.damaged("Parquet file") from None
            if named and good.object.min(initial=0) < 0:
                raise file.part.damaged("Parquet file")
            if len((batch := self._inside(good)).at):
                self._reckoning.see_events(batch)
                yield batch

    def _checked(self, file: File, arrays: Arrays, size: int, first_row: int) -> EventBatch:
        unread = {column.name for column in file.layout.values()} - set(arrays)
        batch = sound_events(arrays, size, self._numbers) if "connection_id" in unread else None
        if batch is None:
            return self._looked_at(file, arrays, size, first_row)
        self._reckoning.events_met += size
        return batch

    def _looked_at(self, file: File, arrays: Arrays, size: int, first_row: int) -> EventBatch:
        found, faults = self._columns(arrays, size)
        kind, way = (_codes(arrays.get(name), size, words) for name, words in _WORDS.items())
        lost = self._without_connection(file, arrays, size)
        message = kind == MESSAGE
        bad = (kind < 0) | (way == STRANGE) | (message & (way == MISSING)) | (found.at < 0)
        if lost.any():
            bad |= lost & ((kind == ENDS[0]) | (kind == ENDS[1]) | (message & (found.object < 0)))
        kind[message & (way == OUT)] = SENT
        batch = found._replace(kind=kind)
        if not faults and not bad.any():
            self._reckoning.events_met += size
            return batch
        told = {column.raw: array for column, array in arrays.values()}
        if "connection_id" not in arrays and not lost.any():
            told["connection_id"] = pa.repeat("named", size)
        _, faults = checked(file.part.name, "events", told, size=size, options=self._options)
        for row in sorted(faults):
            self._reckoning.refusals.add(file.part.name, first_row + row, faults[row])
        good = np.ones(size, dtype=bool)
        good[list(faults)] = False
        self._reckoning.events_met += int(np.count_nonzero(good))
        return batch.among(good)

    def _columns(self, arrays: Arrays, size: int) -> tuple[EventBatch, Faults]:
        """Return what is no word, and what is wrong with it."""
        columns: dict[str, pa.Array] = {}
        faults: Faults = {}
        for name in ("at", "bytes", "auto_response", "wall_ms"):
            if name in arrays:
                column, array = arrays[name]
                columns[name], wrong = canonical(array, column, assume_utc=self._options.assume_utc)
                faults |= wrong
        unknown = np.full(size, UNKNOWN, dtype=np.int64)
        wall, auto = unknown, np.zeros(size, dtype=bool)
        if "wall_ms" in columns and columns["wall_ms"].null_count < size:
            milliseconds = numbers(columns["wall_ms"], UNKNOWN)
            known = (milliseconds >= 0) & (milliseconds < LONGEST_MS)
            wall = np.where(known, np.rint(np.where(known, milliseconds, 0) * 1000), UNKNOWN).astype(np.int64)
        if "auto_response" in columns and columns["auto_response"].null_count < size:
            auto = flags(columns["auto_response"])
        names = arrays["object_id"][1] if "object_id" in arrays else pa.nulls(size)
        return (
            EventBatch(
                numbers(columns["at"].view(pa.int64()), UNKNOWN),
                np.empty(0, dtype=np.int8),
                self._numbers.of(names),
                numbers(columns["bytes"], UNKNOWN) if "bytes" in columns else unknown,
                auto,
                wall,
            ),
            faults,
        )

    def _without_connection(self, file: File, arrays: Arrays, size: int) -> Flags:
        """Tell which events name no connection; a column that was not read lacks none."""
        if "connection_id" in {column.name for column in file.layout.values()} - set(arrays):
            return np.zeros(size, dtype=bool)
        return _lacking(arrays.get("connection_id"), size)

    def _inside(self, batch: EventBatch) -> EventBatch:
        if not len(batch.at):
            return batch
        first, last = extremes(batch.at)
        if self._start <= first and last < self._end:
            return batch
        inside = (batch.at >= self._start) & (batch.at < self._end)
        outside = batch.at[~inside]
        self._reckoning.see_outside(outside, outside)
        return batch.among(inside)


_WORDS = {"kind": KINDS, "direction": DIRECTIONS}


def _codes(told: tuple[Column, pa.Array] | None, size: int, words: Sequence[str]) -> Codes:
    """Return the place of each word among those that may stand there."""
    if told is None:
        return np.full(size, MISSING, dtype=np.int8)
    column, array = told
    if not pa.types.is_dictionary(array.type):
        array = canonical(array, column)[0].dictionary_encode()
    met = array.dictionary.cast(pa.string()).to_pylist()
    return looked_up(array.indices, places_of(met, words), MISSING)


def _lacking(told: tuple[Column, pa.Array] | None, size: int) -> Flags:
    """Tell where a name is null or empty."""
    if told is None:
        return np.ones(size, dtype=bool)
    text = canonical(told[1], told[0])[0]
    if not text.null_count:
        return np.zeros(size, dtype=bool)
    return flags(text.is_null())
