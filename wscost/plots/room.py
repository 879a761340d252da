"""One object on a time line: its sockets, what happened in it, and what its clock makes of them.

Two pictures of the same room. ``sockets`` shows how the union of open sockets becomes one clock;
``room`` adds the events, the time in memory and the wakeups of an object that hibernates.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np
from matplotlib.axes import Axes

from wscost.deployment import PRESETS, Deployment
from wscost.errors import InputError, UnknownNameError
from wscost.intervals import Intervals
from wscost.metering import object_lives
from wscost.metering.columns import microseconds
from wscost.plots.figures import days, label, moments, on_axis
from wscost.plots.style import BLUE, GREEN, INK, MUTED, ORANGE, RED
from wscost.reports import wording
from wscost.trace import Trace
from wscost.units import microseconds_of, number_of

MOST_SOCKETS = 60
"""Of more sockets, the first are drawn; the clocks are those of all."""


@dataclass(frozen=True, slots=True)
class Room:
    """What a trace tells of one object, and how it is deployed."""

    name: str
    trace: Trace
    deployment: Deployment

    @classmethod
    def of(cls, trace: Trace, name: str | None = None, deployment: Deployment | None = None) -> Room:
        """Cut one object out of a trace: the one named, else the one with the most connections.

        Raises
        ------
        InputError
            If the trace names no objects.
        UnknownNameError
            If it names others.
        """
        by_room = trace.connections["object_id"].value_counts(sort=True)
        if by_room.empty:
            raise InputError(f"{trace.source}: no connection names its object, so none can be drawn.")
        chosen = str(by_room.index[0]) if name is None else name
        if chosen not in by_room.index:
            raise UnknownNameError("object in this trace", chosen, map(str, by_room.index))
        rows = trace.connections[trace.connections["object_id"] == chosen]
        events = trace.events
        if events is not None:
            inside = events["connection_id"].isin(rows["connection_id"]) | (events["object_id"] == chosen)
            events = events[inside.fillna(False)]
        cut = replace(trace, connections=rows.sort_values("opened_at"), events=events)
        return cls(chosen, cut, deployment or PRESETS["durable-object"])

    @property
    def open(self) -> Intervals:
        """When each socket is open inside the window. [µs]"""
        rows, window = self.trace.connections, self.trace.window
        start, end = microseconds_of(window.start), microseconds_of(window.end)
        opened = microseconds(rows["opened_at"])
        closed = microseconds(rows["closed_at"].fillna(window.end))
        return Intervals(np.arange(len(rows)), np.clip(opened, start, end), np.clip(closed, start, end))

    @property
    def active(self) -> Intervals:
        """When the object is active: what is billed. [µs]"""
        return object_lives(self.trace, self.deployment).active

    @property
    def resident(self) -> Intervals:
        """When it is in memory. [µs]"""
        return object_lives(self.trace, self.deployment).resident

    @property
    def title(self) -> str:
        """What the picture is of."""
        many = len(self.trace.connections)
        part = f"the first {MOST_SOCKETS} of " if many > MOST_SOCKETS else ""
        return f"{label(self.name, 32)}: {part}{number_of(many, 'socket', 'sockets')}"


def paint_sockets(room: Room, ax: Axes) -> float:
    """Draw a thin bar a socket from the top down; return how far down they reach."""
    spans = room.open
    start, end = on_axis(spans.start[:MOST_SOCKETS]), on_axis(spans.end[:MOST_SOCKETS])
    step = min(1.0, 6 / max(len(start), 1))
    for i, (a, b) in enumerate(zip(start, end, strict=True)):
        ax.barh((i + 0.5) * step, b - a, left=a, height=0.55 * step, color=BLUE)
    return len(start) * step


def sockets_height(room: Room) -> float:
    """Return how high the bars of the sockets are. [inches]"""
    return 0.22 * min(len(room.trace.connections), 6)


def paint_clock(ax: Axes, spans: Intervals, y: float, name: str, *, color: str) -> None:
    """Draw intervals as one bar with its name and its length."""
    for a, b in zip(on_axis(spans.start), on_axis(spans.end), strict=True):
        ax.barh(y, b - a, left=a, height=0.5, color=color, edgecolor=color, linewidth=0.8)
    write_above(ax, y, f"{name}: {length(spans)}")


def write_above(ax: Axes, y: float, words: str) -> None:
    """Write above a row, from its left end."""
    ax.annotate(
        words,
        (0, y - 0.32),
        (0, 1),
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
        va="bottom",
    )


def frame(room: Room, ax: Axes, bottom: float) -> None:
    """Set the time line and the room below it."""
    window = room.trace.window
    ax.set_xlim(*on_axis(np.array([microseconds_of(window.start), microseconds_of(window.end)])))
    ax.set_ylim(bottom, -0.3)
    ax.set_yticks([])
    ax.grid(visible=False, axis="y")
    ax.grid(visible=True, axis="x")
    ax.xaxis_date()
    moments(ax)
    days(ax, window.start, window.end)
    ax.set_title(room.title)


def length(spans: Intervals) -> str:
    """Write how long intervals are in all."""
    return f"{wording.figure(Decimal(int(np.sum(spans.end - spans.start))).scaleb(-6))} s"


COLORS = {"active": GREEN, "resident": ORANGE, "events": INK, "answered": MUTED, "wakeups": RED}
