"""The intake: rows of any form become canonical columns; a bad row is refused with its place."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NamedTuple

from wscost.errors import InputError
from wscost.notes import Grade, Note
from wscost.readers.arrays import flags
from wscost.readers.building import at_close, build_trace, frame_of
from wscost.readers.cells import from_values
from wscost.readers.columns import COLUMNS, Faults, Table, arrow_type, canonical, known_columns
from wscost.readers.contradictions import (
    backwards,
    faults_between,
    repeated,
    without_row,
)
from wscost.readers.heading import Heading, merged
from wscost.readers.options import Options
from wscost.readers.refusals import SHOWN_CHARACTERS, Refusals, shown
from wscost.readers.source import Part, Source
from wscost.trace import DIRECTIONS, KINDS, Trace, TraceStream

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd
    import pyarrow as pa

    from wscost.readers.spooling.whole import Spools

BATCH_ROWS = 8_192
"""Rows that a reader should hand over at once."""
HELD_ROWS = 1_000_000
"""From so many rows on, they are set aside on disk where a stream will do."""


class Places(NamedTuple):
    """Where rows stand: the numbers of their parts and lines, and their own in the order of reading."""

    part: npt.NDArray[np.int64]
    line: npt.NDArray[np.int64]
    row: npt.NDArray[np.int64]


class Intake:
    """Rows of one source, in batches; at the end, their trace.

    Columns are called as in a canonical file, times by their unit: ``{"opened_at_ns": […]}``. Where the
    options let a trace be a stream, rows too many to hold are set aside on disk as they come.

    Parameters
    ----------
    written_at_close
        Whether the log tells of a connection once it is closed; what that hides is noted.
    """

    def __init__(self, source: Source, options: Options, *, written_at_close: bool = False) -> None:
        self.source = source
        self.options = options
        self.refusals = Refusals(part.name for part in source.parts)
        self.rows = 0
        self._written_at_close = written_at_close
        self._order = {part.name: number for number, part in enumerate(source.parts)}
        self._batches: dict[Table, list[pa.Table]] = {"connections": [], "events": []}
        self._held = 0
        self._spools: Spools | None = None
        self._headings: list[Heading] = []
        self._ignored: dict[str, None] = {}

    def refuse(self, part: Part, line: int, sentence: str) -> None:
        """Refuse a row that does not even have columns."""
        self.rows += 1
        self.refusals.add(part.name, line, sentence)

    def ignore(self, names: Iterable[str]) -> None:
        """Remember columns that mean nothing here, to be noted."""
        self._ignored.update(dict.fromkeys(names))

    def take_heading(self, heading: Heading) -> None:
        """Take what a part says about the trace as a whole."""
        self._headings.append(heading)

    def take_values(
        self, part: Part, table: Table, values: Mapping[str, Sequence[Any]], lines: Sequence[int]
    ) -> None:
        """Take rows as Python values by column: text, numbers, booleans, None."""
        arrays, faults = _arrays(table, values)
        self.take(part, table, arrays, lines, faults)

    def take_mixed(self, table: Table, values: Mapping[str, Sequence[Any]], places: Places) -> None:
        """Take rows of any parts as Python values by column."""
        arrays, faults = _arrays(table, values)
        self.take_whole(table, arrays, places, faults)

    def take(
        self,
        part: Part,
        table: Table,
        arrays: Mapping[str, pa.Array],
        lines: Sequence[int] | npt.NDArray[np.int64],
        faults: Faults | None = None,
    ) -> None:
        """Take rows as Arrow arrays by column; rows with a fault are refused.

        Raises
        ------
        InputError
            If an array's type cannot hold what its column holds.
        OutputError
            If rows cannot be set aside on disk.
        """
        import numpy as np
        import pyarrow as pa

        columns, faults = checked(
            part.name, table, arrays, size=len(lines), options=self.options, faults=faults
        )
        if table == "connections":
            columns["connection_id"] = _named(columns["connection_id"], self.rows)
        columns["line"] = pa.array(lines, pa.int64())
        columns["part"] = pa.array(np.full(len(lines), self._order[part.name], dtype=np.int32))
        self._take_good(table, pa.table(columns), faults)

    def take_whole(
        self, table: Table, arrays: Mapping[str, pa.Array], places: Places, faults: Faults | None = None
    ) -> None:
        """Take rows of any parts as Arrow arrays by column, in any order; each connection has its name.

        Raises
        ------
        OutputError
            If rows cannot be set aside on disk.
        """
        import numpy as np
        import pyarrow as pa

        size = len(places.row)
        columns, faults = checked(
            self.source.name, table, arrays, size=size, options=self.options, faults=faults
        )
        columns["line"] = pa.array(places.line)
        columns["part"] = pa.array(places.part.astype(np.int32))
        columns["row"] = pa.array(places.row)
        self._take_good(table, pa.table(columns), faults)

    def may_hold(self, rows: int = 0) -> bool:
        """Tell whether so many rows may be held beside those that are."""
        return not self.options.streamed or self._held + rows < HELD_ROWS

    def set_aside(self, beside: int = 0) -> None:
        """Set the rows aside that are held, and from now on all; so many others are held beside them.

        Raises
        ------
        OutputError
            If the temporary folder is full.
        """
        from wscost.readers.spooling.whole import Spools

        if self._spools is not None:
            return
        self._spools = Spools()
        for table, batches in self._batches.items():
            waiting, self._batches[table] = deque(batches), []
            while waiting:
                self._spools.add(table, waiting.popleft())

    def trace(
        self, grades: Mapping[str, Grade] | None = None, notes: Iterable[Note] = ()
    ) -> Trace | TraceStream:
        """Return the trace of all rows taken; as a stream where they are too many to hold.

        Raises
        ------
        BadRowsError
            If rows were refused and bad rows may not be skipped.
        InputError
            If no row is left, or none lies in the window.
        OutputError
            If rows cannot be set aside on disk.
        """
        heading = merged(self._headings)
        grades = {**heading.grades, **(grades or {})}
        if self._spools is not None and not self._spools.empty:
            return self._stream(self._spools, heading, grades, notes)
        connections, events = self._frame("connections"), self._frame("events")
        names = [part.name for part in self.source.parts]
        if connections is not None:
            connections = self._refused(connections, repeated(connections, names))
        if events is not None:
            faults = faults_between(events, names)
            if connections is not None:
                faults |= without_row(events, connections)
            events = self._refused(events, faults)
        refused = self.refusals.settle(self.source.name, self.rows, self.options)
        if connections is None and events is None and heading.window is not None:
            connections = frame_of([], "connections")
        trace = build_trace(
            self.source.name,
            connections,
            events,
            window=self.options.window or heading.window,
            grades=grades,
            notes=(*notes, *refused, *ignored(self._ignored)),
            rows=self.rows,
            refused=self.refusals.total,
        )
        return at_close(trace, given=self.options.window is not None) if self._written_at_close else trace

    def _take_good(self, table: Table, rows: pa.Table, faults: Faults) -> None:
        """Keep rows, but for those with a fault, which are refused."""
        import numpy as np
        import pyarrow as pa

        self.rows += len(rows)
        if faults:
            for row in sorted(faults):
                part, line = rows["part"][row].as_py(), rows["line"][row].as_py()
                self.refusals.add(self.source.parts[part].name, line, faults[row])
            good = np.ones(len(rows), dtype=bool)
            good[list(faults)] = False
            rows = rows.filter(pa.array(good))
        self._keep(table, rows)

    def _keep(self, table: Table, batch: pa.Table) -> None:
        """Hold good rows, or set them aside where they are many."""
        if self._spools is not None:
            self._spools.add(table, batch)
            return
        self._batches[table].append(batch)
        self._held += len(batch)
        if not self.may_hold():
            self.set_aside()

    def _stream(
        self, spools: Spools, heading: Heading, grades: Mapping[str, Grade], notes: Iterable[Note]
    ) -> TraceStream:
        from wscost.readers.spooling.stream import Told

        names = [part.name for part in self.source.parts]
        for part, line, sentence in spools.contradictions(names):
            self.refusals.add(names[part], line, sentence)
        refused = self.refusals.settle(self.source.name, self.rows, self.options)
        told = Told(
            self.source.name,
            self.rows,
            self.refusals.total,
            grades,
            notes=(*notes, *refused, *ignored(self._ignored)),
            beside=self.source.notes,
            window=self.options.window or heading.window,
            window_given=self.options.window is not None,
            written_at_close=self._written_at_close,
        )
        return spools.stream(told)

    def _frame(self, table: Table) -> pd.DataFrame | None:
        batches, self._batches[table] = self._batches[table], []
        if not batches:
            return None
        rows = frame_of(batches, table)
        return rows.sort_values("row", ignore_index=True) if "row" in rows else rows

    def _refused(self, rows: pd.DataFrame, faults: Faults) -> pd.DataFrame:
        refused = rows.loc[list(faults), ["part", "line"]]
        for part, line, sentence in zip(refused["part"], refused["line"], faults.values(), strict=True):
            self.refusals.add(self.source.parts[part].name, line, sentence)
        return rows.drop(index=list(faults)).reset_index(drop=True) if faults else rows


def _arrays(table: Table, values: Mapping[str, Sequence[Any]]) -> tuple[dict[str, pa.Array], Faults]:
    known = known_columns(table)
    arrays: dict[str, pa.Array] = {}
    faults: Faults = {}
    for raw, cells in values.items():
        arrays[raw], found = from_values(cells, known[raw])
        faults = found | faults
    return arrays, faults


def ignored(names: Iterable[str]) -> tuple[Note, ...]:
    """Return the note on columns that mean nothing in a trace."""
    several = list(names)
    if not several:
        return ()
    told = [name if len(name) <= SHOWN_CHARACTERS else shown(name) for name in several[:20]]
    more = f" and {len(several) - len(told):,} more" if len(several) > len(told) else ""
    return (
        Note(
            "columns-ignored",
            f"Columns that a trace does not have were ignored: {', '.join(told)}{more}.",
            {"columns": told},
        ),
    )


def checked(
    place: str,
    table: Table,
    arrays: Mapping[str, pa.Array],
    *,
    size: int,
    options: Options,
    faults: Faults | None = None,
) -> tuple[dict[str, pa.Array], Faults]:
    """Return rows as canonical columns, nulls where there is none, and what is wrong with which row.

    Raises
    ------
    InputError
        If an array's type cannot hold what its column holds.
    """
    import pyarrow as pa

    known, faults = known_columns(table), dict(faults or {})
    columns: dict[str, pa.Array] = {}
    for raw, array in arrays.items():
        try:
            columns[known[raw].name], found = canonical(array, known[raw], assume_utc=options.assume_utc)
        except InputError as error:
            raise InputError(f"{place}: {error}") from None
        faults = found | faults
    columns = {
        name: columns[name] if name in columns else pa.nulls(size, arrow_type(known[name].kind))
        for name in COLUMNS[table]
    }
    _check_rows(table, columns, faults)
    return columns, faults


def _check_rows(table: Table, columns: Mapping[str, pa.Array], faults: Faults) -> None:
    """Add the rows that break a rule within themselves to the faults."""
    import pyarrow.compute as pc

    def refuse(broken: pa.Array, sentence: str) -> None:
        for row in flags(broken).nonzero()[0]:
            faults.setdefault(int(row), sentence)

    if table == "connections":
        opened_at, closed_at = columns["opened_at"], columns["closed_at"]
        if opened_at.null_count:
            refuse(opened_at.is_null(), "opened_at is missing.")
        for row in flags(pc.less(closed_at, opened_at)).nonzero()[0]:
            times = closed_at[int(row)].as_py(), opened_at[int(row)].as_py()
            faults.setdefault(int(row), backwards("closed_at", times[0], "opened_at", times[1]))
        return
    kind, direction, connection = columns["kind"], columns["direction"], columns["connection_id"]
    message = pc.equal(kind, "message")
    refuse(columns["at"].is_null(), "at is missing.")
    refuse(kind.is_null(), f"kind is missing; it is one of {', '.join(KINDS)}.")
    for name, array, words in (("kind", kind, KINDS), ("direction", direction, DIRECTIONS)):
        for word in pc.unique(array).drop_null().to_pylist():
            if word not in words:
                close = get_close_matches(word.lower(), words, n=1, cutoff=0.6)
                hint = f"Did you mean {close[0]}?" if close else f"It is one of {', '.join(words)}."
                refuse(pc.equal(array, word), f"{name} {shown(word)} is unknown. {hint}")
    refuse(pc.and_(message, direction.is_null()), "a message needs a direction: in (from the client) or out.")
    bound = pc.or_(pc.equal(kind, "open"), pc.equal(kind, "close"))
    refuse(pc.and_(bound, connection.is_null()), "an open or close needs a connection_id.")
    nobody = pc.and_(connection.is_null(), columns["object_id"].is_null())
    refuse(pc.and_(message, nobody), "a message needs a connection_id or an object_id.")


def _named(names: pa.Array, rows_before: int) -> pa.Array:
    """Make up ids where the source has none."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    if not names.null_count:
        return names
    numbers = pa.array(np.arange(rows_before + 1, rows_before + 1 + len(names))).cast(pa.string())
    return pc.coalesce(names, pc.binary_join_element_wise("row", numbers, "-"))
