"""AWS API Gateway WebSocket APIs: access logs and the events that Lambda functions get.

One JSON object a record, by itself, in arrays, after a time stamp, or as the ``message`` of what
``aws logs filter-log-events`` prints. The names are those of ``$context``, at the top of an access log (in
any case, with or without ``_``) and under ``requestContext`` in a Lambda event:

======================================  ==========================================================
``connectionId``                        ``connection_id``
``eventType``, else ``routeKey``        CONNECT, MESSAGE or DISCONNECT
``connectedAt`` [ms]                    ``opened_at``, in every record of a connection
``requestTimeEpoch`` [ms],              the time of the record; the second has whole seconds
else ``requestTime``
``body``, ``isBase64Encoded``           bytes of a message, in Lambda events only
``status``                              a CONNECT of 400 and above opened nothing
======================================  ==========================================================

What it cannot say: messages to the client (posts to ``@connections`` stand in no access log), and bytes
where there is no body. DISCONNECT is sent on a best-effort basis: a connection without one is taken as
open until the log ends, but no longer than its last record where the log is past the two hours that API
Gateway allows.

Sources (read 2026-11-23):
https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-logging.html,
https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-mapping-template-reference.html,
https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
(two hours).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from wscost.errors import InputError
from wscost.notes import Grade, Note
from wscost.readers.batching import Batch
from wscost.readers.fields import Misfit, count, moment, since_epoch
from wscost.readers.heading import Heading
from wscost.readers.intake import Intake
from wscost.readers.jsonvalues import JsonValues
from wscost.readers.options import Options
from wscost.readers.refusals import shown
from wscost.readers.source import Source
from wscost.trace import CALLS_OF_OBJECTS, OPEN, UNKNOWN, Trace, TraceStream
from wscost.units import moment_at, number_of
from wscost.usage import Window

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

    from wscost.readers.intake import Places
    from wscost.readers.spooling.collected import Columns
    from wscost.readers.spooling.pieces import Whole

    Ints = npt.NDArray[np.int64]
    Flags = npt.NDArray[np.bool_]

NAME = "aws-websocket"
OPTIONS = {"room_field": "The field of a record, or of its requestContext, that names the connection's room."}
LONGEST_US = 2 * 3600 * 1_000_000
"""How long API Gateway lets a connection stay open. [µs]"""

_NAMES_CONNECTION = re.compile(rb'\\?"(\$context\.)?connection_?id\\?"\s*:', re.IGNORECASE)
_NAMES_EVENT = re.compile(
    rb'\\?"(\$context\.)?(route_?key\\?"\s*:|event_?type\\?"\s*:\s*\\?"(CONNECT|MESSAGE|DISCONNECT)\\?")',
    re.IGNORECASE,
)
_TYPE_OF_ROUTE = {"$connect": "CONNECT", "$disconnect": "DISCONNECT"}
_CLF = "%d/%b/%Y:%H:%M:%S %z"
_TYPES = ("CONNECT", "MESSAGE", "DISCONNECT")
_PIECE: Columns = {
    "type": "number",
    "at": "number",
    "connected": "number",
    "room": "text",
    "size": "number",
}
_EVENT = ("connection_id", "at_us", "kind", "direction", "bytes")


class _Record(NamedTuple):
    """One record of a connection. [µs, bytes]"""

    connection: str
    type: str
    at: int
    connected: int | None
    room: str | None
    size: int | None
    refused: bool


class _Lives(NamedTuple):
    """What is known of some connections, in order of appearance. [µs, bytes]"""

    names: pa.Array
    rooms: pa.Array
    opened: Ints
    first: Ints
    last: Ints
    closed: Ints
    told_open: Flags
    seen_open: Flags
    messages: Ints
    bytes: Ints
    places: Places
    again: Ints
    """The places of pieces that tell of a second beginning or end."""


@dataclass(slots=True)
class _Summary:
    """What all connections of a log come to. [µs]"""

    connections: int = 0
    opened: int = OPEN
    """When the first of those opened that were seen to open."""
    first: int = OPEN
    last: int = 0
    told_open: int = 0
    seen_open: int = 0
    sized: bool = False
    """Whether any connection tells the size of all its messages."""
    unsized: bool = False
    endless: int = 0
    over: int = 0
    """Endless ones that must have been closed before the log ended."""


def sniff(head: bytes, path: Path | None) -> bool:
    """Tell whether the content names connections and their routes or types of event."""
    return _NAMES_CONNECTION.search(head) is not None and _NAMES_EVENT.search(head) is not None


def read(source: Source, options: Options) -> Trace | TraceStream:
    """Return the connections that the records tell of, and their messages.

    Raises
    ------
    InputError
        If no record is of a connection.
    """
    from wscost.readers.spooling.pieces import Pieces

    intake = Intake(source, options)
    pieces = Pieces(intake, _PIECE)
    messages = Batch(intake, "events", _EVENT)
    skipped = refused = 0
    for number, part in enumerate(source.parts):
        values = JsonValues(part)
        for line, value, fault in values:
            if fault is not None:
                intake.refuse(part, line, fault)
                continue
            for record in _records(value):
                try:
                    told = _record(record, options)
                except Misfit as misfit:
                    intake.refuse(part, line, str(misfit))
                    continue
                if told.refused:
                    refused += 1
                    continue
                type_ = _TYPES.index(told.type)
                pieces.add(
                    told.connection, type_, told.at, told.connected, told.room, told.size, number, line
                )
                if told.type == "MESSAGE":
                    messages.add(part, line, told.connection, told.at, "message", "in", told.size)
        skipped += values.skipped
    messages.hand_over()
    summary = _Summary()
    for whole in pieces.whole():
        lives = _lives(whole)
        _sum_up(summary, whole, lives)
        _refuse_again(intake, whole, lives)
    if not summary.connections and not intake.refusals.total:
        raise InputError(f"{source.name}: it holds no record of a connection of API Gateway.")
    if summary.seen_open:
        begin = min(summary.opened, summary.first)
        intake.take_heading(Heading(Window(moment_at(begin), moment_at(summary.last + 1))))
    for whole in pieces.whole():
        _hand_over(intake, _lives(whole), summary)
    return intake.trace(_grades(summary), _notes(summary, refused, skipped))


def _records(value: Any) -> Iterator[Any]:
    """Yield the records in a value: itself, or those that CloudWatch wraps as messages."""
    wrapped = value.get("events") if isinstance(value, dict) else None
    if not isinstance(wrapped, list):
        yield value
        return
    for one in wrapped:
        message = one.get("message") if isinstance(one, dict) else None
        if isinstance(message, str) and '"' in message and "{" in message:
            try:
                yield orjson.loads(message[message.index("{") :])
            except orjson.JSONDecodeError:
                yield None


def _record(record: Any, options: Options) -> _Record:
    if not isinstance(record, dict):
        raise Misfit("this is JSON, but no record in braces.")
    context = record.get("requestContext")
    fields = _plain(context if isinstance(context, dict) else record)
    connection, route = fields.get("connectionid"), fields.get("routekey")
    if not isinstance(connection, str) or not connection:
        raise Misfit("this record has no connectionId.")
    type_ = fields.get("eventtype") or _TYPE_OF_ROUTE.get(str(route), "MESSAGE" if route else None)
    if type_ not in _TYPES:
        raise Misfit(f"eventType {shown(type_)} is none of {', '.join(_TYPES)}.")
    connected = fields.get("connectedat")
    room = _room(record, context, options.own.get("room_field"))
    status = count("status", fields.get("status")) if type_ == "CONNECT" else None
    return _Record(
        connection,
        type_,
        _at(fields),
        None if connected in (None, "", "-") else moment("connectedAt", connected, "ms"),
        room,
        _size(record) if type_ == "MESSAGE" else None,
        refused=status is not None and status >= 400,
    )


def _plain(record: Mapping[str, Any]) -> dict[str, Any]:
    return {
        str(name).removeprefix("$context.").replace("_", "").lower(): value for name, value in record.items()
    }


def _at(fields: Mapping[str, Any]) -> int:
    if fields.get("requesttimeepoch") not in (None, "", "-"):
        return moment("requestTimeEpoch", fields["requesttimeepoch"], "ms")
    text = fields.get("requesttime")
    try:
        at = datetime.strptime(str(text), _CLF)
    except ValueError:
        raise Misfit("it has neither requestTimeEpoch nor a requestTime that is a time.") from None
    return since_epoch("requestTime", str(text), at, assume_utc=False)


def _size(record: Mapping[str, Any]) -> int | None:
    body = record.get("body")
    if not isinstance(body, str):
        return None
    if record.get("isBase64Encoded") is True:
        return len(body.rstrip("=")) * 3 // 4
    return len(body.encode("utf-8", "surrogatepass"))


def _room(record: Mapping[str, Any], context: Any, name: str | None) -> str | None:
    if name is None:
        return None
    value = record.get(name, context.get(name) if isinstance(context, dict) else None)
    return str(value) if isinstance(value, (str, int)) and value != "" else None


def _lives(whole: Whole) -> _Lives:
    """Put the records of each connection together; of several beginnings or ends the first counts."""
    import numpy as np

    type_, at, connected, size = (whole.numbers(name) for name in ("type", "at", "connected", "size"))
    of_type = {name: type_ == number for number, name in enumerate(_TYPES)}
    connect, disconnect = (whole.first(of_type[name]) for name in ("CONNECT", "DISCONNECT"))
    good = of_type["MESSAGE"] | (whole.place == connect[whole.of]) | (whole.place == disconnect[whole.of])
    told = whole.last(good & (connected != UNKNOWN))
    beginning = good & ((connect < 0)[whole.of] | (whole.place <= connect[whole.of]))
    unsized = whole.count(of_type["MESSAGE"] & (size == UNKNOWN))
    return _Lives(
        whole.names,
        whole.text("room", whole.first(good & whole.rows["room"].is_valid().to_numpy())),
        np.where(told >= 0, whole.at("connected", told), whole.least(at, beginning)),
        whole.least(at, good),
        whole.most(at, good),
        whole.at("at", disconnect),
        (told >= 0) | (connect >= 0),
        connect >= 0,
        whole.count(of_type["MESSAGE"]),
        np.where(unsized, UNKNOWN, whole.total(size, of_type["MESSAGE"])),
        whole.places(whole.first()),
        np.flatnonzero(~good),
    )


def _sum_up(summary: _Summary, whole: Whole, lives: _Lives) -> None:
    """Add some connections to what all come to."""
    if not len(lives.names):
        return
    summary.connections += len(lives.names)
    summary.opened = min(summary.opened, int(lives.opened[lives.seen_open].min(initial=OPEN)))
    summary.first = min(summary.first, int(lives.first.min()))
    summary.last = max(summary.last, int(lives.last.max()))
    summary.told_open += int(lives.told_open.sum())
    summary.seen_open += int(lives.seen_open.sum())
    summary.sized |= bool((lives.messages.astype(bool) & (lives.bytes != UNKNOWN)).any())
    summary.unsized |= bool((lives.bytes == UNKNOWN).any())
    summary.endless += int((lives.closed == UNKNOWN).sum())


def _refuse_again(intake: Intake, whole: Whole, lives: _Lives) -> None:
    places = whole.places(lives.again)
    for piece, part, line in zip(lives.again, places.part, places.line, strict=True):
        name = whole.names[int(whole.of[piece])].as_py()
        type_ = _TYPES[int(whole.numbers("type")[piece])]
        intake.refuse(intake.source.parts[part], int(line), f"connection {shown(name)} has a second {type_}.")


def _hand_over(intake: Intake, lives: _Lives, summary: _Summary) -> None:
    """Hand connections over; one without DISCONNECT that must be over ends with its last record."""
    import numpy as np
    import pyarrow as pa

    over = (lives.closed == UNKNOWN) & (lives.opened + LONGEST_US <= summary.last)
    closed = np.where(over, np.maximum(lives.last, lives.opened), lives.closed)
    size = lives.bytes if summary.sized else np.full_like(lives.bytes, UNKNOWN)
    summary.over += int(over.sum())
    columns = {
        "connection_id": lives.names,
        "object_id": lives.rooms,
        "opened_at_us": pa.array(lives.opened),
        "closed_at_us": pa.array(closed, mask=closed == UNKNOWN),
        "messages_in": pa.array(lives.messages),
        "bytes_in": pa.array(size, mask=size == UNKNOWN),
    }
    intake.take_whole("connections", columns, lives.places)


def _grades(summary: _Summary) -> dict[str, Grade]:
    grades = {CALLS_OF_OBJECTS: Grade.ASSUMED}
    if summary.endless:
        grades["closed_at"] = Grade.LOWER_BOUND
    if summary.told_open < summary.connections:
        grades["opened_at"] = Grade.LOWER_BOUND
    if not summary.seen_open:
        # The window then reaches back to times of which the log says nothing else.
        grades["messages_in"] = Grade.LOWER_BOUND
    return grades


def _notes(summary: _Summary, refused: int, skipped: int) -> Iterator[Note]:
    if summary.endless:
        open_still = summary.endless - summary.over
        yield Note(
            "closing-unseen",
            f"Connections without a DISCONNECT, which is sent on a best-effort basis: {summary.endless:,} of "
            f"{summary.connections:,}. Over by the two-hour limit, and taken to end with their last "
            "record, a "
            f"lower bound: {summary.over:,}; taken as open until the log ends: {open_still:,}.",
            {"connections": summary.endless, "over": summary.over},
        )
    if unseen := summary.connections - summary.told_open:
        yield Note(
            "opening-unseen",
            f"Connections with neither a CONNECT nor connectedAt: {unseen:,}. They are taken as open since "
            "their first record, a lower bound. Add $context.connectedAt to the log's format.",
            {"connections": unseen},
        )
    if summary.unsized and not summary.sized:
        yield Note(
            "bytes-not-logged",
            "API Gateway logs no sizes, and charges each message in started steps of 32 KB: give sizes with "
            "Lambda events, or count each message as one step.",
        )
    if refused:
        yield Note(
            "upgrades-refused",
            f"{number_of(refused, 'connect was', 'connects were')} refused (status 400 and above) and opened "
            "nothing.",
            {"connects": refused},
        )
    if skipped:
        yield Note(
            "lines-skipped",
            f"{number_of(skipped, 'line is not JSON and was', 'lines are not JSON and were')} skipped.",
            {"lines": skipped},
        )
