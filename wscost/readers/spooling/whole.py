"""All rows of a log on disk: contradictions between them found, connections derived, and the stream made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from wscost.notes import Grade
from wscost.readers.building import TICK, derived, frame_of, opening_unseen
from wscost.readers.columns import Faults, Table
from wscost.readers.contradictions import faults_between, repeated, stands_already, without_row
from wscost.readers.deriving import Sent, how_well_known
from wscost.readers.spooling.owners import Owners, Pair
from wscost.readers.spooling.runs import ROW
from wscost.readers.spooling.slices import Slices
from wscost.readers.spooling.spool import Spool, schema_of
from wscost.readers.spooling.stream import Rows, Told, ends, stream_of
from wscost.trace import DIRECTIONS, TraceStream
from wscost.units import moment_at
from wscost.usage import Window


class Contradiction(NamedTuple):
    """A row that others contradict; parts by number."""

    part: int
    line: int
    sentence: str


class Spools:
    """The spools of a log's tables."""

    def __init__(self) -> None:
        self._of: dict[Table, Spool] = {}
        self._slices: dict[Table, Slices] = {}
        self._sent = {direction: Sent() for direction in DIRECTIONS}
        self._unseen = 0
        """How many connections there are of which no open was seen."""
        self._unowned = False
        """Whether an event's object is to be found by its connection."""

    def add(self, table: Table, batch: pa.Table) -> None:
        """Set rows aside.

        Raises
        ------
        OutputError
            If the temporary folder is full.
        """
        if table not in self._of:
            self._of[table] = Spool(table)
        self._of[table].add(batch)
        if table == "events":
            self._count_sent(batch)
            alone = pc.and_(batch["object_id"].is_null(), batch["connection_id"].is_valid())
            self._unowned |= bool(pc.any(alone).as_py())

    @property
    def empty(self) -> bool:
        """Whether no table has been added, not even one of no rows."""
        return not self._of

    def contradictions(self, parts: Sequence[str]) -> Iterator[Contradiction]:
        """Yield the rows that others contradict, and leave them out in the end; no more rows are added."""
        for spool in self._of.values():
            spool.end()
        if "events" not in self._of:
            for double in self._of["connections"].doubles():
                self._of["connections"].drop(double.row)
                first = f"{parts[double.first_part]}:{double.first_line}"
                yield Contradiction(double.part, double.line, stands_already(double.name, first))
            return
        self._slices = {table: spool.slices() for table, spool in self._of.items()}
        for number in self._slices["events"].numbers:
            tables = self._contradictable(number)
            if not any(map(len, tables.values())):
                continue
            rows = {table: frame_of([one], table) for table, one in tables.items()}
            faults: dict[Table, Faults] = {"events": faults_between(rows["events"], parts)}
            if "connections" in rows:
                faults["connections"] = repeated(rows["connections"], parts)
                faults["events"] |= without_row(rows["events"], rows["connections"])
            for table, found in faults.items():
                places = rows[table].loc[list(found), ["part", "line", ROW]]
                for (part, line, row), sentence in zip(
                    places.itertuples(index=False), found.values(), strict=True
                ):
                    self._of[table].drop(row)
                    yield Contradiction(part, line, sentence)

    def _contradictable(self, number: int) -> dict[Table, pa.Table]:
        """Return the rows of a slice that may be contradicted: no messages of connections that have rows."""
        slices, tables = self._slices, dict[Table, pa.Table]()
        if "connections" in slices:
            tables["connections"] = slices["connections"].table(number)
        known = tables["connections"]["connection_id"].combine_chunks() if tables else None

        def wanted(events: pa.RecordBatch) -> pa.Array:
            bound = pc.not_equal(events["kind"], "message")
            if known is None:
                return bound
            return pc.or_(bound, pc.invert(pc.is_in(events["connection_id"], known)))

        tables["events"] = slices["events"].table(number, wanted)
        return tables

    def stream(self, told: Told) -> TraceStream:
        """Return the stream of what is left.

        Raises
        ------
        OutputError
            If the temporary folder is full.
        """
        extents = [spool.extent() for spool in self._of.values()]
        first, last = min(one.first for one in extents), max(one.last for one in extents)
        extent = Window(moment_at(first), moment_at(last) + TICK)
        window = told.window or extent
        alone_events = "connections" not in self._of
        if self._unowned:
            owners = Owners(*ends(window))
            for pair in self._pairs(window):
                owners.add(pair)
            owners.add_nameless(self._of["events"].nameless())
            connections, events, alone = owners.end()
            kept = Rows(connections, events, window, extent, alone)
        else:
            if alone_events:
                self._of["connections"] = self._derived(window)
            tables = {table: spool.kept() for table, spool in self._of.items()}
            kept = Rows(tables["connections"], tables.get("events"), window, extent)
        return stream_of(kept, self._told_of_derived(told) if alone_events else told)

    def _derived(self, window: Window) -> Spool:
        """Return the connections that events tell of."""
        spool = Spool("connections")
        for pair in self._pairs(window):
            spool.add(pair.connections)
        spool.end()
        return spool

    def _pairs(self, window: Window) -> Iterator[Pair]:
        """Yield what is left of each slice; of events alone with the connections that they tell of."""
        for tables in zip(*(slices.tables() for slices in self._slices.values()), strict=True):
            rows = {table: self._of[table].left(one) for table, one in zip(self._slices, tables, strict=True)}
            if "connections" not in rows and len(rows["events"]):
                rows["connections"] = self._connections_of(rows["events"], window)
            if any(map(len, rows.values())):
                yield Pair(rows["connections"], rows["events"])

    def _connections_of(self, rows: pa.Table, window: Window) -> pa.Table:
        events = frame_of([rows], "events")
        connections, unseen = derived(events, window, self._sent)
        self._unseen += unseen
        first = events.drop_duplicates("connection_id")
        places = {name: first[name].to_numpy() for name in ("line", "part", ROW)}
        table = pa.Table.from_pandas(
            connections.assign(**places), schema_of("connections"), preserve_index=False
        )
        return table.replace_schema_metadata()

    def _told_of_derived(self, told: Told) -> Told:
        grades, notes = how_well_known(self._sent)
        if self._unseen:
            grades["opened_at"] = Grade.LOWER_BOUND
        notes = (*told.notes, *notes, *opening_unseen(self._unseen))
        return told._replace(grades={**told.grades, **grades}, notes=notes)

    def _count_sent(self, batch: pa.Table) -> None:
        message = pc.equal(batch["kind"], "message")
        sized, named = (_flags(batch[name].is_valid()) for name in ("bytes", "connection_id"))
        for direction, sent in self._sent.items():
            sent.see(_flags(pc.and_(message, pc.equal(batch["direction"], direction))), sized, named)


def _flags(column: pa.ChunkedArray) -> npt.NDArray[np.bool_]:
    found: npt.NDArray[np.bool_] = column.fill_null(False).to_numpy()
    return found
