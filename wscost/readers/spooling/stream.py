"""From the spool to a stream: passes over rows that lie in order, and the rows themselves to be written."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from wscost.notes import Grade, Note
from wscost.readers.arrays import numbers as plain
from wscost.readers.building import censored, frame_of, grade_of_count, left_out, nothing_inside
from wscost.readers.bulk.ahead import ahead
from wscost.readers.bulk.numbering import Numbers
from wscost.readers.bulk.ordering import in_slices
from wscost.readers.bulk.reckoning import Reckoning
from wscost.readers.findings import Findings, findings_from
from wscost.readers.refusals import Refusals
from wscost.readers.remarks import AtClose
from wscost.readers.spooling.owners import ALONE, OWNER
from wscost.readers.spooling.runs import in_tables_of
from wscost.readers.spooling.spool import Kept
from wscost.trace import (
    CONNECTION_COLUMNS,
    COUNTS,
    EVENT_COLUMNS,
    KINDS,
    MESSAGE,
    OPEN,
    SENT,
    UNKNOWN,
    Batch,
    EventBatch,
    Trace,
    TraceStream,
)
from wscost.tracefile import PART_ROWS
from wscost.units import microseconds_of
from wscost.usage import Window

Ints = npt.NDArray[np.int64]


class Told(NamedTuple):
    """What the intake knows when all rows are read."""

    source: str
    rows: int
    refused: int
    grades: Mapping[str, Grade]
    notes: tuple[Note, ...]
    beside: tuple[Note, ...]
    """Notes that stand after what is found in the rows."""
    window: Window | None
    window_given: bool
    """Whether the window is the user's."""
    written_at_close: bool


class Rows(NamedTuple):
    """What was kept of a trace."""

    connections: Kept
    events: Kept | None
    window: Window
    extent: Window
    """From the first to the last of all that was read."""
    alone: int | None = None
    """How many connections that name no object have a number; None where rows do not tell whose they are."""


def stream_of(rows: Rows, told: Told) -> TraceStream:
    """Return the stream of the connections and events that were kept."""

    @cache
    def ended() -> SpoolPass:
        one = SpoolPass(rows, told)
        for _ in one:
            pass
        return one

    return TraceStream(
        window=rows.window,
        source=told.source,
        rows=rows.connections.rows,
        names_objects=_names_objects(rows.connections, rows.window)
        or bool(rows.events and rows.events.names_objects),
        in_order=True,
        read=lambda sort: SpoolPass(rows, told),
        events=None if rows.events is None else rows.events.rows,
        parts=lambda: _parts(rows, ended()),
        findings=lambda: ended().findings,
    )


class SpoolPass:
    """One reading of rows in order; grades, notes and findings are complete when it has ended."""

    def __init__(self, rows: Rows, told: Told) -> None:
        self.source, self.window = told.source, rows.window
        self.rows, self.refused = told.rows, told.refused
        self._kept, self._events, self._extent = rows.connections, rows.events, rows.extent
        self._told = told
        self._start, self._end = ends(rows.window)
        self._numbers = Numbers()
        self._alone = rows.alone
        self._reckoning = Reckoning(Refusals())
        self._at_close = AtClose()

    def __iter__(self) -> Iterator[Batch]:
        """Yield the connections that overlap the window and the events in it, in order of time.

        Raises
        ------
        InputError
            If there are none.
        """
        batches = self._batches()
        if self._events is not None:
            batches = in_slices(batches, self._event_batches(self._events), self._objects)
        yield from ahead(batches)
        if not self._reckoning.kept and not self._reckoning.events_kept:
            raise nothing_inside(self.source, self.window, self._extent)

    @property
    def grades(self) -> Mapping[str, Grade]:
        """How well each column is known."""
        grades = dict(self._told.grades)
        for column in set(COUNTS) - self._reckoning.told:
            grade = grade_of_count(self._reckoning.unknown[column], self._reckoning.kept)
            if grade is not Grade.MEASURED:
                grades[column] = Grade.worst(grade, grades.get(column, Grade.MEASURED))
        return grades

    @property
    def notes(self) -> tuple[Note, ...]:
        """What the reader said, what was left out and cut, and what the log hides."""
        reckoning = self._reckoning
        at_close = self._at_close.notes(self.window, given=self._told.window_given)
        return (
            *self._told.notes,
            *left_out(reckoning.met - reckoning.kept, reckoning.events_met - reckoning.events_kept),
            *censored(reckoning.kept, reckoning.opened_before, reckoning.still_open),
            *(at_close if self._told.written_at_close else ()),
            *self._told.beside,
        )

    @property
    def findings(self) -> Findings:
        """What reading came to."""
        kept = self._reckoning.kept
        known = {column: kept - unknown for column, unknown in self._reckoning.unknown.items()}
        known |= {"opened_at": kept, "closed_at": kept, "object_id": self._reckoning.named}
        events = None if self._events is None else self._reckoning.events_kept
        return findings_from(self, known, kept, events)

    @property
    def account(self) -> Note:
        """What reading came to, in one sentence."""
        return self.findings.note()

    def _batches(self) -> Generator[Batch]:
        for block in self._kept.blocks():
            rows, opened, closed = self._inside(block)
            if len(rows):
                numbers = self._numbers_of(rows)
                counts = {name: plain(rows.column(name), UNKNOWN) for name in COUNTS}
                batch = Batch(opened, closed, numbers, self._objects(), counts, alone=self._alone or 0)
                self._see(batch, rows)
                yield batch

    def _event_batches(self, kept: Kept) -> Generator[EventBatch]:
        for block in kept.blocks():
            at = block.column("at").cast(pa.int64()).to_numpy()
            self._reckoning.events_met += len(at)
            rows, inside = block, (at >= self._start) & (at < self._end)
            if not inside.all():
                self._reckoning.see_outside(at[~inside], at[~inside])
                rows, at = block.filter(pa.array(inside)), at[inside]
            if len(rows):
                batch = _happened(at, rows, self._numbers_of(rows))
                self._reckoning.see_events(batch)
                yield batch

    def _objects(self) -> int:
        return len(self._numbers) + (self._alone or 0)

    def _numbers_of(self, rows: pa.RecordBatch) -> npt.NDArray[np.int32]:
        """Return the number of each row's object: those of connections that are alone come first."""
        if self._alone is None:
            return self._numbers.of(rows.column("object_id"))
        numbers = self._numbers.of(rows.column(OWNER))
        return np.where(numbers >= 0, numbers + np.int32(self._alone), rows.column(ALONE).to_numpy())

    def _inside(self, block: pa.RecordBatch) -> tuple[pa.RecordBatch, Ints, Ints]:
        """Return the rows that overlap the window, and their times; remember between which others lie."""
        opened, closed = _times(block)
        self._reckoning.met += len(block)
        inside = (opened < self._end) & (closed >= self._start)
        if inside.all():
            return block, opened, closed
        self._reckoning.see_outside(opened[~inside], closed[~inside])
        return block.filter(pa.array(inside)), opened[inside], closed[inside]

    def _see(self, batch: Batch, rows: pa.RecordBatch) -> None:
        self._reckoning.see_inside(batch, self._start, self._end)
        for name in COUNTS:
            self._reckoning.unknown[name] += rows.column(name).null_count
        if self._told.written_at_close:
            self._at_close.see(batch.opened, batch.closed)


