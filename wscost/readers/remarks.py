"""Notes that several foreign formats need, each written once."""

from __future__ import annotations

from dataclasses import replace

from wscost.notes import Note
from wscost.readers.options import format_window
from wscost.trace import Trace
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


def told_at_close(trace: Trace, window: Window | None) -> Trace:
    """Return the trace of a log that writes a line when a connection closes, with notes on what that hides.

    ``window`` is what the user gave; None: the trace's own begins with its first connection.
    """
    rows = trace.connections
    if (rows["opened_at"] == rows["closed_at"]).all():
        return trace
    first_line, last_line = rows["closed_at"].min(), rows["closed_at"].max()
    first_open = rows["opened_at"].min()
    earlier = int((rows["opened_at"] < first_line).sum())
    notes = [
        Note(
            "written-at-close",
            "The log tells of a connection once it is closed: those still open at its end are missing from "
            f"it. When its first line was written, {earlier:,} of its connections were open.",
            {"open_at_beginning": earlier},
        )
    ]
    if window is None and first_line - first_open > _MUCH * (last_line - first_open):
        told = format_window(Window(first_line.to_pydatetime(), trace.window.end))
        notes.append(
            Note(
                "begins-before-log",
                f"The window begins with the first connection, at {first_open:%Y-%m-%d %H:%M:%S} UTC, but "
                f"the first line was written at {first_line:%Y-%m-%d %H:%M:%S}. If the log is cut from a "
                f"longer one, a month projected from it is too low: pass --window {told}.",
                {"first_open": first_open.isoformat(), "first_line": first_line.isoformat()},
            )
        )
    return replace(trace, notes=(*trace.notes, *notes))
