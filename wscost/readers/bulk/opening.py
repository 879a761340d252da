"""Big Parquet files as a stream, opened by what their statistics tell."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import NamedTuple, cast

import pyarrow as pa

from wscost.errors import InputError
from wscost.loops import UNCOMPILED, compiled
from wscost.readers.bulk.ahead import ahead
from wscost.readers.bulk.groups import Extent, File, Group, groups_of, in_turn
from wscost.readers.bulk.identity import Identity
from wscost.readers.bulk.partitions import partitions_of
from wscost.readers.bulk.reckoning import Reckoning
from wscost.readers.bulk.stream import Input, Pass
from wscost.readers.columns import Table, fits
from wscost.readers.intake import checked
from wscost.readers.options import Options
from wscost.trace import OPEN, Cut, Engine, Partition, Trace, TraceStream
from wscost.units import EARLIEST, LATEST
from wscost.usage import Window

EVER = Window(EARLIEST, LATEST)


def stream_of(
    given: Input, window: Window | None, checked: Callable[[], Trace | TraceStream] | None = None
) -> TraceStream:
    """Return the stream of an input; without a window, that of its first to its last event.

    ``checked`` reads the same with every check; where it is given, a pass finds out whether ids repeat.

    Raises
    ------
    BadRowsError
        If the window is to be found from rows, and some are refused.
    InputError
        If there are no rows in it.
    """
    groups = [group for file in given.files for group in groups_of(file) if group.rows]
    engine = given.options.engine
    if window is None:
        window = _extent(given, groups) or _extent_of_rows(given, groups, engine)
    tables: dict[Table, list[Group]] = {"connections": [], "events": []}
    for group in groups:
        tables[group.file.table].append(group)
    in_order = {table: in_turn(of_table) for table, of_table in tables.items()}
    disordered = {table for table, ordered in in_order.items() if ordered is None}
    connections, events = ([*(in_order[table] or tables[table])] for table in tables)
    groups = [*connections, *events]

    identity = Identity() if checked else None
    if not compiled():
        given.options.remark(f"{given.source}: {UNCOMPILED}")

    def cut() -> Cut:
        whole = Pass(given, groups, window, sort=False)
        return Cut(partitions_of(given, groups), partial(_rejoined, whole))

    return TraceStream(
        window=window,
        source=given.source,
        rows=sum(group.rows for group in connections),
        names_objects=any(group.names_objects for group in events)
        or _names_objects(given, connections, window),
        in_order=not disordered,
        read=lambda sort: Pass(given, groups, window, sort=sort, disordered=disordered, identity=identity),
        checked=checked,
        events=sum(group.rows for group in events) or None,
        cut=cut,
        elsewhere=engine.sums if engine else None,
    )


def check_types(file: File, options: Options) -> None:
    """Refuse columns whose type cannot hold what they are named for, before a row is read.

    Raises
    ------
    InputError
        Naming the file and the column.
    """
    types = {raw: file.schema.field(raw).type for raw in file.layout}
    doubtful = {raw: pa.nulls(0, type_) for raw, type_ in types.items() if not fits(type_, file.layout[raw])}
    if doubtful:
        checked(file.part.name, file.table, doubtful, size=0, options=options)


def nameless(files: Iterable[File]) -> bool:
    """Tell whether some row may not name its object."""
    return any("object_id" in group.lacking for file in files for group in groups_of(file) if group.rows)


def _extent(given: Input, groups: Sequence[Group]) -> Window | None:
    """Return the window from statistics; None where they do not tell it, or tell of rows to be skipped."""
    if given.options.skip_bad_rows:
        return None
    times: list[int] = []
    if not groups:
        return None
    for group in groups:
        if group.begun is None or (group.ended is None and not group.endless):
            return None
        times += (*group.begun, *(group.ended or ()))
    return Extent(min(times), max(times)).window


class Seen(NamedTuple):
    """The first and last times of rows, if any is good, and what reading them came to."""

    times: Extent | None
    reckoning: Reckoning


def see(partition: Partition) -> Seen:
    """Read a partition for its times."""
    return _see(cast(Pass, partition.read(EVER)))


def _extent_of_rows(given: Input, groups: Sequence[Group], engine: Engine | None) -> Window:
    """Return the window by reading every row."""
    rows = Pass(given, groups, EVER, sort=False)
    seen = engine.each(see, partitions_of(given, groups)) if engine else [_see(rows)]
    if engine:
        _rejoined(rows, [one.reckoning for one in seen])
    else:
        rows.end_of_rows()
    times = [at for one in seen if one.times for at in one.times]
    if not times:
        raise InputError(f"{given.source}: there are no rows in it.")
    return Extent(min(times), max(times)).window


def _names_objects(given: Input, groups: Sequence[Group], window: Window) -> bool:
    """Tell whether a connection in the window names its object, by reading rows where nothing else tells."""
    doubtful = []
    for group in groups:
        begun = None if group.begun is None else group.begun.window
        if not group.names_objects or (begun is not None and begun.start >= window.end):
            continue
        inside = begun is not None and window.start <= begun.start and begun.end <= window.end
        if inside and not given.options.skip_bad_rows:
            return True
        doubtful.append(group)
    return any((batch.object >= 0).any() for batch in Pass(given, doubtful, window, sort=False).batches())


def _see(rows: Pass) -> Seen:
    times: list[int] = []
    for batch in ahead(rows.batches()):
        ends = batch.closed[batch.closed != OPEN]
        first, last = int(batch.opened.min()), int(batch.opened.max())
        times = [min([first, *times]), max([last, int(ends.max(initial=last)), *times])]
    for happened in ahead(rows.events()):
        times = [min([int(happened.at.min()), *times]), max([int(happened.at.max()), *times])]
    return Seen(Extent(*times) if times else None, rows.reckoning)


def _rejoined(rows: Pass, reckonings: Iterable[Reckoning]) -> Pass:
    """Return a pass as if it had read what others did."""
    for reckoning in reckonings:
        rows.reckoning.add(reckoning)
    rows.end_of_rows()
    return rows
