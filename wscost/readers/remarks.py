"""Notes that several foreign formats need, each written once."""

from __future__ import annotations

from datetime import datetime, timedelta

from wscost.notes import Note
from wscost.readers.columns import EPOCH
from wscost.readers.options import format_window
from wscost.usage import Window

_MUCH = 0.05
"""From which share of the time that a log tells of its late beginning is worth a note."""


def other_requests(requests: int) -> tuple[Note, ...]:
    """Return the note on requests that are no WebSockets."""
    if not requests:
        return ()
    return (
        Note(
            "other-requests",
            f"{requests:,} other requests stand in the log: they are no connections and are not counted. "
            "Where they reach a Worker, declare them as monthly http_requests in the deployment.",
            {"http_requests": requests},
        ),
    )


def rooms_from_paths(rooms: int, connections: int) -> Note:
    """Return the note on rooms that a URL's path stands for."""
    return Note(
        "room-from-path",
        f"Rooms are taken from the paths of URLs: {rooms:,} for {connections:,} connections. "
        "room_from says otherwise: none, or a regular expression.",
        {"rooms": rooms, "connections": connections},
    )


def written_at_close(first_open: int, first_close: int, last_close: int, earlier: int) -> tuple[Note, ...]:
    """Return the notes on a log that tells of a connection only once it is closed. [µs]

    ``earlier`` counts the connections that were open when the first line was written.
    """
    notes = [
        Note(
            "written-at-close",
            "The log tells of a connection once it is closed: those still open at its end are missing from "
            f"it (at its beginning there were {earlier:,}).",
            {"open_at_beginning": earlier},
        )
    ]
    if first_close - first_open > _MUCH * (last_close - first_open):
        told = format_window(Window(_at(first_close), _at(last_close) + timedelta(microseconds=1)))
        notes.append(
            Note(
                "begins-before-log",
                f"The window begins with the first connection, at {_at(first_open):%Y-%m-%d %H:%M:%S} UTC, "
                f"but the first line was written at {_at(first_close):%Y-%m-%d %H:%M:%S}. If the log is cut "
                f"from a longer one, a month projected from it is too low: pass --window {told}.",
                {"first_open": _at(first_open).isoformat(), "first_line": _at(first_close).isoformat()},
            )
        )
    return tuple(notes)


def _at(microseconds: int) -> datetime:
    return EPOCH + timedelta(microseconds=microseconds)
