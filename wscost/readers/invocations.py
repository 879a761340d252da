"""From invocations of Workers and objects to connections and events."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from wscost.errors import InputError
from wscost.notes import Grade, Note
from wscost.readers.batching import Batch
from wscost.readers.intake import Intake
from wscost.readers.options import Options
from wscost.readers.pairing import (
    CLOSE,
    ERROR,
    MESSAGE,
    OPEN,
    Moment,
    ObjectLog,
    Reach,
    Socket,
    pair,
    without_partner,
)
from wscost.readers.remarks import other_requests, rooms_from_paths
from wscost.readers.source import Source
from wscost.trace import Trace, TraceStream

_HANDED_ON = Reach(before=100_000, after=10_000_000)
"""How far a clock may lag, and how long a Worker may take before it hands an upgrade on. [µs]"""

_KIND_NAMES = {MESSAGE: "message", ERROR: "error", CLOSE: "close"}
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


class _Upgrade(NamedTuple):
    invocation: Invocation
    part: int
    line: int


class Invocations:
    """Invocations of one source; at the end, their trace."""

    def __init__(self, source: Source, options: Options, *, rooms_of_workers: bool) -> None:
        self.source = source
        self.intake = Intake(source, options)
        self.skipped = 0
        self.sampled = False
        self._rooms_of_workers = rooms_of_workers
        self._connections = Batch(self.intake, "connections", _CONNECTION)
        self._events = Batch(self.intake, "events", _EVENT)
        self._logs: dict[tuple[str, str | None], ObjectLog] = {}
        self._calls: list[_Upgrade] = []
        self._upgrades: list[_Upgrade] = []
        self._others = 0
        self._walls = False
        self._notes: list[Note] = []
        self._grades: dict[str, Grade] = {}

    def take(self, invocation: Invocation, part: int, line: int) -> None:
        """Take one invocation; its ``url`` is already the room that it names."""
        self._walls |= invocation.wall > 0
        if isinstance(invocation.kind, int):
            log = self._logs.setdefault((invocation.service, invocation.object_id), ObjectLog())
            log.add(invocation.kind, invocation.at, invocation.wall, part, line)
        elif invocation.kind == "upgrade":
            self._upgrades.append(_Upgrade(invocation, part, line))
        elif invocation.in_object and invocation.kind in ("alarm", "request"):
            self._calls.append(_Upgrade(invocation, part, line))
        else:
            self._others += 1

    def trace(self) -> Trace | TraceStream:
        """Return the trace.

        Raises
        ------
        InputError
            If there is no invocation, or none of a WebSocket or an object.
        """
        if not self._logs and not self._upgrades and not self._calls and not self.intake.refusals.total:
            held = f"{self._others:,} other invocations" if self._others else "no invocation"
            raise InputError(
                f"{self.source.name}: it holds {held}, but no WebSocket and no Durable Object. "
                "Does the tail cover the Worker that accepts the sockets?"
            )
        hibernating = {service for service, _ in self._logs}
        inner = [u for u in self._upgrades if u.invocation.in_object]
        fronts = [u for u in self._upgrades if not u.invocation.in_object]
        alone = without_partner(_moments(fronts), _moments(inner), _HANDED_ON)
        whole = [fronts[number] for number in alone]
        self.intake.rows += len(fronts) - len(whole)
        for upgrade in inner:
            key = upgrade.invocation.service, upgrade.invocation.object_id
            if key[0] in hibernating:
                log = self._logs.setdefault(key, ObjectLog())
                log.rooms[len(log.kind)] = upgrade.invocation.url
                log.add(OPEN, upgrade.invocation.at, upgrade.invocation.wall, *upgrade[1:])
            else:
                whole.append(upgrade)
        self._hand_over_objects()
        self._hand_over_whole(whole)
        self._hand_over_calls()
        self._connections.hand_over()
        self._events.hand_over()
        self._remark(whole)
        return self.intake.trace(self._grades, self._notes)

    def _hand_over_objects(self) -> None:
        """Hand over the sockets and events of hibernating objects."""
        met: list[Socket] = []
        overlapping = 0
        for which, ((service, object_id), log) in enumerate(self._logs.items()):
            paired = pair(log)
            met += paired.sockets
            overlapping += paired.overlapping
            label = f"{(object_id or service)[:80]}-{which}"
            place: dict[int, int] = {}
            for event, index in enumerate(paired.socket_of):
                if index is not None:
                    place.setdefault(index, event)
            for number, socket in enumerate(paired.sockets):
                event = place.get(number, 0)
                self._connections.add(
                    self.source.parts[log.part[event]],
                    log.line[event],
                    f"{label}-{number}",
                    object_id or socket.room,
                    socket.opened,
                    socket.closed,
                    socket.messages,
                )
            for event, index in enumerate(paired.socket_of):
                if log.kind[event] != OPEN:
                    self._events.add(
                        self.source.parts[log.part[event]],
                        log.line[event],
                        object_id or service,
                        None if index is None else f"{label}-{index}",
                        log.at[event],
                        _KIND_NAMES[log.kind[event]],
                        "in" if log.kind[event] == MESSAGE else None,
                        self._wall_ms(log.wall[event]),
                    )
        self._remark_pairs(met, overlapping)

    def _hand_over_whole(self, whole: Iterable[_Upgrade]) -> None:
        """Hand over sockets that one invocation tells of from open to close."""
        for number, (invocation, part, line) in enumerate(whole):
            named = invocation.in_object or self._rooms_of_workers
            self._connections.add(
                self.source.parts[part],
                line,
                f"upgrade-{number}",
                invocation.object_id or (invocation.url if named else None),
                invocation.at,
                invocation.at + invocation.wall,
                None,
            )

    def _hand_over_calls(self) -> None:
        for invocation, part, line in self._calls:
            self._events.add(
                self.source.parts[part],
                line,
                invocation.object_id or invocation.service,
                None,
                invocation.at,
                invocation.kind,
                None,
                self._wall_ms(invocation.wall),
            )

    def _wall_ms(self, wall: int) -> float | None:
        return wall / 1000 if self._walls else None

    def _remark_pairs(self, sockets: list[Socket], overlapping: int) -> None:
        if unseen := sum(not socket.opening_seen for socket in sockets):
            still = sum(not socket.opening_seen and socket.closed is None for socket in sockets)
            self._grade("opened_at", "connection_id")
            self._note(
                "opening-unseen",
                f"{unseen:,} connections ({still:,} of them not seen to close) have events but no upgrade: "
                "they were open before the log began, or their upgrade, which is told at the end, was not "
                "told. They are taken as open since their first event, a lower bound.",
                connections=unseen,
                still_open=still,
            )
        if unclosed := sum(socket.opening_seen and socket.closed is None for socket in sockets):
            self._grade("closed_at")
            self._note(
                "closing-unseen",
                f"{unclosed:,} connections have an upgrade but no close: they are taken as open until the "
                "log ends.",
                connections=unclosed,
            )
        if overlapping:
            self._note(
                "paired-by-order",
                f"In {overlapping:,} objects several sockets were open at once. The log does not say which "
                "close belongs to which: first opened is taken as first closed. Their time together is "
                "right, single lives are not known.",
                objects=overlapping,
            )

    def _remark(self, whole: list[_Upgrade]) -> None:
        if self._others:
            self._notes += other_requests(self._others)
        if lifeless := sum(not upgrade.invocation.wall for upgrade in whole):
            self._grade("closed_at")
            self._note(
                "life-unknown",
                f"{lifeless:,} connections have a wallTime of 0: how long they were open is not known, and "
                "none of it is counted.",
                connections=lifeless,
            )
        if whole:
            self._grade("messages_in")
            self._note(
                "messages-unseen",
                f"{len(whole):,} connections do not hibernate: the log does not show their messages.",
                connections=len(whole),
            )
        if self.sampled:
            self._grade("connection_id", "messages_in", "opened_at", "closed_at")
            self._note(
                "tail-drops-events",
                "wrangler tail drops events when they are many, and tells nothing of it: all counts are "
                "lower bounds. A Tail Worker or Logpush sees all.",
            )
        unnamed = [u.invocation for u in self._upgrades if u.invocation.object_id is None]
        if named := [i.url for i in unnamed if i.url is not None and (i.in_object or self._rooms_of_workers)]:
            self._grades["object_id"] = Grade.ASSUMED
            self._notes.append(rooms_from_paths(len(set(named)), len(named)))
        if any(object_id is None for _, object_id in self._logs):
            self._grades["object_id"] = Grade.ASSUMED
            self._note(
                "objects-unnamed",
                "Logpush does not name objects: the messages of a class are taken as those of one object, "
                "so when objects sleep is not known. wrangler tail and Tail Workers name them.",
            )
        if self.skipped:
            self._note(
                "lines-skipped",
                f"{self.skipped:,} lines are not JSON, as a shell's banner and prompt, and were skipped.",
                lines=self.skipped,
            )

    def _grade(self, *columns: str) -> None:
        for column in columns:
            self._grades[column] = Grade.worst(Grade.LOWER_BOUND, self._grades.get(column, Grade.MEASURED))

    def _note(self, code: str, message: str, **data: object) -> None:
        self._notes.append(Note(code, message, data))


def _moments(upgrades: list[_Upgrade]) -> list[Moment]:
    return [Moment(u.invocation.at, u.invocation.url) for u in upgrades]
