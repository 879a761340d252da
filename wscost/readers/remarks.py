"""Notes that several foreign formats need, each written once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from wscost.notes import Note
from wscost.readers.options import format_window
from wscost.trace import OPEN
from wscost.units import moment_at
from wscost.usage import Window

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]

_MUCH = 0.05
"""From which share of the time that a log tells of its late beginning is worth a note."""


def other_requests(requests: int) -> tuple[Note, ...]:
    """Return the note on requests that are no WebSockets."""
    if not requests:
        return ()
    return (
        Note(
            "other-requests",
            f"Other requests in the log: {requests:,}. They are no connections and are not counted. "
            "Where they reach a Worker, declare them as monthly http_requests in the deployment.",
            {"http_requests": requests},
        ),
    )


def rooms_from_paths(rooms: int, connections: int) -> Note:
    """Return the note on rooms that a URL's path stands for."""
    return Note(
        "room-from-path",
        f"Rooms are taken from the paths of URLs (connections: {connections:,}, rooms: {rooms:,}). "
        "--room-from says otherwise: none, or a regular expression.",
        {"rooms": rooms, "connections": connections},
    )


@dataclass(slots=True)
class AtClose:
    """What a log that writes a line when a connection closes hides, seen from its connections. [µs]"""

    lasting: bool = False
    """Whether any connection lasted."""
    first_open: int = OPEN
    first_line: int = OPEN
    last_line: int = 0
    _earlier: list[Ints] = field(default_factory=list)
    """The openings before the first line; of a log in order they are few."""

    def see(self, opened: Ints, closed: Ints) -> None:
        """See connections, in any order; ``OPEN`` for a close that is not told."""
        ends = closed[closed != OPEN]
        self.lasting |= bool((opened != closed).any())
        self.first_open = min(self.first_open, int(opened.min(initial=OPEN)))
        self.last_line = max(self.last_line, int(ends.max(initial=0)))
        first_line = min(self.first_line, int(ends.min(initial=OPEN)))
        if first_line < self.first_line:
            self._earlier = [several[several < first_line] for several in self._earlier]
            self.first_line = first_line
        if len(earlier := opened[opened < first_line]):
            self._earlier.append(earlier)

    def notes(self, window: Window, *, given: bool) -> tuple[Note, ...]:
        """Return what to note; a window that was not given begins with the first connection."""
        if not self.lasting:
            return ()
        earlier = sum(map(len, self._earlier))
        at_close = Note(
            "written-at-close",
            "The log tells of a connection once it is closed: those still open at its end are missing from "
            f"it. When its first line was written, {earlier:,} of its connections were open.",
            {"open_at_beginning": earlier},
        )
        first_open, first_line, last_line = self.first_open, self.first_line, self.last_line
        alone = first_line == last_line
        if given or alone or first_line - first_open <= _MUCH * (last_line - first_open):
            return (at_close,)
        opened, written = map(moment_at, (first_open, first_line))
        told = format_window(Window(written, window.end))
        begins = Note(
            "begins-before-log",
            f"The window begins with the first connection, at {opened:%Y-%m-%d %H:%M:%S} UTC, but "
            f"the first line was written at {written:%Y-%m-%d %H:%M:%S}. If the log is cut from a "
            f"longer one, a month projected from it is too low: pass --window {told}.",
            {"first_open": opened.isoformat(), "first_line": written.isoformat()},
        )
        return at_close, begins
