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

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import orjson

from wscost.errors import InputError
from wscost.notes import Grade, Note
from wscost.readers.batching import Batch
from wscost.readers.document import decimal_at, load_document
from wscost.readers.fields import Misfit, duration, moment, room_rule
from wscost.readers.intake import Intake
from wscost.readers.options import Options, days_of
from wscost.readers.remarks import other_requests, rooms_from_paths
from wscost.readers.source import Part, Source
from wscost.trace import Trace, TraceStream
from wscost.usage import Quantities, Usage
from wscost.usagefile import UsageFile

MESSAGES = {"ws_msgs_sent": "in", "ws_msgs_received": "out"}
"""The client sends what the service is sent."""
NEAR = 1_000_000
"""How far apart a session's start and that of its duration may be. [µs]"""
TICK = 5_000


@dataclass(frozen=True, slots=True)
class _Point:
    """A point about a session, and where it stands."""

    part: Part
    line: int
    at: int
    room: str | None
    status: str | None
    lasted: int = 0


def read_points(source: Source, options: Options) -> Trace | TraceStream:
    """Return the trace of all points.

    Raises
    ------
    InputError
        If no point is of a WebSocket, or lines are bad.
    """
    intake = Intake(source, options)
    events = Batch(intake, "events", ("object_id", "at_us", "kind", "direction"))
    starts: list[_Point] = []
    ends: list[_Point] = []
    room_of, requests = room_rule(options), 0
    for part, line, row in _points(intake, source):
        metric = row.get("metric")
        requests += metric == "http_reqs"
        try:
            point = _point(part, line, row, room_of)
            if metric == "ws_sessions":
                starts.append(point)
            elif metric == "ws_session_duration":
                ends.append(point)
            elif metric in MESSAGES:
                events.add(part, line, point.room or "k6", point.at, "message", MESSAGES[metric])
        except Misfit as misfit:
            intake.refuse(part, line, str(misfit))
    events.hand_over()
    if not (starts or ends or intake.rows):
        raise InputError(
            f"{source.name}: there is no point of a WebSocket in it: no ws_sessions, no ws_session_duration."
        )
    opened_starts, failed = _opened(starts, [*starts, *ends])
    opened_ends, _ = _opened(ends, [*starts, *ends])
    connections = Batch(intake, "connections", ("object_id", "opened_at_us", "closed_at_us"))
    for point, opened_at, closed_at in _sessions(opened_starts, opened_ends):
        connections.add(point.part, point.line, point.room, opened_at, closed_at)
    connections.hand_over()
    grades = {} if starts else {"opened_at": Grade.ASSUMED, "closed_at": Grade.ASSUMED}
    notes = [*_notes(failed), *other_requests(requests)]
    named = [point.room for point in starts or ends if point.room]
    if named:
        grades["object_id"] = Grade.ASSUMED
        notes.append(rooms_from_paths(len(set(named)), len(named)))
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


def _point(part: Part, line: int, row: dict[str, Any], room_of: Any) -> _Point:
    data = row.get("data")
    if not isinstance(data, dict):
        raise Misfit("the point has no data.")
    tags = data.get("tags")
    tags = tags if isinstance(tags, dict) else {}
    lasted = 0
    if row.get("metric") == "ws_session_duration":
        lasted = duration("value", data.get("value"), "ms") or 0
    elif row.get("metric") in ("ws_sessions", *MESSAGES) and data.get("value") != 1:
        raise Misfit("value is not 1, as each such point counts.")
    status = tags.get("status")
    url = tags.get("url")
    return _Point(
        part,
        line,
        moment("time", data.get("time")),
        room_of(url) if isinstance(url, str) else None,
        status if isinstance(status, str) else None,
        lasted,
    )


def _opened(points: list[_Point], all_points: list[_Point]) -> tuple[list[_Point], int]:
    """Return the points of sessions whose handshake went well, and how many others there are."""
    if not any(point.status for point in all_points):
        return points, 0
    opened = [point for point in points if point.status == "101"]
    return opened, len(points) - len(opened)


def _sessions(starts: list[_Point], ends: list[_Point]) -> Iterator[tuple[_Point, int, int | None]]:
    """Yield each session with its opening and its close; None where it never ended."""
    waiting: dict[int, list[_Point]] = defaultdict(list)
    for start in starts:
        waiting[start.at].append(start)
    stamped_with_end: list[_Point] = []
    for end in ends:
        if waiting.get(end.at):
            waiting[end.at].pop()
            yield end, end.at, end.at + end.lasted
        else:
            stamped_with_end.append(end)
    left = sorted((start for several in waiting.values() for start in several), key=lambda start: start.at)
    times = [start.at for start in left]
    taken: set[int] = set()
    for end in sorted(stamped_with_end, key=lambda end: end.at - end.lasted):
        opened_at = end.at - end.lasted
        nearest = bisect_left(times, opened_at - TICK)
        while nearest in taken:
            nearest += 1
        if nearest < len(times) and times[nearest] - opened_at <= NEAR:
            taken.add(nearest)
        yield end, opened_at, end.at
    for number, start in enumerate(left):
        if number not in taken:
            yield start, start.at, None


def _notes(failed: int) -> Iterator[Note]:
    if failed:
        yield Note(
            "handshakes-failed",
            f"{failed:,} sessions were never opened: their handshake was not answered with 101. They are no "
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
