"""From the spool to a stream: passes over rows that lie in order, and the rows themselves to be written."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from datetime import timedelta
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wscost.compiling import COMPILED_FROM_ROWS
from wscost.notes import Grade, Note
from wscost.readers.building import TICK, censored, frame_of, grade_of_count, left_out, nothing_inside
from wscost.readers.bulk.ahead import ahead
from wscost.readers.bulk.numbering import Numbers
from wscost.readers.bulk.reckoning import Reckoning
from wscost.readers.columns import EPOCH
from wscost.readers.findings import Findings, findings_from
from wscost.readers.refusals import Refusals
from wscost.readers.remarks import AtClose
from wscost.readers.spooling.spool import Kept, in_tables_of
from wscost.trace import COUNTS, OPEN, UNKNOWN, Batch, Trace, TraceStream
from wscost.tracefile import PART_ROWS
from wscost.usage import Window

MICROSECOND = timedelta(microseconds=1)

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


def stream_of(kept: Kept, told: Told) -> TraceStream:
    """Return the stream of the rows that were kept."""
    window = told.window or Window(_moment(kept.first), _moment(kept.last) + TICK)

    @cache
    def ended() -> SpoolPass:
        rows = SpoolPass(kept, told, window)
        for _ in rows:
            pass
        return rows

    def parts() -> Iterator[Trace]:
        grades = ended().grades
        for part in _parts(kept, window):
            yield Trace(frame_of([part], "connections"), window, told.source, grades=grades)

    return TraceStream(
        window=window,
        source=told.source,
        rows=kept.rows,
        names_objects=_names_objects(kept, window),
        in_order=True,
        read=lambda sort: SpoolPass(kept, told, window),
        parts=parts,
        findings=lambda: ended().findings,
    )


class SpoolPass:
    """One reading of rows in order; grades, notes and findings are complete when it has ended."""

    def __init__(self, kept: Kept, told: Told, window: Window) -> None:
        self.source, self.window = told.source, window
        self.rows, self.refused = told.rows, told.refused
        self._kept, self._told = kept, told
        self._start, self._end = _ends(window)
        self._numbers = Numbers(fast=kept.rows >= COMPILED_FROM_ROWS)
        self._reckoning = Reckoning(Refusals())
        self._at_close = AtClose()

    def __iter__(self) -> Iterator[Batch]:
        """Yield the connections that overlap the window, in order of opening.

        Raises
        ------
        InputError
            If none does.
        """
        yield from ahead(self._batches())
        reckoning = self._reckoning
        if not reckoning.kept and reckoning.outside is not None:
            first, last = (_moment(at) for at in reckoning.outside)
            raise nothing_inside(self.source, self.window, Window(first, last + TICK))

    @property
    def grades(self) -> Mapping[str, Grade]:
        """How well each column is known."""
        grades = dict(self._told.grades)
        for column in COUNTS:
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
            *left_out(reckoning.met - reckoning.kept, 0),
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
        return findings_from(self, known, kept, None)

    @property
    def account(self) -> Note:
        """What reading came to, in one sentence."""
        return self.findings.note()

    def _batches(self) -> Generator[Batch]:
        for block in self._kept.blocks():
            rows, opened, closed = self._inside(block)
            if len(rows):
                numbers = self._numbers.of(rows.column("object_id"))
                counts = {name: _plain(rows.column(name), UNKNOWN) for name in COUNTS}
                batch = Batch(opened, closed, numbers, len(self._numbers), counts)
                self._see(batch, rows)
                yield batch

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


def _parts(kept: Kept, window: Window) -> Iterator[pa.Table]:
    """Yield the rows that overlap a window, as many at a time as are written at once."""
    start, end = _ends(window)

    def inside() -> Iterator[pa.Table]:
        for block in kept.blocks():
            opened, closed = _times(block)
            overlaps = pa.array((opened < end) & (closed >= start))
            yield pa.Table.from_batches([block]).filter(overlaps)

    return in_tables_of(inside(), PART_ROWS)


def _names_objects(kept: Kept, window: Window) -> bool:
    """Whether a row that overlaps the window names its object."""
    start, end = _ends(window)
    if not kept.names_objects or (kept.first >= start and kept.last < end):
        return kept.names_objects
    for block in kept.blocks():
        opened, closed = _times(block)
        named = block.column("object_id").is_valid().to_numpy(zero_copy_only=False)
        if (named & (opened < end) & (closed >= start)).any():
            return True
    return False


def _times(rows: pa.RecordBatch) -> tuple[Ints, Ints]:
    return (
        _plain(rows.column("opened_at").cast(pa.int64()), 0),
        _plain(rows.column("closed_at").cast(pa.int64()), OPEN),
    )


def _plain(column: pa.Array, null: int) -> Ints:
    found: Ints = (column.fill_null(null) if column.null_count else column).to_numpy()
    return found


def _ends(window: Window) -> tuple[int, int]:
    return (window.start - EPOCH) // MICROSECOND, (window.end - EPOCH) // MICROSECOND


def _moment(at: int) -> Any:
    return EPOCH + at * MICROSECOND
