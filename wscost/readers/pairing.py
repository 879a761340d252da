"""Which close ends which open, where events name the object but not the connection."""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, cast

OPEN, MESSAGE, ERROR, CLOSE = range(4)
"""Kinds of events, in the order in which those of one millisecond are taken."""


@dataclass(slots=True)
class Socket:
    """One connection of an object. [µs]"""

    opened: int
    closed: int | None = None
    opening_seen: bool = True
    room: str | None = None
    counted: int = 0
    counting: bool = True
    """False from the first message that may be another socket's."""

    @property
    def messages(self) -> int | None:
        """The messages of this socket; None where they cannot be told from those of others."""
        return self.counted if self.counting else None


@dataclass(slots=True)
class ObjectLog:
    """The events of one object, in the order of arrival; times in µs, places as part and line."""

    kind: array[int] = field(default_factory=lambda: array("b"))
    at: array[int] = field(default_factory=lambda: array("q"))
    wall: array[int] = field(default_factory=lambda: array("q"))
    part: array[int] = field(default_factory=lambda: array("l"))
    line: array[int] = field(default_factory=lambda: array("q"))
    rooms: dict[int, str | None] = field(default_factory=dict)
    """The room of each open, where its URL tells one, by the number of the event."""

    def add(self, kind: int, at: int, wall: int, part: int, line: int) -> None:
        """Add one event."""
        self.kind.append(kind)
        self.at.append(at)
        self.wall.append(wall)
        self.part.append(part)
        self.line.append(line)


class Moment(NamedTuple):
    """When something was asked for, and on which path."""

    at: int
    """[µs]"""
    path: str | None


class Reach(NamedTuple):
    """How long before and after a front its inner event may begin. [µs]"""

    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Paired:
    """The sockets of an object, and for each event the socket that it belongs to, where known."""

    sockets: Sequence[Socket]
    socket_of: Sequence[int | None]
    overlapping: bool
    """Whether several were open at once: then single lives are guessed, their sum is not."""


def pair(log: ObjectLog) -> Paired:
    """Return the sockets of an object: who opened first is taken to close first.

    Whichever way opens and closes are paired, the time that they are open adds up to the same. A message
    or close while no socket is open belongs to one whose open is not in the log: it is taken to have
    opened with the first of them, a lower bound. An error ends a socket only where closes are too few.
    """
    sockets: list[Socket] = []
    socket_of: list[int | None] = [None] * len(log.kind)
    waiting: deque[int] = deque()
    unseen: int | None = None
    counting: set[int] = set()
    overlapping = False
    errors_that_end = max(log.kind.count(OPEN) - log.kind.count(CLOSE), 0)
    for event in _in_time_order(log):
        kind, at = log.kind[event], log.at[event]
        if kind == OPEN or (kind != ERROR and not waiting and unseen is None):
            if kind == OPEN:
                waiting.append(len(sockets))
                socket_of[event] = len(sockets)
            else:
                unseen = len(sockets)
            counting.add(len(sockets))
            sockets.append(Socket(at, opening_seen=kind == OPEN, room=log.rooms.get(event)))
            overlapping |= len(waiting) + (unseen is not None) > 1
        if kind == MESSAGE:
            if len(waiting) + (unseen is not None) == 1:
                only = waiting[0] if waiting else cast(int, unseen)
                socket_of[event] = only
                sockets[only].counted += 1
            else:
                for one in counting:
                    sockets[one].counting = False
                counting.clear()
        elif kind == CLOSE or (kind == ERROR and waiting and errors_that_end > 0):
            errors_that_end -= kind == ERROR
            if waiting:
                ended = waiting.popleft()
            else:
                ended, unseen = cast(int, unseen), None
            sockets[ended].closed = at
            socket_of[event] = ended
            counting.discard(ended)
    return Paired(sockets, socket_of, overlapping)


def without_partner(fronts: Sequence[Moment], inner: Sequence[Moment], within: Reach) -> list[int]:
    """Return the fronts, by number, that no inner event follows; equal paths are matched first.

    An inner event is matched with the last front before it that is still free and in reach.
    """
    by_path: dict[str | None, tuple[list[int], list[int]]] = {}
    for side, moments in enumerate((fronts, inner)):
        for number, moment in enumerate(moments):
            by_path.setdefault(moment.path, ([], []))[side].append(number)
    left: tuple[list[int], list[int]] = [], []

    def unmatched(outside: list[int], inside: list[int]) -> tuple[list[int], list[int]]:
        coming = deque(sorted(outside, key=lambda number: fronts[number].at))
        free: list[int] = []
        lonely: list[int] = []
        for number in sorted(inside, key=lambda number: inner[number].at):
            at = inner[number].at
            while coming and fronts[coming[0]].at <= at + within.before:
                free.append(coming.popleft())
            if free and at - fronts[free[-1]].at <= within.after:
                free.pop()
            else:
                lonely.append(number)
        return [*free, *coming], lonely

    for outside, inside in by_path.values():
        for kept, more in zip(left, unmatched(outside, inside), strict=True):
            kept.extend(more)
    return sorted(unmatched(*left)[0])


def _in_time_order(log: ObjectLog) -> list[int]:
    return sorted(range(len(log.at)), key=lambda event: (log.at[event], log.kind[event]))
