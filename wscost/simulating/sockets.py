"""Connections and events as plain arrays."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from wscost.simulating.streams import Ints


@dataclass
class Sockets:
    """Parallel arrays, one entry a connection, grouped by room. [µs since 1970]"""

    room: Ints
    day: Ints
    """On which its session began, counted from year 1."""
    number: Ints
    """Which of the room's connections of that day."""
    group: Ints
    """Which of the room's objects of that day; 0 where a room is one object."""
    opened: Ints
    closed: Ints
    messages_in: Ints
    messages_out: Ints
    bytes_in: Ints
    bytes_out: Ints

    def __len__(self) -> int:
        return len(self.room)

    @staticmethod
    def none() -> Sockets:
        """Return no connections."""
        return Sockets(*(np.empty(0, np.int64),) * len(_COLUMNS))

    def take(self, rows: npt.NDArray[Any]) -> Sockets:
        """Return some of the connections."""
        return Sockets(*(getattr(self, name)[rows] for name in _COLUMNS))

    def with_more(self, more: Sockets) -> Sockets:
        """Return these connections and others, still grouped by room."""
        if not len(self):
            return more
        order = np.argsort(np.concatenate([self.room, more.room]), kind="stable")
        columns = (np.concatenate([getattr(self, name), getattr(more, name)]) for name in _COLUMNS)
        return Sockets(*(column[order] for column in columns))


_COLUMNS = [column.name for column in fields(Sockets)]

KIND = ("open", "message", "close", "request")
HAPPENING = np.dtype(
    [
        ("room", np.int64),
        ("day", np.int64),
        ("number", np.int64),
        ("group", np.int64),
        ("at", np.int64),
        ("bytes", np.int64),
        ("kind", np.int8),
        ("out", np.bool_),
        ("auto_response", np.bool_),
    ]
)
"""One row an event; the first four columns name the connection as in ``Sockets``, -1 is unknown."""
Happenings = npt.NDArray[np.void]
UNKNOWN = -1
