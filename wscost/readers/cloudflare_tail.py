"""Invocations of Cloudflare Workers and Durable Objects: tail events and Logpush ``workers_trace_events``.

Three containers, told apart by their content:

- ``wrangler tail --format json``: pretty-printed objects one after the other, after the shell's banner;
- batches that a Tail Worker received, as JSON arrays or one object a line;
- Logpush ``workers_trace_events``: one object a line, fields in PascalCase, no object ids.

Fields read: ``eventTimestamp`` [ms, start of the invocation], ``wallTime`` [ms], ``executionModel``,
``durableObjectId``, ``scriptName``, ``entrypoint`` and the keys of ``event`` (Logpush:
``EventTimestampMs``, ``WallTimeMs``, ``EventType``, ``Entrypoint``, ``ScriptName``, ``Event``).

========================================  ======================================================
invocation                                becomes
========================================  ======================================================
fetch with upgrade, in an object          a connection; the Worker's fetch in front of it is the same
fetch with upgrade, in a Worker alone     a connection without object
``getWebSocketEvent`` message             a message from the client
``getWebSocketEvent`` close, error        the end of a connection
alarm, RPC, other fetch of an object      an event of the object (``alarm``, ``request``)
anything else                             counted as other request
========================================  ======================================================

What it cannot say: bytes, messages to the client, auto-responses (they run no code and are free), and
which connection of an object an event belongs to. The upgrade of a hibernating socket is told only when
the socket ends, with its true start; a socket of ``accept()`` is told once, at its end, its messages
never. ``wrangler tail`` drops events under load: its counts are lower bounds. Handler times of zero
throughout (as ``wrangler dev`` gives) are unknown, not zero.

Sources (read 2026-11-23): https://developers.cloudflare.com/workers/runtime-apis/handlers/tail/,
https://github.com/cloudflare/workerd/blob/main/src/workerd/api/trace.h,
https://developers.cloudflare.com/logs/logpush/logpush-job/datasets/account/workers_trace_events/ and
https://github.com/cloudflare/workerd/blob/main/src/workerd/io/hibernation-manager.c++ (an error instead
of a close ends a socket). When upgrades are told was seen on workerd 1.20261117.1. That fields of a
Logpush ``Event`` for hibernating sockets are like those of a tail is assumed: no sample is published.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple

from wscost.readers.fields import ROOM_FROM, Misfit, duration, moment, room_rule
from wscost.readers.invocations import Invocation, Invocations
from wscost.readers.jsonvalues import JsonValues
from wscost.readers.options import Options
from wscost.readers.pairing import CLOSE, ERROR, MESSAGE
from wscost.readers.source import Source
from wscost.trace import Trace, TraceStream

NAME = "cloudflare-tail"
OPTIONS = {"room_from": f"{ROOM_FROM} Only for connections whose object the log does not name."}

_TAIL = (b"eventTimestamp", b"outcome", b"scriptName", b"wallTime", b"cpuTime", b"executionModel")
_LOGPUSH = (b"EventTimestampMs", b"EventType", b"Outcome", b"ScriptName", b"WallTimeMs", b"CPUTimeMs")
_SOCKET_EVENTS = {"message": MESSAGE, "close": CLOSE, "error": ERROR}


def sniff(head: bytes, path: Path | None) -> bool:
    """Tell whether the content names three of the fields that every invocation has."""
    return any(
        sum(bool(re.search(rb'[{,\s]"' + field + rb'"\s*:', head)) for field in fields) >= 3
        and not re.match(rb'[\s\xef\xbb\xbf]*\{\s*"log"\s*:', head)
        for fields in (_TAIL, _LOGPUSH)
    )


def read(source: Source, options: Options) -> Trace | TraceStream:
    """Return the connections and events that the invocations tell of.

    Raises
    ------
    InputError
        If nothing in it is an invocation, or none has to do with WebSockets or objects.
    """
    rule = room_rule(options)
    found = Invocations(source, options, rooms_of_workers="room_from" in options.own)
    for number, part in enumerate(source.parts):
        values = JsonValues(part)
        for line, value, fault in values:
            if fault is not None:
                found.intake.refuse(part, line, fault)
                continue
            try:
                invocation = _invocation(value)
            except Misfit as misfit:
                found.intake.refuse(part, line, str(misfit))
                continue
            url = invocation.url if isinstance(invocation.url, str) else None
            found.take(invocation._replace(url=rule(url)), number, line)
        found.skipped += values.skipped
        found.sampled |= values.spread > 0
    return found.trace()


class _Shape(NamedTuple):
    """Where a container keeps what both have."""

    at: str
    wall: str
    script: str
    entrypoint: str
    event: str


_TAIL_SHAPE = _Shape("eventTimestamp", "wallTime", "scriptName", "entrypoint", "event")
_LOGPUSH_SHAPE = _Shape("EventTimestampMs", "WallTimeMs", "ScriptName", "Entrypoint", "Event")


def _invocation(value: Any) -> Invocation:
    if not isinstance(value, dict):
        raise Misfit("this is JSON, but no object in braces.")
    shape = _TAIL_SHAPE if _TAIL_SHAPE.at in value else _LOGPUSH_SHAPE
    if shape.at not in value:
        raise Misfit("this is no tail event: it has neither eventTimestamp nor EventTimestampMs.")
    event = value.get(shape.event)
    event = event if isinstance(event, dict) else {}
    entrypoint = value.get(shape.entrypoint)
    if shape is _TAIL_SHAPE:
        in_object = value.get("executionModel") == "durableObject" or bool(value.get("durableObjectId"))
        kind, url = _kind_of_tail(event, in_object)
    else:
        kind, url, in_object = _kind_of_logpush(value.get("EventType"), event, entrypoint)
    object_id = value.get("durableObjectId")
    return Invocation(
        kind=kind,
        at=moment(shape.at, value[shape.at], "ms"),
        wall=duration(shape.wall, value.get(shape.wall), "ms") or 0,
        in_object=in_object,
        object_id=object_id if isinstance(object_id, str) else None,
        service=f"{value.get(shape.script) or 'worker'}/{entrypoint or 'default'}",
        url=url,
    )


def _kind_of_tail(event: dict[str, Any], in_object: bool) -> tuple[int | str, Any]:
    if "getWebSocketEvent" in event:
        return _socket_event(event["getWebSocketEvent"], "webSocketEventType"), None
    if "request" in event:
        request = _dict(event["request"])
        headers = {str(name).lower(): text for name, text in _dict(request.get("headers")).items()}
        status = _dict(event.get("response")).get("status")
        asked = str(headers.get("upgrade", "")).lower() == "websocket"
        upgraded = status == 101 or (asked and status is None)
        return "upgrade" if upgraded else "request", request.get("url")
    if "scheduledTime" in event and "cron" not in event:
        return "alarm", None
    return ("request" if in_object and "rpcMethod" in event else "other"), None


def _kind_of_logpush(type_: Any, event: dict[str, Any], entrypoint: Any) -> tuple[int | str, Any, bool]:
    in_object = bool(entrypoint) and entrypoint != "default"
    if type_ == "hibernatable_web_socket":
        nested = event.get("getWebSocketEvent", event)
        names = ("Type", "type", "webSocketEventType", "WebSocketEventType")
        name = next((n for n in names if n in _dict(nested)), names[0])
        return _socket_event(nested, name), None, True
    if type_ == "fetch":
        status = _dict(event.get("Response")).get("Status")
        url = _dict(event.get("Request")).get("URL")
        return "upgrade" if status == 101 else "request", url, in_object
    if type_ == "alarm":
        return "alarm", None, True
    return ("request" if type_ == "worker_rpc" and in_object else "other"), None, in_object


def _socket_event(event: Any, name: str) -> int:
    """Return the kind of a hibernating socket's event; one of unknown shape counts as a message."""
    kind = _dict(event).get(name, "message")
    return _SOCKET_EVENTS.get(str(kind).lower(), MESSAGE)


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
