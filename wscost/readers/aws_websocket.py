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
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from wscost.errors import InputError
from wscost.notes import Grade, Note
from wscost.readers.batching import Batch
from wscost.readers.columns import EPOCH
from wscost.readers.fields import Misfit, count, moment, since_epoch
from wscost.readers.heading import Heading
from wscost.readers.intake import Intake
from wscost.readers.jsonvalues import JsonValues
from wscost.readers.options import Options
from wscost.readers.refusals import shown
from wscost.readers.source import Part, Source
from wscost.trace import Trace, TraceStream
from wscost.usage import Window

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
_CONNECTION = ("connection_id", "object_id", "opened_at_us", "closed_at_us", "messages_in", "bytes_in")
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


@dataclass(slots=True)
class _Life:
    """What is known of one connection. [µs, bytes]"""

    part: Part
    line: int
    opened: int
    last: int
    told_open: bool = False
    seen_open: bool = False
    closed: int | None = None
    room: str | None = None
    messages: int = 0
    bytes: int | None = 0


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
    intake = Intake(source, options)
    lives: dict[str, _Life] = {}
    messages = Batch(intake, "events", _EVENT)
    skipped = refused = 0
    first: int | None = None
    last = 0
    for part in source.parts:
        values = JsonValues(part)
        for line, value, fault in values:
            if fault is not None:
                intake.refuse(part, line, fault)
                continue
            for record in _records(value):
                try:
                    told = _record(record, options)
                    if told.refused:
                        refused += 1
                        continue
                    _take(lives, told, part, line)
                except Misfit as misfit:
                    intake.refuse(part, line, str(misfit))
                    continue
                first = told.at if first is None else min(first, told.at)
                last = max(last, told.at)
                if told.type == "MESSAGE":
                    messages.add(part, line, told.connection, told.at, "message", "in", told.size)
        skipped += values.skipped
    if not lives and not intake.refusals.total:
        raise InputError(f"{source.name}: it holds no record of a connection of API Gateway.")
    if first is not None and any(life.seen_open for life in lives.values()):
        start = min((life.opened for life in lives.values() if life.seen_open), default=first)
        intake.take_heading(Heading(Window(_time(min(start, first)), _time(last + 1))))
    _hand_over(intake, lives, last)
    messages.hand_over()
    return intake.trace(_grades(lives, last), _notes(lives, last, refused, skipped))


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
    if type_ not in ("CONNECT", "MESSAGE", "DISCONNECT"):
        raise Misfit(f"eventType {shown(type_)} is none of CONNECT, MESSAGE, DISCONNECT.")
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


def _take(lives: dict[str, _Life], record: _Record, part: Part, line: int) -> None:
    known = lives.get(record.connection)
    if known is not None:
        again = {"CONNECT": known.seen_open, "DISCONNECT": known.closed is not None}
        if again.get(record.type):
            raise Misfit(f"connection {shown(record.connection)} has a second {record.type}.")
    life = known or _Life(part, line, record.at, record.at)
    life.room = life.room or record.room
    life.last = max(life.last, record.at)
    if record.connected is not None:
        life.opened, life.told_open = record.connected, True
    elif not life.told_open:
        life.opened = min(life.opened, record.at)
        life.told_open = record.type == "CONNECT"
    life.seen_open |= record.type == "CONNECT"
    if record.type == "DISCONNECT":
        life.closed = record.at
    elif record.type == "MESSAGE":
        life.messages += 1
        life.bytes = None if record.size is None or life.bytes is None else life.bytes + record.size
    lives[record.connection] = life


def _is_over(life: _Life, end: int) -> bool:
    """Whether a connection without DISCONNECT must have been closed before the log ended."""
    return life.closed is None and life.opened + LONGEST_US <= end


def _hand_over(intake: Intake, lives: Mapping[str, _Life], end: int) -> None:
    batch = Batch(intake, "connections", _CONNECTION)
    sized = any(life.messages and life.bytes is not None for life in lives.values())
    for connection, life in lives.items():
        closed = max(life.last, life.opened) if _is_over(life, end) else life.closed
        size = life.bytes if sized else None
        batch.add(life.part, life.line, connection, life.room, life.opened, closed, life.messages, size)
    batch.hand_over()


def _grades(lives: Mapping[str, _Life], end: int) -> dict[str, Grade]:
    grades = {}
    if any(life.closed is None for life in lives.values()):
        grades["closed_at"] = Grade.LOWER_BOUND
    if any(not life.told_open for life in lives.values()):
        grades["opened_at"] = Grade.LOWER_BOUND
    if not any(life.seen_open for life in lives.values()):
        # The window then reaches back to times of which the log says nothing else.
        grades["messages_in"] = Grade.LOWER_BOUND
    return grades


def _notes(lives: Mapping[str, _Life], end: int, refused: int, skipped: int) -> Iterator[Note]:
    if endless := sum(life.closed is None for life in lives.values()):
        over = sum(_is_over(life, end) for life in lives.values())
        yield Note(
            "closing-unseen",
            f"{endless:,} of {len(lives):,} connections have no DISCONNECT, which is sent on a best-effort "
            f"basis: {over:,} are over by the two-hour limit and end with their last record, a lower bound; "
            f"{endless - over:,} are taken as open until the log ends.",
            {"connections": endless, "over": over},
        )
    if unseen := sum(not life.told_open for life in lives.values()):
        yield Note(
            "opening-unseen",
            f"{unseen:,} connections have neither a CONNECT nor connectedAt: they are taken as open since "
            "their first record, a lower bound. Add $context.connectedAt to the log's format.",
            {"connections": unseen},
        )
    if {life.bytes for life in lives.values() if life.messages} == {None}:
        yield Note(
            "bytes-not-logged",
            "API Gateway logs no sizes, and charges each message in started steps of 32 KB: give sizes with "
            "Lambda events, or count each message as one step.",
        )
    if refused:
        yield Note(
            "upgrades-refused",
            f"{refused:,} connects were refused (status 400 and above) and opened nothing.",
            {"connects": refused},
        )
    if skipped:
        yield Note(
            "lines-skipped",
            f"{skipped:,} lines are not JSON and were skipped.",
            {"lines": skipped},
        )


def _time(at: int) -> datetime:
    return EPOCH + timedelta(microseconds=at)
