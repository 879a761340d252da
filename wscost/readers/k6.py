"""What k6 measured: points into a trace, a summary into totals.

Of a socket k6 writes three points: ``ws_sessions`` (1) at its start, ``ws_session_duration`` [ms], and for
each message ``ws_msgs_sent`` or ``ws_msgs_received`` (1). No point names its socket; those of one URL share
their tags. The module ``k6/ws`` stamps the duration with the start, to the nanosecond that of
``ws_sessions``; ``k6/websockets`` stamps it with the end. Sessions whose handshake failed are counted by
``ws_sessions``, without the tag ``status: 101``. Sizes of messages are in none.

Source (read 2026-11-23): https://github.com/grafana/k6/tree/master/internal/js/modules/k6 (``ws/ws.go``,
``websockets/websockets.go``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from wscost.errors import InputError
from wscost.notes import Grade, Note
from wscost.readers.batching import Batch, Mixed
from wscost.readers.document import decimal_at, load_document
from wscost.readers.fields import Misfit, RoomRule, duration, moment, room_rule
from wscost.readers.intake import Intake
from wscost.readers.options import Options, days_of
from wscost.readers.remarks import other_requests, rooms_from_paths
from wscost.readers.source import Part, Source
from wscost.trace import CALLS_OF_OBJECTS, UNKNOWN, Trace, TraceStream
from wscost.usage import Quantities, Usage
from wscost.usagefile import UsageFile

if TYPE_CHECKING:
    from wscost.readers.spooling.collected import Columns
    from wscost.readers.spooling.queue import Queue

MESSAGES = {"ws_msgs_sent": "in", "ws_msgs_received": "out"}
"""The client sends what the service is sent."""
NEAR = 1_000_000
"""How far apart a session's start and that of its duration may be. [µs]"""
TICK = 5_000


POINT: Columns = {"lasted": "number", "room": "text", "opened": "number"}
"""What is kept of a point about a session, beside its time."""


class _Point(NamedTuple):
    """A point about a session, or a message. [µs]"""

    at: int
    room: str | None
    status: str | None
    lasted: int | None
    """Of a session's end how long it was open; None of what is no end."""


class _Session(NamedTuple):
    """A session, its times, and the numbers of the part and line that tell of it. [µs]"""

    part: int
    line: int
    room: str | None
    opened_at: int
    closed_at: int | None = None


@dataclass(slots=True)
class _Rooms:
    """What one kind of point about sessions names."""

    points: int = 0
    named: int = 0
    names: set[str] = field(default_factory=set)

    def see(self, room: str | None) -> None:
        """Count a point."""
        self.points += 1
        if room:
            self.named += 1
            self.names.add(room)


def read_points(source: Source, options: Options) -> Trace | TraceStream:
    """Return the trace of all points.

    Raises
    ------
    InputError
        If no point is of a WebSocket, or lines are bad.
    """
    from wscost.readers.spooling.queue import Queue

    intake = Intake(source, options)
    events = Batch(intake, "events", ("object_id", "at_us", "kind", "direction"))
    queue, starts, ends = Queue(intake, POINT), _Rooms(), _Rooms()
    numbers = {part: number for number, part in enumerate(source.parts)}
    room_of, requests, statuses, failed = room_rule(options), 0, 0, 0
    for part, line, row in _points(intake, source):
        metric = row.get("metric")
        requests += metric == "http_reqs"
        if metric not in ("ws_sessions", "ws_session_duration", *MESSAGES):
            continue
        try:
            point = _point(row, room_of)
        except Misfit as misfit:
            intake.refuse(part, line, str(misfit))
            continue
        if metric in MESSAGES:
            events.add(part, line, point.room or "k6", point.at, "message", MESSAGES[metric])
            continue
        (starts if point.lasted is None else ends).see(point.room)
        opened = point.status == "101"
        statuses += point.status is not None
        failed += point.lasted is None and not opened
        queue.add(point.at, point.lasted, point.room, int(opened), numbers[part], line)
    events.hand_over()
    if not (queue.rows or intake.rows):
        raise InputError(
            f"{source.name}: there is no point of a WebSocket in it: no ws_sessions, no ws_session_duration."
        )
    connections = Mixed(intake, "connections", ("connection_id", "object_id", "opened_at_us", "closed_at_us"))
    for part_number, line, *cells in _sessions(intake, queue, told=statuses > 0):
        connections.add(part_number, line, f"session-{connections.rows + 1}", *cells)
    connections.hand_over()
    grades = {CALLS_OF_OBJECTS: Grade.ASSUMED}
    if not starts.points:
        grades |= {"opened_at": Grade.ASSUMED, "closed_at": Grade.ASSUMED}
    notes = [*_notes(failed if statuses else 0), *other_requests(requests)]
    rooms = starts if starts.points else ends
    if rooms.named:
        grades["object_id"] = Grade.ASSUMED
        notes.append(rooms_from_paths(len(rooms.names), rooms.named))
    return intake.trace(grades, notes)


def _points(intake: Intake, source: Source) -> Iterator[tuple[Part, int, dict[str, Any]]]:
    """Yield the points of WebSockets and of requests; other lines are not even parsed."""
    for part, number, line in source.lines():
        if line[:1] == b"{" and line[-1:] == b"}" and b'"ws_' not in line and b'"http_reqs"' not in line:
            continue
        try:
            row = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            intake.refuse(part, number, f"this is not JSON ({error.msg}, character {error.colno}).")
            continue
        if not isinstance(row, dict):
            intake.refuse(part, number, "this is JSON, but no object in braces.")
        elif row.get("type") == "Point":
            yield part, number, row


