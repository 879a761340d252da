"""Sockets of one object and their union: why many sockets are one clock."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

from matplotlib.axes import Axes

from wscost.estimating import Options, deployment_of
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

NAME = "sockets"
SHOWS = Room


def height(room: Room) -> float:
    """Return how high the picture is. [inches]"""
    return 1.7 + sockets_height(room)


@picture(height)
def draw(room: Room, ax: Axes) -> None:
    """Draw a bar a socket, their sum, and below them the time in which at least one is open."""
    down = paint_sockets(room, ax)
    paint_clock(ax, room.active, down + 1.2, _name(room), color=COLORS["active"])
    write_above(ax, down + 2.3, f"all sockets added up: {length(room.open)}")
    frame(room, ax, down + 2.2)


def _name(room: Room) -> str:
    return "active, what is billed" if room.deployment.hibernation else "their union, what is billed"


def alt(room: Room) -> str:
    """Say how long the sockets are open, each and together."""
    return (
        f"A time line of {room.title}. Added up they are open {length(room.open)}; {_name(room)}: "
        f"{length(room.active)}."
    )


def gather(
    inputs: Sequence[str],
    *,
    object_: str | None = None,
    deployment: str = "durable-object",
    **options: Unpack[Options],
) -> Room:
    """Cut the room to draw out of a trace."""
    return Room.of(one_trace(inputs, options), object_, deployment_of(deployment))
