"""A trace's frames as arrays: times in microseconds since the epoch, a number for each object."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from wscost.intervals import Ints, Pieces, split_days
from wscost.trace import KINDS, MESSAGE, SENT, UNKNOWN, Trace

__all__ = ["UNKNOWN", "Events", "Sockets", "microseconds", "sockets_and_events"]

if TYPE_CHECKING:
    import pandas as pd

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Sockets:
    """The columns of ``connections``; a count of ``UNKNOWN`` is not known."""

    opened: Ints
    closed: Ints
    """The end of the window for a socket still open."""
    still_open: Flags
    object: Ints
    without_object: int
    """How many connections have no ``object_id``; each counts as an object of its own."""
    messages_in: Ints
    messages_out: Ints
    bytes_in: Ints
    bytes_out: Ints
    pieces: Pieces
    """What of each connection lies in the window, cut at UTC midnights."""


@dataclass(frozen=True, slots=True)
class Events:
    """The columns of ``events`` that lie in the window; sizes and wall times of ``UNKNOWN`` are not known."""

    at: Ints
    kind: npt.NDArray[np.int8]
    """The place in ``KINDS``, or ``SENT`` for a message to the client."""
    object: Ints
    bytes: Ints
    auto_response: Flags
    wall: Ints
    """[µs]"""

    def of_kind(self, *kinds: str) -> Flags:
        """Tell which events are of one of the kinds; a message to the client is ``sent``."""
        places = [SENT if kind == "sent" else KINDS.index(kind) for kind in kinds]
        chosen: Flags = self.kind == places[0]
        for place in places[1:]:
            chosen = chosen | (self.kind == place)
        return chosen


def sockets_and_events(trace: Trace, start: int, end: int) -> tuple[Sockets, Events | None]:
    """Return a trace's frames as arrays, objects numbered alike in both."""
    import pandas as pd

    rows = trace.connections
    names = rows["object_id"]
    if trace.events is not None:
        names = pd.concat([names, trace.events["object_id"]])
    numbers, known = pd.factorize(names)
    numbers = numbers.astype(np.int64)
    nameless = numbers < 0
    numbers[nameless] = len(known) + np.arange(int(nameless.sum()))

    opened = microseconds(rows["opened_at"])
    still_open = rows["closed_at"].isna().to_numpy()
    closed = microseconds(rows["closed_at"].fillna(trace.window.end))
    sockets = Sockets(
        opened=opened,
        closed=closed,
        still_open=still_open,
        object=numbers[: len(rows)],
        without_object=int(nameless[: len(rows)].sum()),
        messages_in=_integers(rows["messages_in"]),
        messages_out=_integers(rows["messages_out"]),
        bytes_in=_integers(rows["bytes_in"]),
        bytes_out=_integers(rows["bytes_out"]),
        pieces=split_days(np.clip(opened, start, end), np.clip(closed, start, end)),
    )
    if trace.events is None:
        return sockets, None
    objects = numbers[len(rows) :]
    if len(rows) and nameless[len(rows) :].any():
        connection = pd.Index(rows["connection_id"]).get_indexer(trace.events["connection_id"])
        objects = np.where(nameless[len(rows) :] & (connection >= 0), sockets.object[connection], objects)
    return sockets, _events(trace.events, objects, start, end)


def _events(rows: pd.DataFrame, objects: Ints, start: int, end: int) -> Events:
    import pandas as pd

    at = microseconds(rows["at"])
    inside = (at >= start) & (at < end)
    kind = pd.Index(KINDS, dtype="string").get_indexer(pd.Index(rows["kind"])).astype(np.int8)
    kind[(kind == MESSAGE) & (rows["direction"] == "out").fillna(False).to_numpy(dtype=bool)] = SENT
    return Events(
        at=at[inside],
        kind=kind[inside],
        object=objects[inside],
        bytes=_integers(rows["bytes"])[inside],
        auto_response=rows["auto_response"].fillna(False).to_numpy(dtype=bool)[inside],
        wall=_integers((rows["wall_ms"] * 1000).round())[inside],
    )


def microseconds(times: pd.Series[pd.Timestamp]) -> Ints:
    """Return times as integers since the epoch. [µs]"""
    return np.asarray(times.astype("int64"), dtype=np.int64)


def _integers(column: pd.Series[int]) -> Ints:
    return np.asarray(column.fillna(UNKNOWN), dtype=np.int64)
