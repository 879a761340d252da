"""Big Parquet files, read batch by batch: connections, and events beside them."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wscost.notes import Grade, Note
from wscost.readers.arrays import numbers
from wscost.readers.building import censored, grade_of_count, left_out, nothing_inside
from wscost.readers.bulk.ahead import ahead
from wscost.readers.bulk.eventrows import EventRows
from wscost.readers.bulk.groups import File, Group
from wscost.readers.bulk.identity import Identity
from wscost.readers.bulk.numbering import Numbers
from wscost.readers.bulk.ordering import events_in_time_order, in_slices, in_time_order
from wscost.readers.bulk.reckoning import Reckoning
from wscost.readers.bulk.rows import rows_of
from wscost.readers.bulk.soundness import sound_connections
from wscost.readers.columns import Faults, Table
from wscost.readers.findings import findings_from
from wscost.readers.intake import checked
from wscost.readers.options import Options
from wscost.readers.refusals import Refusals
from wscost.trace import COUNTS, OPEN, UNKNOWN, Batch, EventBatch, OutOfOrderError
from wscost.units import microseconds_of
from wscost.usage import Window

CONNECTION_ROWS, EVENT_ROWS = 45_000, 240_000
"""Rows of a batch, a page short of a power of two: pyarrow doubles the room for a column page by page, and
would double it for the last one once more, only to move all of it back."""
UNREAD = ("connection_id",)
"""Columns that no meter asks for; read only where it has to be found out whether they repeat themselves."""

B = TypeVar("B", Batch, EventBatch)


@dataclass(frozen=True, slots=True)
class Input:
    """The files of one trace, how to read them, and what is known before a row is read."""

    source: str
    files: Sequence[File]
    options: Options
    grades: Mapping[str, Grade]
    ignored: tuple[Note, ...]
    beside: tuple[Note, ...]


class Pass:
    """One reading of all rows; grades and notes are complete when it has ended."""

    def __init__(
        self,
        given: Input,
        groups: Sequence[Group],
        window: Window,
        *,
        sort: bool,
        disordered: set[Table] | None = None,
        identity: Identity | None = None,
    ) -> None:
        self._given, self._sort = given, sort
        self._identity = None if identity is None or identity.sure else identity
        self._groups = [group for group in groups if group.file.table == "connections"]
        self._happened = [group for group in groups if group.file.table == "events"]
        self._disordered = {"connections"} if disordered is None else disordered
        self.source, self.window = given.source, window
        self._start, self._end = map(microseconds_of, (window.start, window.end))
        self.reckoning = Reckoning(Refusals(file.part.name for file in given.files))
        self._numbers = Numbers()
        self._refused: tuple[Note, ...] = ()
        told = {column.name for file in given.files for column in file.layout.values()}
        self._columns = tuple(column for column in COUNTS if column in told)

    def __iter__(self) -> Iterator[Batch]:
        """Yield the connections that overlap the window and the events in it, in order of time."""
        sorting = self._disordered if self._sort else set()
        if self._identity is not None:
            self._identity.begin()
        if sorting:
            self._given.options.remark(
                f"{self.source}: the rows are not in order of time; sorting them on disk."
            )
        if "connections" in sorting:
            connections = in_time_order(ahead(self.batches()))
        else:
            connections = self._rising("connections", self.batches())
        if not self._happened:
            yield from connections if "connections" in sorting else ahead(connections)
        else:
            if "events" in sorting:
                events = events_in_time_order(ahead(self.events()))
            else:
                events = self._rising("events", self.events())
            yield from ahead(in_slices(connections, events, self._numbers.__len__))
        if self._identity is not None:
            self._identity.end()
        self.end_of_rows()

    @property
    def grades(self) -> Mapping[str, Grade]:
        """How well each column is known."""
        grades = dict(self._given.grades)
        for column in set(COUNTS) - self.reckoning.told:
            grade = grade_of_count(self.reckoning.unknown[column], self.reckoning.kept)
            if grade is not Grade.MEASURED:
                grades[column] = Grade.worst(grade, grades.get(column, Grade.MEASURED))
        return grades

    @property
    def notes(self) -> tuple[Note, ...]:
        """What was refused, ignored, left out and cut."""
        reckoning = self.reckoning
        return (
            *self._refused,
            *self._given.ignored,
            *left_out(reckoning.met - reckoning.kept, reckoning.events_met - reckoning.events_kept),
            *censored(reckoning.kept, reckoning.opened_before, reckoning.still_open),
            *self._given.beside,
        )

    @property
    def rows(self) -> int:
        """How many rows there were."""
        return self.reckoning.rows

    @property
    def refused(self) -> int:
        """How many were refused."""
        return self.reckoning.refusals.total

    @property
    def account(self) -> Note:
        """What reading came to, in one sentence."""
        kept = self.reckoning.kept
        known = {column: kept - unknown for column, unknown in self.reckoning.unknown.items()}
        known |= {"opened_at": kept, "closed_at": kept, "object_id": self.reckoning.named}
        events = self.reckoning.events_kept if self._happened else None
        return findings_from(self, known, kept, events).note()

    @property
    def names(self) -> pa.Array:
        """The objects' names, by number."""
        return self._numbers.names

    def buckets(self, count: int) -> npt.NDArray[np.int32]:
        """Return which of so many buckets each object is in, by number; its name alone decides."""
        return self._numbers.buckets(count)

    def _rising(self, table: Table, batches: Generator[B]) -> Generator[B]:
        """Yield batches that begin when the one before has ended; within, they are put in order."""
        last = -OPEN
        for batch in batches:
            ordered = batch.in_order()
            times = ordered[0]
            if times[0] < last:
                self._disordered.add(table)
                raise OutOfOrderError
            last = int(times[-1])
            yield ordered

    def batches(self) -> Generator[Batch]:
        """Yield the connections that overlap the window as they stand in the files."""
        for file, rows, first_row in rows_of(
            self._groups,
            lambda column: self._identity is not None or column.name not in UNREAD,
            CONNECTION_ROWS,
        ):
            try:
                batch = self._batch(file, rows, first_row)
            except pa.ArrowException:
                raise file.part.damaged("Parquet file") from None
            if len(batch.opened):
                yield batch

    def events(self) -> Generator[EventBatch]:
        """Yield the events in the window as they stand in the files."""
        window = self._start, self._end
        rows = EventRows(window, self._given.options, self._numbers, self.reckoning)
        return rows.batches(self._happened, EVENT_ROWS)

    def _batch(self, file: File, rows: pa.RecordBatch, first_row: int) -> Batch:
        arrays = {raw: rows.column(raw) for raw in rows.schema.names}
        named = next((raw for raw in arrays if file.layout[raw].name == "object_id"), None)
        names = pa.nulls(len(rows)) if named is None else arrays.pop(named)
        faults: Faults = {}
        columns = sound_connections(arrays, file.layout)
        if columns is None:
            columns, faults = checked(
                file.part.name, "connections", arrays, size=len(rows), options=self._given.options
            )
        opened = numbers(columns["opened_at"].view(pa.int64()), 0)
        closed = numbers(columns["closed_at"].view(pa.int64()), OPEN)
        good = np.ones(len(rows), dtype=bool)
        for row in sorted(faults):
            self.reckoning.refusals.add(file.part.name, first_row + row, faults[row])
            good[row] = False
        self.reckoning.met += int(np.count_nonzero(good))
        if self._identity is not None:
            names_met = columns["connection_id"]
            self._identity.add(names_met if good.all() else names_met.filter(pa.array(good)))
        inside = good & (opened < self._end) & (closed >= self._start)
        left = good & ~inside
        if left.any():
            self.reckoning.see_outside(opened[left], closed[left])
        whole = bool(inside.all())

        def kept(column: npt.NDArray[Any]) -> npt.NDArray[Any]:
            return column if whole else column[inside]

        batch = Batch(
            kept(opened),
            kept(closed),
            kept(self._numbers.of(names)),
            len(self._numbers),
            {name: kept(numbers(columns[name], UNKNOWN)) for name in self._columns},
        )
        self.reckoning.see_inside(batch, self._start, self._end)
        for name in COUNTS:
            if name not in self._columns:
                self.reckoning.unknown[name] += len(batch.opened)
            elif columns[name].null_count:
                self.reckoning.unknown[name] += int(np.count_nonzero(batch.counts[name] == UNKNOWN))
        return batch

    def end_of_rows(self) -> None:
        """Settle what all rows came to.

        Raises
        ------
        BadRowsError
            If some were refused and may not be.
        InputError
            If none is left, or none lies in the window.
        """
        reckoning = self.reckoning
        self._refused = reckoning.refusals.settle(self.source, self.rows, self._given.options)
        if not (reckoning.kept or reckoning.events_kept) and reckoning.outside is not None:
            raise nothing_inside(self.source, self.window, reckoning.outside.window)
