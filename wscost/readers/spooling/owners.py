"""Whose events are that name their connection and not their object: found by the connection, slice by slice.

An event is of the object of its connection. Where that has none, connection and events are an object of
their own, which is numbered: connections that name no object are ``alone``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wscost.loops import NOBODY
from wscost.readers.spooling.spool import Kept, Spool
from wscost.trace import OPEN

OWNER, ALONE = "owner", "alone"
"""In place of the number of a connection that is alone."""
BESIDE = {OWNER: pa.string(), ALONE: pa.int32()}


class Pair(NamedTuple):
    """Connections, and the events of the same."""

    connections: pa.Table
    events: pa.Table


class Owned(NamedTuple):
    """Rows that tell whose they are, in order of time, and how many connections are alone."""

    connections: Kept
    events: Kept
    alone: int


class Owners:
    """Rows on their way to be told whose they are; only connections that overlap a window count. [µs]"""

    def __init__(self, start: int, end: int) -> None:
        self._start, self._end = start, end
        self._connections = Spool("connections", beside=BESIDE)
        self._events = Spool("events", beside=BESIDE)
        self._alone = 0

    def add(self, pair: Pair) -> None:
        """Add whole connections with all their events.

        Raises
        ------
        OutputError
            If the temporary folder is full.
        """
        connections = self._numbered(pair.connections)
        self._connections.add(connections.select(self._connections.schema.names))
        place = pc.index_in(
            pair.events["connection_id"],
            pc.if_else(self._inside(connections), connections["connection_id"], None),
        )
        named = pair.events["object_id"].is_valid()
        found = connections.select([OWNER, ALONE]).take(place)
        self._add_events(
            pair.events,
            pc.coalesce(pair.events["object_id"], found[OWNER]),
            pc.if_else(named, NOBODY, found[ALONE].fill_null(NOBODY)),
        )

    def add_nameless(self, tables: Iterable[pa.Table]) -> None:
        """Add events that name no connection: none of them is another's."""
        for events in tables:
            self._add_events(events, events["object_id"], pa.repeat(NOBODY, len(events)))

    def end(self) -> Owned:
        """Return all rows."""
        self._connections.end()
        self._events.end()
        return Owned(self._connections.kept(), self._events.kept(), self._alone)

    def _numbered(self, connections: pa.Table) -> pa.Table:
        alone = pc.and_(connections["object_id"].is_null(), self._inside(connections)).to_numpy()
        numbers = np.where(alone, self._alone + np.cumsum(alone) - 1, NOBODY).astype(np.int32)
        self._alone += int(np.count_nonzero(alone))
        return connections.append_column(OWNER, connections["object_id"]).append_column(
            ALONE, pa.array(numbers)
        )

    def _inside(self, connections: pa.Table) -> pa.ChunkedArray:
        opened = connections["opened_at"].cast(pa.int64())
        closed = connections["closed_at"].cast(pa.int64()).fill_null(OPEN)
        return pc.and_(pc.less(opened, self._end), pc.greater_equal(closed, self._start))

    def _add_events(self, events: pa.Table, owner: pa.Array, alone: pa.Array) -> None:
        if len(events):
            rows = events.append_column(OWNER, owner).append_column(ALONE, alone.cast(pa.int32()))
            self._events.add(rows.select(self._events.schema.names))