def _point(row: dict[str, Any], room_of: RoomRule) -> _Point:
    data = row.get("data")
    if not isinstance(data, dict):
        raise Misfit("the point has no data.")
    tags = data.get("tags")
    tags = tags if isinstance(tags, dict) else {}
    lasted = None
    if row.get("metric") == "ws_session_duration":
        lasted = duration("value", data.get("value"), "ms") or 0
    elif data.get("value") != 1:
        raise Misfit("value is not 1, as each such point counts.")
    status = tags.get("status")
    url = tags.get("url")
    return _Point(
        moment("time", data.get("time")),
        room_of(url) if isinstance(url, str) else None,
        status if isinstance(status, str) else None,
        lasted,
    )


def _sessions(intake: Intake, queue: Queue, *, told: bool) -> Iterator[_Session]:
    """Yield each session with its opening and its close; None where it never ended.

    ``told`` says that points tell how handshakes ended: where one failed no session was opened.
    """
    from wscost.readers.spooling.queue import Queue

    starts, ends = Queue(intake, {"room": "text"}), Queue(intake, {"closed": "number", "room": "text"})
    for at, points in groupby(queue.in_order(), key=itemgetter(0)):
        begun: list[tuple[int, int, str | None]] = []
        ended: list[tuple[int, int, str | None, int]] = []
        for _, lasted, room, opened, part, line, _ in points:
            if not opened and told:
                continue
            if lasted == UNKNOWN:
                begun.append((part, line, room))
            else:
                ended.append((part, line, room, lasted))
        both = min(len(begun), len(ended))
        for part, line, room, lasted in ended[:both]:
            yield _Session(part, line, room, at, at + lasted)
        for part, line, room, lasted in ended[both:]:
            ends.add(at - lasted, at, room, part, line)
        for part, line, room in begun[: len(begun) - both]:
            starts.add(at, room, part, line)
    waiting = starts.in_order()
    start = next(waiting, None)
    for opened_at, closed_at, room, part, line, _ in ends.in_order():
        while start is not None and start[0] < opened_at - TICK:
            yield _unended(start)
            start = next(waiting, None)
        if start is not None and start[0] - opened_at <= NEAR:
            start = next(waiting, None)
        yield _Session(part, line, room, opened_at, closed_at)
    while start is not None:
        yield _unended(start)
        start = next(waiting, None)


def _unended(start: tuple[Any, ...]) -> _Session:
    at, room, part, line, _ = start
    return _Session(part, line, room, at)


def _notes(failed: int) -> Iterator[Note]:
    if failed:
        yield Note(
            "handshakes-failed",
            f"Sessions that never opened: {failed:,}. Their handshake was not answered with 101; they are no "
            "connections here, though their requests may be charged.",
            {"sessions": failed},
        )
    yield Note(
        "sizes-not-measured",
        "k6 does not tell the sizes of messages, nor which socket a message is of: bytes are unknown, "
        "messages are known by room.",
    )


def read_summary(source: Source, options: Options) -> Usage | UsageFile:
    """Return the totals of a run: within the window where one is given, else as a month's.

    Raises
    ------
    InputError
        If the summary holds no WebSocket.
    """
    if len(source.parts) > 1:
        raise InputError(f"{source.name}: these are {len(source.parts)} summaries. Name each as an input.")
    part = source.parts[0]
    document = load_document(part)
    metrics = document.get("metrics") if isinstance(document, dict) else None
    if not isinstance(metrics, dict) or "ws_sessions" not in metrics:
        raise InputError(f"{part.name}: the summary holds no ws_sessions: the test opened no WebSocket.")
    totals: dict[str, Decimal] = {}
    for metric, meter in (
        ("ws_sessions", "connections_opened"),
        ("ws_msgs_sent", "messages_in"),
        ("ws_msgs_received", "messages_out"),
    ):
        totals[meter] = _figure(part, metrics, metric, "count") or Decimal(0)
    grades = {"connections_opened": Grade.ASSUMED}
    if (mean := _figure(part, metrics, "ws_session_duration", "avg")) is not None:
        seconds = mean * totals["connections_opened"] / 1000
        totals["connection_seconds"] = seconds.quantize(Decimal(1).scaleb(-6))
        grades["connection_seconds"] = Grade.ASSUMED
    requests = int(_figure(part, metrics, "http_reqs", "count") or 0)
    notes = (
        Note(
            "failed-among-sessions",
            "A summary counts sessions whose handshake failed among the others, so connections_opened may be "
            "too high.",
        ),
        *other_requests(requests),
    )
    if options.window is None:
        told = Note(
            "run-as-month",
            "The summary does not say when the run was: its totals are priced as they are, as a month's. "
            "--window START/END says when, and lets them be projected.",
        )
        return UsageFile(source.name, totals, notes=(*notes, told))
    return _at_once(source.name, totals, grades, options, notes)


def _at_once(
    name: str, totals: Quantities, grades: dict[str, Grade], options: Options, notes: tuple[Note, ...]
) -> Usage:
    window = options.window
    if window is None:
        raise ValueError("totals without days need a window")
    days = list(days_of(window))
    if len(days) > 1:
        notes = (
            *notes,
            Note("all-on-first-day", "The run's totals stand on the first day of its window."),
        )
    nothing = dict.fromkeys(totals, Decimal(0))
    return Usage(window, {day: totals if day == days[0] else nothing for day in days}, grades, notes, name)


def _figure(part: Part, metrics: dict[str, Any], metric: str, name: str) -> Decimal | None:
    """Return a figure of a metric, in either form of summary."""
    found = metrics.get(metric)
    if not isinstance(found, dict):
        return None
    found = found.get("values", found)
    value = found.get(name) if isinstance(found, dict) else None
    return None if value is None else decimal_at(f"{part.name}: metrics.{metric}.{name}", value)
