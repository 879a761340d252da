"""Which close ends which open, where events name the object but not the connection."""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]
    Flags = npt.NDArray[np.bool_]

OPEN, MESSAGE, ERROR, CLOSE = range(4)
"""Kinds of events, in the order in which those of one millisecond are taken."""


class Place(NamedTuple):
    """Where an event stands: the numbers of its part and line."""

    part: int
    line: int


@dataclass(slots=True, eq=False)
class Socket:
    """One connection of an object. [µs]"""

    name: str
    place: Place
    """Where the event stands that tells of it first."""
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


class Event(NamedTuple):
    """What happened to a socket of an object, and where that stands. [µs]"""

    kind: int
    at: int
    place: Place
    room: str | None = None


@dataclass(slots=True)
class Sockets:
    """The sockets of one object that are open: who opened first is taken to close first.

    Whichever way opens and closes are paired, the time that they are open adds up to the same. A message
    or close while no socket is open belongs to one whose open is not in the log: it is taken to have
    opened with the first of them, a lower bound. An error ends a socket only where closes are too few.
    """

    label: str
    errors_that_end: int
    """How many: by so many are the closes fewer than the opens."""
    begun: int = 0
    """How many sockets there have been."""
    overlapping: bool = False
    """Whether several were open at once: then single lives are guessed, their sum is not."""
    _waiting: deque[Socket] = field(default_factory=deque)
    _unseen: Socket | None = None
    _counting: set[Socket] = field(default_factory=set)

    def take(self, event: Event) -> Socket | None:
        """Take an event that happened no earlier than those before; return its socket, where known."""
        kind = event.kind
        if kind == OPEN or (kind != ERROR and self.idle):
            begun = self._begin(event)
            if kind == OPEN:
                return begun
        if kind == MESSAGE:
            return self._count()
        if kind == CLOSE or (self._waiting and self.errors_that_end > 0):
            self.errors_that_end -= kind == ERROR
            if self._waiting:
                ended = self._waiting.popleft()
            else:
                assert self._unseen is not None
                ended, self._unseen = self._unseen, None
            ended.closed = event.at
            self._counting.discard(ended)
            return ended
        return None

    @property
    def idle(self) -> bool:
        """Whether none is open."""
        return not self._waiting and self._unseen is None

    @property
    def open(self) -> list[Socket]:
        """Those that are open."""
        return [*self._waiting, *([] if self._unseen is None else [self._unseen])]

    def _begin(self, event: Event) -> Socket:
        seen = event.kind == OPEN
        name = f"{self.label}-{self.begun}"
        socket = Socket(name, event.place, event.at, opening_seen=seen, room=event.room)
        self.begun += 1
        if seen:
            self._waiting.append(socket)
        else:
            self._unseen = socket
        self._counting.add(socket)
        self.overlapping |= len(self._waiting) + (self._unseen is not None) > 1
        return socket

    def _count(self) -> Socket | None:
        """Return the socket of a message, if only one is open."""
        if len(self._waiting) + (self._unseen is not None) == 1:
            only = self._unseen or self._waiting[0]
            only.counted += 1
            return only
        for socket in self._counting:
            socket.counting = False
        self._counting.clear()
        return None


class Pairing:
    """The sockets of all objects, by number: of one that has none open 17 bytes are kept.

    Parameters
    ----------
    label
        What the sockets of an object are called.
    unended
        By how many the opens of each object are more than its closes.
    """

    def __init__(self, label: Callable[[int], str], unended: array[int]) -> None:
        self._label, self._unended = label, unended
        self._begun = array("q", bytes(8 * len(unended)))
        self._overlapping = bytearray(len(unended))
        self._active: dict[int, Sockets] = {}

    def take(self, number: int, event: Event) -> Socket | None:
        """Take an event of an object, in order of time; return its socket, where known."""
        sockets = self._active.get(number)
        if sockets is None:
            sockets = Sockets(self._label(number), max(self._unended[number], 0), self._begun[number])
            self._active[number] = sockets
        socket = sockets.take(event)
        self._overlapping[number] |= sockets.overlapping
        if sockets.idle:
            self._unended[number], self._begun[number] = sockets.errors_that_end, sockets.begun
            del self._active[number]
        return socket

    @property
    def open(self) -> Iterator[tuple[int, Socket]]:
        """The sockets that are open, each with the number of its object."""
        return ((number, socket) for number, sockets in self._active.items() for socket in sockets.open)

    @property
    def overlapping(self) -> int:
        """How many objects had several open at once."""
        return sum(self._overlapping)


class Moments:
    """When something was asked for, and on which path: twelve bytes each."""

    def __init__(self) -> None:
        self.at, self.path = array("q"), array("i")

    def __len__(self) -> int:
        return len(self.at)

    def add(self, at: int, path: int) -> None:
        """Add one; the path by number. [µs]"""
        self.at.append(at)
        self.path.append(path)

    def at_places(self, places: npt.NDArray[Any]) -> Moments:
        """Return those at some places."""
        import numpy as np

        some = Moments()
        for numbers, chosen in ((some.at, self.at), (some.path, self.path)):
            numbers.frombytes(np.asarray(chosen)[places].tobytes())
        return some


class Reach(NamedTuple):
    """How long before and after a front its inner event may begin. [µs]"""

    before: int
    after: int


def without_partner(fronts: Moments, inner: Moments, within: Reach) -> Flags:
    """Return which fronts no inner event follows; equal paths are matched first.

    An inner event is matched with the last front before it that is still free and in reach.
    """
    import numpy as np

    from wscost.loops.partners import match

    alone = [np.ones(len(one), dtype=np.bool_) for one in (fronts, inner)]
    for by_path in (True, False):
        sides = [
            _in_line(one, left, by_path=by_path) for one, left in zip((fronts, inner), alone, strict=True)
        ]
        free = np.empty(len(sides[0].at), dtype=np.int64)
        match(*sides[0], *sides[1], *within, free)
    return alone[0]


class Side(NamedTuple):
    """Fronts or inner events, by group and in order of time."""

    at: Ints
    group: Ints
    place: Ints
    alone: Flags
    """Which are not matched yet, by place."""


def _in_line(moments: Moments, alone: Flags, *, by_path: bool) -> Side:
    import numpy as np

    place = np.flatnonzero(alone)
    at, path = (np.array(numbers, dtype=np.int64)[place] for numbers in (moments.at, moments.path))
    group = path if by_path else np.zeros_like(path)
    order = np.lexsort((at, group))
    return Side(at[order], group[order], place[order], alone)