def _happened(at: Ints, rows: pa.RecordBatch, objects: npt.NDArray[np.int32]) -> EventBatch:
    """Return events as arrays."""
    kind = pc.index_in(rows.column("kind"), pa.array(KINDS)).to_numpy().astype(np.int8)
    out = pc.equal(rows.column("direction"), "out").fill_null(False).to_numpy(zero_copy_only=False)
    kind[(kind == MESSAGE) & out] = SENT
    lasted = rows.column("wall_ms")
    wall = np.rint(lasted.fill_null(0).to_numpy() * 1000).astype(np.int64)
    wall[lasted.is_null().to_numpy(zero_copy_only=False)] = UNKNOWN
    return EventBatch(
        at,
        kind,
        objects,
        plain(rows.column("bytes"), UNKNOWN),
        rows.column("auto_response").fill_null(False).to_numpy(zero_copy_only=False),
        wall,
    )


def _parts(kept: Rows, ended: SpoolPass) -> Iterator[Trace]:
    """Yield the connections that overlap a window, then the events in it, as many as are written at once."""
    start, end = ends(kept.window)

    def connections_inside() -> Iterator[pa.Table]:
        for block in kept.connections.blocks():
            opened, closed = _times(block)
            yield pa.Table.from_batches([block]).filter(pa.array((opened < end) & (closed >= start)))

    def events_inside(events: Kept) -> Iterator[pa.Table]:
        for block in events.blocks():
            at = block.column("at").cast(pa.int64()).to_numpy()
            yield pa.Table.from_batches([block]).filter(pa.array((at >= start) & (at < end)))

    trace = Trace(frame_of([], "connections"), kept.window, ended.source, grades=ended.grades)
    trace = replace(trace, connections=trace.connections[list(CONNECTION_COLUMNS)])
    for rows in in_tables_of(connections_inside(), PART_ROWS):
        connections = frame_of([rows.select(list(CONNECTION_COLUMNS))], "connections")
        yield replace(trace, connections=connections)
    for rows in in_tables_of(events_inside(kept.events), PART_ROWS) if kept.events else ():
        yield replace(trace, events=frame_of([rows.select(list(EVENT_COLUMNS))], "events"))


def _names_objects(kept: Kept, window: Window) -> bool:
    """Whether a row that overlaps the window names its object."""
    start, end = ends(window)
    if not kept.names_objects or (kept.extent.first >= start and kept.extent.last < end):
        return kept.names_objects
    for block in kept.blocks():
        opened, closed = _times(block)
        named = block.column("object_id").is_valid().to_numpy(zero_copy_only=False)
        if (named & (opened < end) & (closed >= start)).any():
            return True
    return False


def _times(rows: pa.RecordBatch) -> tuple[Ints, Ints]:
    return (
        plain(rows.column("opened_at").cast(pa.int64()), 0),
        plain(rows.column("closed_at").cast(pa.int64()), OPEN),
    )


def ends(window: Window) -> tuple[int, int]:
    """Return when a window begins and ends. [µs]"""
    return microseconds_of(window.start), microseconds_of(window.end)
