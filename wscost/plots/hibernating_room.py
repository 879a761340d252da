"""A room that hibernates: its messages, its time in memory, its wakeups, and the little that is billed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

import numpy as np
from matplotlib.axes import Axes

from wscost.errors import InputError
from wscost.estimating import Options, deployment_of
from wscost.intervals import Ints
from wscost.metering.columns import microseconds
from wscost.plots.figures import on_axis
from wscost.plots.room import (
    COLORS,
    Room,
    frame,
    length,
    paint_clock,
    paint_sockets,
    sockets_height,
    write_above,
)
from wscost.plots.style import picture
from wscost.studying import one_trace

NAME = "room"
SHOWS = Room


def height(room: Room) -> float:
    """Return how high the picture is. [inches]"""
    return 2.5 + sockets_height(room)


@picture(height)
def draw(room: Room, ax: Axes) -> None:
    """Draw sockets, messages and, below them, when the object is in memory, when it runs, when it wakes."""
    if room.trace.events is None or not room.deployment.hibernation:
        raise InputError(
            f"{room.trace.source}: a room that hibernates takes events and a deployment with hibernation."
        )
    down = paint_sockets(room, ax)
    at = on_axis(_messages(room))
    ax.plot(at, [down + 0.95] * len(at), "|", color=COLORS["events"], markersize=7, markeredgewidth=0.7)
    write_above(ax, down + 0.95, f"messages that reach it: {len(at):,}")
    paint_clock(ax, room.resident, down + 2.2, "in memory", color=COLORS["resident"])
    woken = on_axis(room.resident.start)
    ax.plot(woken, [down + 2.55] * len(woken), "^", color=COLORS["wakeups"], markersize=4)
    paint_clock(ax, room.active, down + 3.6, "active, what is billed", color=COLORS["active"])
    write_above(ax, down + 4.75, f"wakeups, marked by triangles: {len(woken):,}")
    frame(room, ax, down + 4.7)


def _messages(room: Room) -> Ints:
    events = room.trace.events
    if events is None:
        return np.array([], dtype=np.int64)
    incoming = (events["kind"] == "message") & (events["direction"].fillna("in") == "in")
    answered = events["auto_response"].fillna(False).to_numpy(dtype=bool)
    if room.deployment.auto_response:
        incoming &= ~answered
    return microseconds(events.loc[incoming.fillna(False), "at"])


def alt(room: Room) -> str:
    """Say how long the object is in memory, how long it runs, and how often it wakes."""
    return (
        f"A time line of {room.title}. {len(_messages(room)):,} messages reach it; it is in memory for "
        f"{length(room.resident)}, active for {length(room.active)}, and wakes "
        f"{len(room.resident.start):,} times."
    )


def gather(
    inputs: Sequence[str],
    *,
    object_: str | None = None,
    deployment: str = "durable-object-hibernation",
    **options: Unpack[Options],
) -> Room:
    """Cut the room to draw out of a trace."""
    return Room.of(one_trace(inputs, options), object_, deployment_of(deployment))
