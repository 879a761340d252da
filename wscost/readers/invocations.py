"""From invocations of Workers and objects to connections and events."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from wscost.errors import InputError
from wscost.notes import Grade, Note
from wscost.readers.batching import Mixed
from wscost.readers.intake import Intake
from wscost.readers.options import Options
from wscost.readers.pairing import (
    CLOSE,
    ERROR,
    MESSAGE,
    OPEN,
    Event,
    Moments,
    Pairing,
    Place,
    Reach,
    Socket,
    without_partner,
)
from wscost.readers.remarks import other_requests, rooms_from_paths
from wscost.readers.source import Source
from wscost.trace import LIVES, Trace, TraceStream
from wscost.units import number_of

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_HANDED_ON = Reach(before=100_000, after=10_000_000)
"""How far a clock may lag, and how long a Worker may take before it hands an upgrade on. [µs]"""

_ALARM, _REQUEST = 4, 5
_CALLS = {"alarm": _ALARM, "request": _REQUEST}
"""Kinds of what is of an object and of no socket, after those of sockets."""
_KINDS = 8
"""Kinds stand below it: a time in so many steps and the kind are one number to sort by."""
_KIND_NAMES = {MESSAGE: "message", ERROR: "error", CLOSE: "close", _ALARM: "alarm", _REQUEST: "request"}
_CONNECTION = (
    "connection_id",
    "object_id",
    "opened_at_us",
    "closed_at_us",
    "messages_in",
)
_EVENT = ("object_id", "connection_id", "at_us", "kind", "direction", "wall_ms")


class Invocation(NamedTuple):
    """One run of a handler."""

    kind: int | str
    """``MESSAGE``, ``ERROR``, ``CLOSE`` of a hibernating socket, or ``upgrade``, ``alarm``, ``request``,
    ``other``."""
    at: int
    """[µs]"""
    wall: int
    """[µs] 0 where the source does not tell it."""
    in_object: bool
    object_id: str | None
    service: str
    """Script and class: which of them hibernate is seen from their events."""
    url: str | None


class _Object(NamedTuple):
    """An object that events name, or the class that they name where they do not."""

    service: str
    object_id: str | None

    @property
    def label(self) -> str:
        """What its sockets are called by."""
        return (self.object_id or self.service)[:80]


class _Fronts:
    """Upgrades of Workers: 36 bytes each."""

    def __init__(self) -> None:
        self.moments = Moments()
        self.wall, self.part, self.line = array("q"), array("i"), array("q")
        self._service, self._services = array("i"), dict[str, int]()

    def add(self, invocation: Invocation, path: int, place: Place) -> None:
        """Add one, its path by number."""
        self.moments.add(invocation.at, path)
        self.wall.append(invocation.wall)
        self.part.append(place.part)
        self.line.append(place.line)
        self._service.append(self._services.setdefault(invocation.service, len(self._services)))

    def alone(self, inner: Moments) -> npt.NDArray[np.bool_]:
        """Return which handed their socket on to nothing that is in the log.

        A Worker may stand before another: what no object follows may be followed by another Worker's upgrade
        that does not.
        """
        import numpy as np

        alone = without_partner(self.moments, inner, _HANDED_ON)
        service = np.array(self._service, dtype=np.int64)
        while True:
            outer = np.flatnonzero(alone & ~np.isin(service, service[~alone]))
            before, after = self.moments.at_places(outer), self.moments.at_places(~alone)
            followed = ~without_partner(before, after, _HANDED_ON)
            if not followed.any():
                return alone
            alone[outer[followed]] = False


@dataclass(slots=True)
class _Told:
    """What is to be said of the sockets, counted as they are handed over."""

    unseen: int = 0
    """Sockets of which no upgrade was seen."""
    unseen_open: int = 0
    """Those of them that were not seen to close."""
    unclosed: int = 0
    overlapping: int = 0
    """Objects that had several open at once."""
    whole: int = 0
    """Sockets that one invocation tells of from open to close."""
    lifeless: int = 0
    """Those of them that lasted no time."""
    nameless: bool = False
    """Whether events of sockets name no object."""


class Invocations:
    """Invocations of one source; at the end, their trace."""

    def __init__(self, source: Source, options: Options, *, rooms_of_workers: bool) -> None:
        from wscost.readers.spooling.queue import Queue

        self.source = source
        self.intake = Intake(source, options)
        self.skipped = 0
        self.sampled = False
        self._rooms_of_workers = rooms_of_workers
        self._connections = Mixed(self.intake, "connections", _CONNECTION)
        self._events = Mixed(self.intake, "events", _EVENT)
        self._queue = Queue(self.intake, {"object": "number", "wall": "number", "room": "text"})
        self._objects: dict[_Object, int] = {}
        self._unended = array("q")
        """By how many the opens of each object are more than its closes."""
        self._hibernating: set[str] = set()
        self._fronts, self._inner = _Fronts(), Moments()
        self._paths: dict[str | None, int] = {}
        self._named, self._rooms = 0, bytearray()
        """How many upgrades a path gives their room, and which paths, by number, are one."""
        self._others = 0
        self._walls = False
        self._told = _Told()
        self._notes: list[Note] = []
        self._grades: dict[str, Grade] = {}

    def take(self, invocation: Invocation, part: int, line: int) -> None:
        """Take one invocation; its ``url`` is already the room that it names."""
        self._walls |= invocation.wall > 0
        kind = invocation.kind
        if isinstance(kind, int):
            self._hibernating.add(invocation.service)
            self._line_up(invocation, kind, part, line)
        elif kind == "upgrade":
            self._take_upgrade(invocation, part, line)
        elif invocation.in_object and kind in _CALLS:
            self._line_up(invocation, _CALLS[kind], part, line)
        else:
            self._others += 1

    def _take_upgrade(self, invocation: Invocation, part: int, line: int) -> None:
        path = self._paths.setdefault(invocation.url, len(self._paths))
        if path == len(self._rooms):
            self._rooms.append(0)
        room = invocation.url is not None and (invocation.in_object or self._rooms_of_workers)
        if room and invocation.object_id is None:
            self._named += 1
            self._rooms[path] = 1
        if invocation.in_object:
            self._inner.add(invocation.at, path)
            self._line_up(invocation, OPEN, part, line)
        else:
            self._fronts.add(invocation, path, Place(part, line))

    def _line_up(self, invocation: Invocation, kind: int, part: int, line: int) -> None:
        """Let what an object is told of wait for its turn in time."""
        key = _Object(invocation.service, invocation.object_id)
        number = self._objects.setdefault(key, len(self._objects))
        if number == len(self._unended):
            self._unended.append(0)
        self._unended[number] += (kind == OPEN) - (kind == CLOSE)
        room = invocation.url if kind == OPEN else None
        self._queue.add(invocation.at * _KINDS + kind, number, invocation.wall, room, part, line)

    def trace(self) -> Trace | TraceStream:
        """Return the trace.

        Raises
        ------
        InputError
            If there is no invocation, or none of a WebSocket or an object.
        """
        if not self._objects and not len(self._fronts.moments) and not self.intake.refusals.total:
            held = f"{self._others:,} other invocations" if self._others else "no invocation"
            raise InputError(
                f"{self.source.name}: it holds {held}, but no WebSocket and no Durable Object. "
                "Does the tail cover the Worker that accepts the sockets?"
            )
        self._hand_over_fronts()
        self._hand_over_objects()
        self._connections.hand_over()
        self._events.hand_over()
        self._remark_pairs()
        self._remark()
        return self.intake.trace(self._grades, self._notes)

    def _hand_over_fronts(self) -> None:
        """Hand over the upgrades of Workers, but for those of sockets that are told of further in, too."""
        fronts, paths = self._fronts, list(self._paths)
        alone = fronts.alone(self._inner)
        self.intake.rows += len(alone) - int(alone.sum())
        for number in alone.nonzero()[0].tolist():
            room = paths[fronts.moments.path[number]] if self._rooms_of_workers else None
            place = Place(fronts.part[number], fronts.line[number])
            self._hand_over_whole(place, room, fronts.moments.at[number], fronts.wall[number])

    def _hand_over_objects(self) -> None:
        """Hand over the sockets and events of objects, in order of time."""
        objects = list(self._objects)
        pairing = Pairing(lambda number: f"{objects[number].label}-{number}", self._unended)
        for order, number, wall, room, part, line, _ in self._queue.in_order():
            at, kind = divmod(order, _KINDS)
            service, object_id = objects[number]
            place = Place(part, line)
            if kind == OPEN and service not in self._hibernating:
                self._hand_over_whole(place, object_id or room, at, wall)
                continue
            socket = pairing.take(number, Event(kind, at, place, room)) if kind <= CLOSE else None
            self._told.nameless |= kind <= CLOSE and object_id is None
            if socket is not None and socket.closed is not None:
                self._hand_over_socket(socket, object_id)
            if kind != OPEN:
                self._events.add(
                    part,
                    line,
                    object_id or service,
                    None if socket is None else socket.name,
                    at,
                    _KIND_NAMES[kind],
                    "in" if kind == MESSAGE else None,
                    wall / 1000 if self._walls else None,
                )
        for number, socket in pairing.open:
            self._hand_over_socket(socket, objects[number].object_id)
        self._told.overlapping = pairing.overlapping

    def _hand_over_socket(self, socket: Socket, object_id: str | None) -> None:
        told, still = self._told, socket.closed is None
        told.unseen += not socket.opening_seen
        told.unseen_open += still and not socket.opening_seen
        told.unclosed += still and socket.opening_seen
        room = object_id or socket.room
        times = socket.opened, socket.closed
        self._connections.add(*socket.place, socket.name, room, *times, socket.messages)

    def _hand_over_whole(self, place: Place, room: str | None, at: int, wall: int) -> None:
        """Hand over a socket that one invocation tells of from open to close."""
        name = f"upgrade-{self._told.whole}"
        self._told.whole += 1
        self._told.lifeless += not wall
        self._connections.add(*place, name, room, at, at + wall, None)

    def _remark_pairs(self) -> None:
        told = self._told
        if told.unseen:
            self._grade("opened_at", "connection_id")
            self._note(
                "opening-unseen",
                f"Connections with events but no upgrade: {told.unseen:,} ({told.unseen_open:,} not seen to "
                "close). They were open before the log began, or their upgrade, which is told at the end, "
                "was not told; they are taken as open since their first event, a lower bound.",
                connections=told.unseen,
                still_open=told.unseen_open,
            )
        if told.unclosed:
            self._grade("closed_at")
            self._note(
                "closing-unseen",
                f"Connections with an upgrade but no close: {told.unclosed:,}. They are taken as open until "
                "the log ends.",
                connections=told.unclosed,
            )
        if told.overlapping:
            self._grades[LIVES] = Grade.ASSUMED
            self._note(
                "paired-by-order",
                f"In {number_of(told.overlapping, 'object', 'objects')} several sockets were open at once. "
                "The log does not say which close belongs to which: first opened is taken as first closed. "
                "Their time together is right, single lives are not known.",
                objects=told.overlapping,
            )

    def _remark(self) -> None:
        told = self._told
        if self._others:
            self._notes += other_requests(self._others)
        if told.lifeless:
            self._grade("closed_at")
            self._note(
                "life-unknown",
                f"Connections with a wallTime of 0: {told.lifeless:,}. How long they were open is not known, "
                "and none of it is counted.",
                connections=told.lifeless,
            )
        if told.whole:
            self._grade("messages_in")
            self._note(
                "messages-unseen",
                f"Connections that do not hibernate: {told.whole:,}. The log does not show their messages.",
                connections=told.whole,
            )
        if self.sampled:
            self._grade("connection_id", "messages_in", "opened_at", "closed_at")
            self._note(
                "tail-drops-events",
                "wrangler tail drops events when they are many, and tells nothing of it: all counts are "
                "lower bounds. A Tail Worker or Logpush sees all.",
            )
        if self._named:
            self._grades["object_id"] = Grade.ASSUMED
            self._notes.append(rooms_from_paths(sum(self._rooms), self._named))
        if told.nameless:
            self._grades["object_id"] = Grade.ASSUMED
            self._note(
                "objects-unnamed",
                "Logpush does not name objects: the messages of a class are taken as those of one object, "
                "so when objects sleep is not known. wrangler tail and Tail Workers name them.",
            )
        if self.skipped:
            self._note(
                "lines-skipped",
                f"Lines that are not JSON, as a shell's banner and prompt: {self.skipped:,}, skipped.",
                lines=self.skipped,
            )

    def _grade(self, *columns: str) -> None:
        for column in columns:
            self._grades[column] = Grade.worst(Grade.LOWER_BOUND, self._grades.get(column, Grade.MEASURED))

    def _note(self, code: str, message: str, **data: object) -> None:
        self._notes.append(Note(code, message, data))
